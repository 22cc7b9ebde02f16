package app

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// say sends bytes as they are to the entry point and reads to the end.
func (b *bed) say(text string) string {
	b.t.Helper()
	c, err := net.Dial("tcp", b.app.proxy.EntryPoints()[0].Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, text) // it may be refused before its end
	got, _ := io.ReadAll(c)
	return string(got)
}

func TestMetricsSayWhyConnectionsWereRefusedAndRequestsFailed(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	b.say("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
	b.say("POST / HTTP/1.1\r\nHost: blog.litup.me\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX")
	for _, part := range []string{
		`appia_entrypoint_refused_total{cause="host-several",entrypoint="http"} 1`,
		`appia_entrypoint_failures_total{cause="chunk-end",entrypoint="http",side="client"} 1`,
		`appia_backend_failures_total{backend="backend-blog-ghost",cause="chunk-end",side="client"} 1`,
	} {
		if got := b.api("/metrics"); !strings.Contains(got, part) {
			t.Errorf("%s is not in\n%s", part, got)
		}
	}
}

// A timed router has one time-out at most, those of the flags given aside, and its endpoints are the test's. Ticks may come as
// fast as they like: nothing else can be overdue.
type timed struct {
	*bed
	ticks chan time.Time
}

func startTimed(t *testing.T, endpoint func(net.Conn), flags ...string) timed {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			go func() {
				defer c.Close()
				endpoint(c)
			}()
		}
	}()
	engine, docker := newEngine(t)
	b := timed{ticks: make(chan time.Time)}
	world := World{Ticks: b.ticks, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
	}}
	none := []string{"--respondingTimeouts.readTimeout=0", "--respondingTimeouts.idleTimeout=0", "--respondingTimeouts.bodyTimeout=0",
		"--respondingTimeouts.stallTimeout=0", "--forwardingTimeouts.dialTimeout=10s"}
	b.bed = startIn(t, engine, docker, world, append(none, flags...)...)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	return b
}

