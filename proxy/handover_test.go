package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client of HTTP/2 begins with these bytes, before it is told anything (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// cutConn sends the first bytes in two pieces: the second only once the router has done something else in between, so that it
// gets them in segments of their own.
type cutConn struct {
	net.Conn
	at   int
	seen func()
	sent bytes.Buffer
}

func (c *cutConn) Write(p []byte) (int, error) {
	before := c.sent.Len()
	c.sent.Write(p)
	cut := c.at - before
	if cut <= 0 || cut >= len(p) {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:cut])
	if err != nil {
		return n, err
	}
	c.seen()
	m, err := c.Conn.Write(p[cut:])
	return n + m, err
}

// http2Client speaks HTTP/2 from the first byte, over connections that dial opens.
func (r *router) http2Client(wrap func(net.Conn) net.Conn) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c.(*net.TCPConn).SetNoDelay(true)
		return wrap(c), nil
	}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func plainConn(c net.Conn) net.Conn { return c }

func TestClientOfHTTP2IsServedHoweverItsFirstBytesCome(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s", q.Method, body)
	})}})
	for at := range len(preface) + 2 {
		client := r.http2Client(func(c net.Conn) net.Conn {
			return &cutConn{Conn: c, at: at, seen: func() { r.ask("GET", "", "/between") }}
		})
		for range 2 {
			answer, err := client.Post("http://"+r.addr+"/", "", bytes.NewReader([]byte("body")))
			if err != nil {
				t.Fatalf("cut at %d: %v", at, err)
			}
			got, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.Proto != "HTTP/2.0" || string(got) != "POST body" {
				t.Errorf("cut at %d: %s %s %q", at, answer.Proto, answer.Status, got)
			}
		}
		client.CloseIdleConnections()
	}
}

func TestWhatOnlyBeginsLikeHTTP2IsRefused(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	for _, text := range []string{
		"PRI * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rx", "PRI * HTTP/2.0\r\nHost: x\r\n\r\n",
	} {
		c := r.dial()
		io.WriteString(c, text)
		c.CloseWrite()
		if got, err := io.ReadAll(c); bytes.HasPrefix(got, []byte("HTTP/1.1 2")) || err != nil && !errors.Is(err, net.ErrClosed) && len(got) > 0 {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func TestShutdownLetsStreamsOfHTTP2Finish(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		close(arrived)
		<-release
		io.WriteString(w, "finished")
	})}})
	client := r.http2Client(plainConn)
	got := make(chan string)
	go func() {
		answer, err := client.Get("http://" + r.addr + "/")
		if err != nil {
			got <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		got <- answer.Proto + " " + string(body)
	}()
	<-arrived
	down := make(chan error)
	go func() { down <- r.proxy.Shutdown(t.Context()) }()
	r.untilClosed()
	select {
	case err := <-down:
		t.Fatalf("shutdown ended before the stream: %v", err)
	default:
	}
	close(release)
	if body := <-got; body != "HTTP/2.0 finished" {
		t.Errorf("the stream got %q", body)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownCutsStreamsOfHTTP2ThatTheGraceTimeDoesNotCover(t *testing.T) {
	arrived := make(chan struct{})
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		close(arrived)
		<-q.Context().Done()
	})}})
	client := r.http2Client(plainConn)
	got := make(chan error)
	go func() {
		answer, err := client.Get("http://" + r.addr + "/")
		if err == nil {
			answer.Body.Close()
			err = fmt.Errorf("an answer: %s", answer.Status)
		} else {
			err = nil
		}
		got <- err
	}()
	<-arrived
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.proxy.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// untilClosed waits until nobody accepts any more.
func (r *router) untilClosed() {
	for {
		probe, err := net.Dial("tcp", r.addr)
		if err != nil {
			return
		}
		probe.Close()
	}
}
