package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// leaving begins a shutdown and returns once nobody accepts any more.
func (r *router) leaving() (down chan error) {
	down = make(chan error, 1)
	go func() { down <- r.proxy.Shutdown(r.t.Context()) }()
	r.untilClosed()
	return down
}

// askOn sends a request on a connection and reads the answer.
func askOn(t *testing.T, c net.Conn, lines *bufio.Reader, text string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || !strings.HasPrefix(string(body), "ok") {
		t.Fatalf("%s %q %v", answer.Status, body, err)
	}
	return answer
}

func okay(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	fmt.Fprintf(w, "ok%s", body)
}

func TestWhoHasConnectedButNotAskedIsServedByARouterThatLeaves(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, okay)}})
	var conns []net.Conn
	before := relayed.Load()
	for range 50 {
		conns = append(conns, r.dial())
	}
	for now.tls && relayed.Load() < before+50 {
		time.Sleep(time.Millisecond)
	}
	down := r.leaving()
	for _, c := range conns {
		answer := askOn(t, c, bufio.NewReader(c), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
		if !answer.Close {
			t.Error("it is not told that the connection ends")
		}
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestKeptConnectionLearnsWithItsNextAnswerThatTheRouterLeaves(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, okay)}})
	c := r.dial()
	lines := bufio.NewReader(c)
	if askOn(t, c, lines, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").Close {
		t.Error("the connection was not kept")
	}
	down := r.leaving()
	if !askOn(t, c, lines, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").Close {
		t.Error("it is not told that the connection ends")
	}
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Errorf("it has not ended: %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestSilentConnectionsDoNotHoldARouterThatLeaves(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, okay)}})
	kept, fresh := r.dial(), r.dial()
	lines := bufio.NewReader(kept)
	askOn(t, kept, lines, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-r.leaving(); err != nil {
		t.Error(err)
	}
	for _, c := range []net.Conn{kept, fresh} {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Error("a silent connection was not closed")
		}
	}
}

func TestClientBehindABalancerIsServedThoughItsAddressComesWhileTheRouterLeaves(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: &ProxyProtocol{TrustAll: true}})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, okay)}})
	c := r.dial()
	down := r.leaving()
	askOn(t, c, bufio.NewReader(c), "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestClientOfHTTP2IsToldToGoElsewhereByARouterThatLeaves(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, okay)}})
	client := r.http2Client(plainConn)
	ask := func() error {
		answer, err := client.Post("http://"+r.addr+"/", "", strings.NewReader("body"))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "okbody" || answer.Proto != "HTTP/2.0" {
			return fmt.Errorf("%s %q %w", answer.Proto, body, err)
		}
		return nil
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	down := r.leaving()
	if err := ask(); err != nil {
		t.Errorf("on the connection that it has: %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if err := ask(); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("afterwards: %v", err)
	}
}
