package proxy

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// dial opens a client connection that no test can hang on.
func (r *router) dial() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// rawEndpoint serves connections by hand.
func rawEndpoint(t testing.TB, serve func(c *net.TCPConn, lines *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
				serve(c.(*net.TCPConn), bufio.NewReader(c))
			}()
		}
	}()
	return l.Addr().String()
}

// says answers each request on a connection with the same bytes.
func says(t *testing.T, text string) string {
	return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		for {
			q, err := http.ReadRequest(lines)
			if err != nil {
				return
			}
			io.Copy(io.Discard, q.Body)
			io.WriteString(c, text)
		}
	})
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func TestBodiesOfAnySizeArriveWhole(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if q.URL.Path == "/sized" {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		w.Write(body)
	})}})
	for _, n := range []int{0, 1, 1000, 15_000, 16 << 10, 17_000, 64 << 10, 70_000, 300_000, 5 << 20} {
		body := noise(n)
		for _, way := range []string{"/sized", "/chunked"} {
			for _, length := range []int64{int64(n), -1} {
				answer, got := r.ask("POST", "", way, func(q *http.Request) {
					q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), length
				})
				if answer.StatusCode != 200 || sha256.Sum256([]byte(got)) != sha256.Sum256(body) {
					t.Errorf("%d bytes, sent with length %d, back %s: %s, %d bytes", n, length, way, answer.Status, len(got))
				}
			}
		}
	}
}

func TestRequestsMayComeInAnyPieces(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s %s;", q.Method, q.RequestURI, body)
	})}})
	text := "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" +
		"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" +
		"POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
		"POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" +
		"POST /5 HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n" + strings.Repeat("x", 30000) +
		"GET /6 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for name, in := range map[string]io.Reader{"at once": strings.NewReader(text), "by bytes": iotest.OneByteReader(strings.NewReader(text[:300]))} {
		c := r.dial()
		go func() {
			if name == "by bytes" {
				io.Copy(onlyWriter{c}, in)
				io.WriteString(c, text[300:])
				return
			}
			io.Copy(c, in)
		}()
		lines := bufio.NewReader(c)
		got := ""
		for range 6 {
			answer, err := http.ReadResponse(lines, nil)
			if err != nil {
				t.Fatalf("%s: after %q: %v", name, got, err)
			}
			body, _ := io.ReadAll(answer.Body)
			got += string(body)
		}
		if want := "GET /1 ;POST /2 hello;POST /3 abcde;POST /4 ;POST /5 " + strings.Repeat("x", 30000) + ";GET /6 ;"; got != want {
			t.Errorf("%s: got %.200q", name, got)
		}
		if _, err := lines.ReadByte(); err != io.EOF {
			t.Errorf("%s: not closed: %v", name, err)
		}
	}
}

type onlyWriter struct{ io.Writer }

func TestOldClientsAreAnsweredInTheirWay(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, "one ")
		http.NewResponseController(w).Flush()
		io.WriteString(w, "two")
	})}})
	got := r.raw("GET / HTTP/1.0\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.") || !strings.HasSuffix(got, "\r\n\r\none two") || strings.Contains(got, "chunked") {
		t.Errorf("got %q", got)
	}
}

func TestOldClientSeesThatAnAnswerWasCutShort(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
	})}})
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	if got, err := io.ReadAll(c); err == nil {
		t.Errorf("taken for whole: %q", got)
	}
}

func TestResponsesEndAsTheirHeadsSay(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	for _, row := range []struct {
		name, method, says string
		status             int
		body, length       string
	}{
		{"HEAD keeps the length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", "5"},
		{"304 has no body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", "5"},
		{"204 has no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
		{"no reason", "GET", "HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nok", 299, "ok", "2"},
		{"extensions and trailers", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nA: b\r\n\r\n", 200, "ok", ""},
		{"length and coding", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 502, "Bad Gateway", "11"},
		{"two lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", 502, "Bad Gateway", "11"},
		{"folded", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", 502, "Bad Gateway", "11"},
		{"bare LF", "GET", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", 502, "Bad Gateway", "11"},
		{"no HTTP", "GET", "220 mail.example ESMTP\r\n", 502, "Bad Gateway", "11"},
		{"endless hints", "GET", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100), 502, "Bad Gateway", "11"},
	} {
		if now.std && (row.name == "length and coding" || row.name == "folded" || row.name == "bare LF" || row.name == "endless hints" ||
			row.name == "304 has no body" || row.name == "extensions and trailers") {
			continue // net/http takes them, drops the length, counts the length itself
		}
		r.serve(service{rule: "PathPrefix:/", addrs: []string{says(t, row.says)}})
		for range 2 {
			answer, body := r.ask(row.method, "", "/")
			if answer.StatusCode != row.status || body != row.body || answer.Header.Get("Content-Length") != row.length {
				t.Errorf("%s: %s %q, length %q", row.name, answer.Status, body, answer.Header.Get("Content-Length"))
			}
		}
	}
}

func TestBytesBehindAResponseReachNobody(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{says(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal"+"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")}})
	for range 10 {
		if answer, body := r.ask("GET", "", "/"); answer.StatusCode != 200 || body != "real" {
			t.Errorf("%s %q", answer.Status, body)
		}
	}
}

func TestBytesThatComeLateReachNobody(t *testing.T) {
	spoken := make(chan bool)
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal")
		<-spoken
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
		spoken <- true
		io.Copy(io.Discard, lines)
	})}})
	for range 3 {
		if answer, body := r.ask("GET", "", "/"); answer.StatusCode != 200 || body != "real" {
			t.Errorf("%s %q", answer.Status, body)
		}
		spoken <- true
		<-spoken
	}
}