func (b timed) dial() net.Conn {
	b.t.Helper()
	c, err := net.Dial("tcp", b.app.proxy.EntryPoints()[0].Addr().String())
	must(b.t, err)
	b.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// pass makes seconds pass until do returns.
func (b timed) pass(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	for {
		select {
		case <-done:
			return
		case b.ticks <- time.Now():
		}
	}
}

func (b timed) rest(c net.Conn) (text string) {
	b.pass(func() {
		all, _ := io.ReadAll(c)
		text = string(all)
	})
	return text
}

const host = " HTTP/1.1\r\nHost: blog.litup.me\r\n"

// serveOK answers every request on a connection that comes without a body.
func serveOK(c net.Conn) {
	for lines := bufio.NewReader(c); ; {
		if _, err := http.ReadRequest(lines); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

func TestEachLimitOfARequestIsAFlag(t *testing.T) {
	for _, row := range []struct{ flag, send, want string }{
		{"--maxHeaderBytes=2000", "GET /" + host + "A: " + strings.Repeat("x", 2000) + "\r\n\r\n", "HTTP/1.1 431 "},
		{"--maxHeaderCount=3", "GET /" + host + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", "HTTP/1.1 431 "},
		{"--maxTargetBytes=100", "GET /" + strings.Repeat("x", 100) + host + "\r\n", "HTTP/1.1 414 "},
	} {
		b := startTimed(t, serveOK, row.flag)
		if got := b.say(row.send); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: %q", row.flag, got)
		}
		if got := b.say("GET /" + host + "Connection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("%s: less than that: %q", row.flag, got)
		}
	}
}

func TestEachTimeOutForAClientIsAFlag(t *testing.T) {
	for _, row := range []struct{ flag, send, want string }{
		{"--respondingTimeouts.readTimeout=2s", "GET /" + host, "HTTP/1.1 408 "},
		{"--respondingTimeouts.bodyTimeout=2s", "POST /" + host + "Content-Length: 10\r\n\r\nhalf", "HTTP/1.1 408 "},
		{"--respondingTimeouts.idleTimeout=2s", "", ""},
	} {
		b := startTimed(t, serveOK, row.flag)
		c := b.dial()
		io.WriteString(c, row.send)
		if got := b.rest(c); !strings.HasPrefix(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%s: %q", row.flag, got)
		}
		if told := b.api("/metrics"); row.want != "" && !regexp.MustCompile(`appia_entrypoint_refused_total{cause="[a-z]+-timeout",entrypoint="http"} 1`).MatchString(told) {
			t.Errorf("%s: not in the metrics", row.flag)
		}
	}
}

func TestIdleTimeOutBeginsAnewWithEachRequest(t *testing.T) {
	b := startTimed(t, serveOK, "--respondingTimeouts.idleTimeout=2s")
	c := b.dial()
	lines := bufio.NewReader(c)
	for range 3 {
		io.WriteString(c, "GET /"+host+"\r\n")
		answer, err := http.ReadResponse(lines, nil)
		must(t, err)
		io.Copy(io.Discard, answer.Body)
		b.ticks <- time.Now()
	}
	b.pass(func() {
		if _, err := lines.ReadByte(); err != io.EOF {
			t.Errorf("not closed: %v", err)
		}
	})
}

func TestStallTimeOutIsAFlagBothWays(t *testing.T) {
	b := startTimed(t, func(c net.Conn) {
		lines := bufio.NewReader(c)
		q, err := http.ReadRequest(lines)
		if err != nil {
			return
		}
		if q.Method == http.MethodPost {
			<-t.Context().Done() // takes nothing of it
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
		c.Write(make([]byte, 100_000_000))
	}, "--respondingTimeouts.stallTimeout=2s")
	reader := b.dial()
	io.WriteString(reader, "GET /"+host+"\r\n")
	b.pass(func() {
		for !strings.Contains(b.api("/metrics"), `cause="write-timeout"`) {
		}
	})
	if got, err := io.Copy(io.Discard, reader); got >= 100_000_000 {
		t.Errorf("all was sent to a client that took nothing: %v", err)
	}
	writer := b.dial()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		io.WriteString(writer, "POST /"+host+"Content-Length: 100000000\r\n\r\n")
		writer.Write(make([]byte, 100_000_000))
	}()
	if got := b.rest(writer); !strings.HasPrefix(got, "HTTP/1.1 5") {
		t.Errorf("to an endpoint that takes nothing: %q", got)
	}
	<-sent
}

func TestTimeOutForTheHeadOfAResponseIsAFlag(t *testing.T) {
	b := startTimed(t, func(c net.Conn) { io.Copy(io.Discard, c) }, "--forwardingTimeouts.responseHeaderTimeout=2s")
	c := b.dial()
	io.WriteString(c, "GET /"+host+"Connection: close\r\n\r\n")
	if got := b.rest(c); !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("got %q", got)
	}
	if told := b.api("/metrics"); !strings.Contains(told, `appia_backend_failures_total{backend="backend-blog-ghost",cause="endpoint-head-timeout",side="upstream"} 1`) {
		t.Error("not in the metrics")
	}
}

func TestTimeOutForDialsIsAFlag(t *testing.T) {
	engine, docker := newEngine(t)
	world := World{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done() // a SYN that nobody answers
		return nil, ctx.Err()
	}}
	b := startIn(t, engine, docker, world, "--hold.timeout=0", "--forwardingTimeouts.dialTimeout=5ms")
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	if got := b.say("GET /" + host + "Connection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("got %q", got)
	}
}

func TestConnectionsToEndpointsAreNotKeptForEver(t *testing.T) {
	gone := make(chan bool)
	b := startTimed(t, func(c net.Conn) {
		serveOK(c)
		gone <- true
	})
	if got := b.say("GET /" + host + "Connection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("got %q", got)
	}
	b.pass(func() { <-gone })
}
