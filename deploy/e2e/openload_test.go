package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A stream is requests of one kind at a constant rate, whether or not the answers keep up: what a deployment delays does
// not delay the next request.
type stream struct {
	kind   kind
	url    string
	host   string
	client *http.Client
	beat   *time.Ticker
	end    chan struct{}
	once   sync.Once
	out    sync.WaitGroup

	mu       sync.Mutex
	requests int
	longest  time.Duration
	tasks    map[string]int
	failures []string
}

// A kind is how a stream's client asks.
type kind struct {
	name   string
	fresh  bool // a connection for each request
	post   bool // with a body
	sticky bool // with the cookies that it was given
	rate   int  // a second
}

// kinds are those that a deployment must not harm. The client sends nothing twice by itself but what HTTP allows it to: an
// idempotent request whose kept connection was closed before it was answered.
var kinds = []kind{
	{name: "GET kept", rate: 20},
	{name: "GET fresh", rate: 8, fresh: true},
	{name: "POST kept", rate: 8, post: true},
	{name: "POST fresh", rate: 8, post: true, fresh: true},
	{name: "GET sticky", rate: 8, sticky: true},
}

const patience = 100 * time.Second // of a client: longer than any service holds its requests

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// pour begins to ask a host at an address, which a node is dialled for.
func pour(t *testing.T, k kind, dial dialer, address, host string) *stream {
	s := &stream{kind: k, url: "http://" + address + "/", host: host, end: make(chan struct{}), tasks: map[string]int{}}
	s.client = &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: dial, DisableCompression: true, DisableKeepAlives: k.fresh, MaxIdleConnsPerHost: 64,
	}}
	if k.sticky {
		s.client.Jar, _ = cookiejar.New(nil)
	}
	s.beat = time.NewTicker(time.Second / time.Duration(k.rate))
	s.out.Go(s.run)
	t.Cleanup(s.stop)
	return s
}

func (s *stream) run() {
	for {
		select {
		case <-s.end:
			return
		case <-s.beat.C:
			s.out.Go(s.request)
		}
	}
}

func (s *stream) request() {
	began := time.Now()
	task, err := s.ask()
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.longest = max(s.longest, took)
	if err != nil {
		s.failures = append(s.failures, fmt.Sprintf("%s of %s after %s: %v", s.kind.name, began.Format(time.StampMilli), took.Round(time.Millisecond), err))
		return
	}
	s.tasks[task]++
}

// body is longer than what travels with a head.
var body = strings.Repeat("0123456789abcdef", 4096)

func (s *stream) ask() (task string, err error) {
	method, content := http.MethodGet, io.Reader(nil)
	if s.kind.post {
		method, content = http.MethodPost, strings.NewReader(body)
	}
	request, err := http.NewRequest(method, s.url, content)
	if err != nil {
		return "", err
	}
	request.Host = s.host
	answer, err := s.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	var from reply
	if answer.StatusCode != http.StatusOK || json.Unmarshal(text, &from) != nil {
		return "", fmt.Errorf("%s: %.100s", answer.Status, text)
	}
	if s.kind.post && from.Length != int64(len(body)) {
		return "", fmt.Errorf("the service got %d bytes of %d", from.Length, len(body))
	}
	return from.Task, nil
}

// stop asks no more and waits for the last answers.
func (s *stream) stop() {
	s.once.Do(func() {
		close(s.end)
		s.beat.Stop()
	})
	s.out.Wait()
	s.client.CloseIdleConnections()
}

// streams are the loads of one service.
type streams []*stream

// flood pours every kind.
func flood(t *testing.T, dial dialer, address, host string) (all streams) {
	for _, k := range kinds {
		all = append(all, pour(t, k, dial, address, host))
	}
	return all
}

// pardon forgets what was so far: before the routers knew of the service at all.
func (all streams) pardon() {
	for _, s := range all {
		s.mu.Lock()
		s.failures, s.longest, s.requests = nil, 0, 0
		s.mu.Unlock()
	}
}

// forget begins to count anew which tasks answer.
func (all streams) forget() {
	for _, s := range all {
		s.mu.Lock()
		clear(s.tasks)
		s.mu.Unlock()
	}
}

// see waits until each stream has been answered, and all together by so many tasks, none of which is one of the old.
func (all streams) see(t *testing.T, tasks int, old []string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d new tasks answer", tasks), func() error {
		seen := map[string]bool{}
		for _, s := range all {
			s.mu.Lock()
			if len(s.tasks) == 0 {
				defer s.mu.Unlock()
				return fmt.Errorf("%s gets no answers at %s; it failed %d times of %d: %q", s.kind.name, s.url,
					len(s.failures), s.requests, s.failures[max(0, len(s.failures)-3):])
			}
			for task := range s.tasks {
				seen[task] = true
			}
			s.mu.Unlock()
		}
		for task := range seen {
			if slices.Contains(old, task) {
				all.forget()
				return fmt.Errorf("%s, which is old, still answers", task)
			}
		}
		if len(seen) < tasks {
			return fmt.Errorf("they are %v", seen)
		}
		return nil
	})
}

// tasks are those that have answered.
func (all streams) tasks() (names []string) {
	for _, s := range all {
		s.mu.Lock()
		for task := range s.tasks {
			if !slices.Contains(names, task) {
				names = append(names, task)
			}
		}
		s.mu.Unlock()
	}
	return names
}

// A toll is what a deployment cost the requests of some streams.
type toll struct {
	requests int
	longest  time.Duration
	failures []string
}

// toll ends the streams.
func (all streams) toll() (sum toll) {
	for _, s := range all {
		s.stop()
		sum.requests += s.requests
		sum.longest = max(sum.longest, s.longest)
		sum.failures = append(sum.failures, s.failures...)
	}
	return sum
}

// none says what it was, and fails the test if a request failed.
func (c toll) none(t *testing.T, where string) {
	t.Helper()
	t.Logf("%s: %d requests, longest %v", where, c.requests, c.longest.Round(time.Millisecond))
	for _, f := range c.failures[:min(5, len(c.failures))] {
		t.Errorf("%s: %s", where, f)
	}
	if n := len(c.failures); n > 0 {
		t.Errorf("%s: %d of %d requests failed", where, n, c.requests)
	}
}