func TestEarlyAnswerToALongBodyArrives(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
		c.CloseWrite()
		io.Copy(io.Discard, lines)
	})}})
	c := r.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n")
	c.Write(noise(100_000))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != 413 {
		t.Fatalf("%v %v", answer, err)
	}
	if body, err := io.ReadAll(answer.Body); string(body) != "big" || err != nil {
		t.Errorf("%q %v", body, err)
	}
}

func TestAnsweredRequestDoesNotWaitForTheRestOfItsBody(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close") // else net/http's server trips over the rest
		io.ReadFull(q.Body, make([]byte, 5))
		w.WriteHeader(413)
		io.WriteString(w, "big")
	})}})
	c := r.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello")
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(answer.Body); answer.StatusCode != 413 || string(body) != "big" || err != nil {
		t.Errorf("%s %q %v", answer.Status, body, err)
	}
	r.nothingInFlight()
}

func TestClientThatBreaksItsBodyReachesTheEndpointAsABrokenBody(t *testing.T) {
	for name, text := range map[string]string{
		"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"bad":     "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
		"sized":   "Content-Length: 100000\r\n\r\nhello",
		"spliced": "Content-Length: 10000000\r\n\r\nhello",
		"small":   "Content-Length: 10\r\n\r\nhello",
	} {
		whole := make(chan bool, 1)
		r := newRouter(t, EntryPointOptions{})
		r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			_, err := io.ReadAll(q.Body)
			whole <- err == nil
		})}})
		c := r.dial()
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\n"+text)
		c.CloseWrite()
		got, _ := io.ReadAll(c)
		if len(got) > 0 && !now.std && !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("%s: %q", name, got)
		}
		select {
		case took := <-whole:
			if took {
				t.Errorf("%s: the endpoint took half a request for a whole one", name)
			}
		default: // it never saw the request
		}
	}
}

func TestKeptConnectionThatTheEndpointClosedIsNoNews(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	closed := make(chan bool)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		<-closed
		c.Close()
		closed <- true
	})}})
	for range 5 {
		if answer, body := r.ask("POST", "", "/"); answer.StatusCode != 200 || body != "ok" {
			t.Errorf("%s %q", answer.Status, body)
		}
		closed <- true
		<-closed
	}
}

// patient is a router with time-outs of two seconds whose seconds the test makes pass.
func patient(t *testing.T, headTimeout time.Duration) *router {
	two := 2 * time.Second
	ticks := make(chan time.Time)
	r := startRouter(t, Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}},
		Fleet:       balancer.New(balancer.Options{StickyKey: []byte("test")}), Log: zap.NewNop(), Ticks: ticks,
		Back:   http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10, HeadTimeout: headTimeout, Other: stdhttp.NewBack(stdhttp.BackOptions{Dial: (&conn.Dialer{}).DialContext})}),
		Limits: http1.Limits{Body: two, Write: two, Gone: two}, ReadTimeout: two, IdleTimeout: two,
	})
	r.tick = func() { ticks <- time.Now() }
	return r
}

// pass makes seconds pass until the client's connection ends, and returns what it said last.
func (r *router) pass(c net.Conn, most int) string {
	r.t.Helper()
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(c)
		got <- string(b)
	}()
	for n := 0; ; n++ {
		select {
		case s := <-got:
			if n < 3 {
				r.t.Errorf("gave up after %d ticks", n)
			}
			return s
		case <-time.After(20 * time.Millisecond): // what a connection does between two ticks has to be done by then
		}
		if n > most {
			r.t.Fatalf("%d ticks and no end", n)
		}
		r.tick()
	}
}

func TestSlowClientsAreGivenUp(t *testing.T) {
	r := patient(t, 0)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		if q.URL.Path == "/big" {
			w.Write(make([]byte, 50<<20))
		}
	})}})
	for _, row := range []struct{ name, say, want string }{
		{"says nothing", "", ""},
		{"half a head", "GET / HTTP/1.1\r\nHo", "HTTP/1.1 408 "},
		{"half a small body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello", "HTTP/1.1 408 "},
		{"half a chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello", "HTTP/1.1 408 "},
		{"half a long body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello", "HTTP/1.1 408 "},
		{"half a spliced body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nhello", "HTTP/1.1 408 "},
	} {
		c := r.dial()
		io.WriteString(c, row.say)
		if got := r.pass(c, 20); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: %q", row.name, got)
		}
	}
}

func TestWhoeverStopsReadingIsGivenUp(t *testing.T) {
	r := patient(t, 0)
	sent := make(chan error, 1)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
		_, err := c.Write(make([]byte, 100_000_000))
		sent <- err
	})}})
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	for n := 0; ; n++ {
		select {
		case err := <-sent:
			if err == nil {
				t.Error("all was sent to somebody who reads nothing")
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
		if n > 100 {
			t.Fatal("never given up")
		}
		r.tick()
	}
}

func TestEndpointIsLeftWhenTheClientIsGone(t *testing.T) {
	r := patient(t, 0)
	left := make(chan bool)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		<-q.Context().Done()
		close(left)
	})}})
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	c.Close()
	for n := 0; ; n++ {
		select {
		case <-left:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if n > 200 {
			t.Fatal("the endpoint goes on working for nobody")
		}
		r.tick()
	}
}

func TestEndpointThatDoesNotAnswerInTimeIs504(t *testing.T) {
	r := patient(t, 2*time.Second)
	asked := make(chan bool, 1)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		asked <- true
		io.Copy(io.Discard, lines)
	})}})
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	<-asked
	if got := r.pass(c, 20); !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("got %q", got)
	}
}
