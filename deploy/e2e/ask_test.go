package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

// A reply is what the echo service tells of a request, see echo/main.go.
type reply struct {
	Image, Task, Method, Host, URI string
	Header                         http.Header
	Length                         int64
}

// An answer is a response, and the echo service's reply if it is one.
type answer struct {
	*http.Response
	body string
	from reply
}

// newClient asks as someone outside of the swarm does, at the ports of its node.
func newClient() *http.Client { return clientOf(world.Dial) }

func clientOf(dial dialer) *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DialContext: dial, DisableCompression: true, MaxIdleConnsPerHost: 32},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask sends a GET to a port of the node.
func ask(c *http.Client, port, host, uri string, fields ...string) (answer, error) {
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1"+port+uri, nil)
	if err != nil {
		return answer{}, err
	}
	request.Host = host
	for i := 0; i < len(fields); i += 2 {
		request.Header.Set(fields[i], fields[i+1])
	}
	response, err := c.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	a := answer{Response: response, body: string(body)}
	if response.Header.Get("Content-Type") == "application/json" && response.Header.Get("Content-Encoding") == "" {
		_ = json.Unmarshal(body, &a.from)
	}
	return a, err
}

// asker asks a host through Appia and takes only a service's answer.
type asker struct {
	client *http.Client
	host   string
}

func (a asker) ask(fields ...string) (answer, error) {
	got, err := ask(a.client, front, a.host, "/", fields...)
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", a.host, got.Status, got.body)
	}
	return got, err
}

// served waits until a host is answered by so many tasks.
func served(t *testing.T, host string, tasks int) asker {
	t.Helper()
	a := asker{newClient(), host}
	t.Cleanup(a.client.CloseIdleConnections)
	eventually(t, fmt.Sprintf("%s is answered by %d tasks", host, tasks), func() error {
		seen, err := a.tasks(20 * tasks)
		if err == nil && len(seen) != tasks {
			err = fmt.Errorf("they are %v", seen)
		}
		return err
	})
	return a
}

// tasks asks n times and counts the answers of each task.
func (a asker) tasks(n int) (map[string]int, error) {
	return a.count(n, func(r reply) string { return r.Task })
}

// images asks n times and counts the answers of each image.
func (a asker) images(n int) (map[string]int, error) {
	return a.count(n, func(r reply) string { return r.Image })
}

func (a asker) count(n int, by func(reply) string) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		got, err := a.ask()
		if err != nil {
			return nil, err
		}
		seen[by(got.from)]++
	}
	return seen, nil
}

// api reads JSON from the admin page.
func api(port, path string, into any) error {
	return apiOf(world, port, path, into)
}

func apiOf(n *lab.Node, port, path string, into any) error {
	c := clientOf(n.Dial)
	defer c.CloseIdleConnections()
	got, err := ask(c, port, "", path)
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, got.Status)
	}
	return json.Unmarshal([]byte(got.body), into)
}
