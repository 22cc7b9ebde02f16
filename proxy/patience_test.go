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

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// Who is slow is given up, and nobody else is. Seconds pass when a test says so.

func TestUploadMayTakeLongerThanTheTimeForTheAnswer(t *testing.T) {
	r := patient(t, 2*time.Second)
	const piece = 20_000 // more than a body has that is awaited before it is forwarded
	got := make(chan int64)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		q, err := http.ReadRequest(lines)
		for err == nil {
			var n int64
			if n, err = io.CopyN(io.Discard, q.Body, piece); err == nil {
				got <- n
			}
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	})}})
	for _, head := range []string{"Content-Length: 120000", "Transfer-Encoding: chunked"} {
		c := r.dial()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", head)
		for n := range 6 {
			if head == "Content-Length: 120000" {
				c.Write(noise(piece))
			} else {
				fmt.Fprintf(c, "%x\r\n%s\r\n", piece, noise(piece))
			}
			select {
			case <-got:
			case <-time.After(20 * time.Second): // nothing waits for it
				t.Fatalf("%s: piece %d has not arrived", head, n)
			}
			r.tick()
		}
		if head != "Content-Length: 120000" {
			io.WriteString(c, "0\r\n\r\n")
		}
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != 200 {
			t.Errorf("%s: %v %v", head, answer, err)
		}
	}
}

func TestEndpointThatTakesNoMoreOfTheRequestIs504(t *testing.T) {
	two := 2 * time.Second
	ticks := make(chan time.Time)
	r := startRouter(t, Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}},
		Fleet:       balancer.New(balancer.Options{StickyKey: []byte("test")}), Log: zap.NewNop(), Ticks: ticks,
		Back:   http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10, WriteTimeout: two}),
		Limits: http1.Limits{Body: two},
	})
	r.tick = func() { ticks <- time.Now() }
	over := make(chan bool)
	defer close(over)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		<-over
	})}})
	for _, head := range []string{"Content-Length: 1000000000", "Transfer-Encoding: chunked"} {
		c := r.dial()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", head)
		go func() {
			chunk := []byte("10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n")
			for {
				if _, err := c.Write(chunk); err != nil {
					return
				}
			}
		}()
		answer := make(chan string)
		go func() {
			line, _ := bufio.NewReader(c).ReadString('\n')
			answer <- line
		}()
		for n := 0; ; n++ {
			select {
			case line := <-answer:
				if !strings.HasPrefix(line, "HTTP/1.1 504 ") {
					t.Errorf("%s: %q", head, line)
				}
			case <-time.After(20 * time.Millisecond): // what a connection does between two ticks has to be done by then
				if n > 200 {
					t.Fatalf("%s: never given up", head)
				}
				r.tick()
				continue
			}
			break
		}
	}
}

func TestEndpointThatPausesIsNotTheClientsFault(t *testing.T) {
	r := patient(t, 0)
	const size = 1 << 20
	goOn := make(chan bool)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		c.Write(noise(size / 2))
		<-goOn
		c.Write(noise(size / 2))
	})}})
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, answer.Body, size/2); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		<-time.After(20 * time.Millisecond) // the kernel may acknowledge what was read 40 ms late
		r.tick()
	}
	close(goOn)
	if n, err := io.Copy(io.Discard, answer.Body); n != size/2 || err != nil {
		t.Errorf("%d bytes more, %v", n, err)
	}
}

func TestClientThatHasSaidAllMayTakeItsTimeToRead(t *testing.T) {
	r := patient(t, 0)
	const size, piece = 64 << 20, 4 << 20
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/sized" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		for range size / piece {
			w.Write(make([]byte, piece))
		}
	})}})
	for _, path := range []string{"/sized", "/chunked"} {
		c := r.dial()
		if err := c.SetReadBuffer(64 << 10); err != nil { // so that each piece has to be sent between two ticks
			t.Fatal(err)
		}
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		c.CloseWrite()
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range size / piece {
			if _, err := io.CopyN(io.Discard, answer.Body, piece); err != nil {
				t.Fatalf("%s: in piece %d: %v", path, n, err)
			}
			r.tick()
		}
		if n, err := io.Copy(io.Discard, answer.Body); n != 0 || err != nil {
			t.Errorf("%s: %d bytes more, %v", path, n, err)
		}
	}
}

func TestTimeOutsFireWhileTheRouterLeaves(t *testing.T) {
	for _, half := range []string{
		"GET / HTTP/1.1\r\nHo",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello",
	} {
		r := patient(t, 0)
		r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) })}})
		c := r.dial()
		// The second request has been read when the first is answered: they come in one segment.
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+half)
		lines := bufio.NewReader(c)
		if answer, err := http.ReadResponse(lines, nil); err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v %v", answer, err)
		}
		down := make(chan error, 1)
		go func() { down <- r.proxy.Shutdown(t.Context()) }()
		for { // until the listener is closed
			probe, err := net.Dial("tcp", r.addr)
			if err != nil {
				break
			}
			probe.Close()
		}
		line := make(chan string)
		go func() {
			text, _ := io.ReadAll(lines)
			line <- string(text)
		}()
		for n := 0; ; n++ {
			select {
			case text := <-line:
				if !strings.HasPrefix(text, "HTTP/1.1 408 ") {
					t.Errorf("%.60q: %q", half, text)
				}
			case <-time.After(20 * time.Millisecond):
				if n > 200 {
					t.Fatalf("%.60q: never given up", half)
				}
				r.tick()
				continue
			}
			break
		}
		if err := <-down; err != nil {
			t.Error(err)
		}
	}
}

// brief is a router whose requests may take a moment: of ticks, or of real time where net/http has the clock.
func brief(t *testing.T) *router {
	dial := (&conn.Dialer{}).DialContext
	ticks := make(chan time.Time)
	o := Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}},
		Fleet:       balancer.New(balancer.Options{StickyKey: []byte("test")}), Log: zap.NewNop(), Ticks: ticks,
		Back: stdhttp.NewBack(stdhttp.BackOptions{Dial: dial, MaxIdle: 10}), WriteTimeout: 200 * time.Millisecond, StdHTTP1: now.std,
	}
	if !now.std {
		o.WriteTimeout = 2 * time.Second
		o.Back = http1.NewBack(http1.BackOptions{Dial: dial, MaxIdle: 10, Other: o.Back})
	}
	r := startRouter(t, o)
	r.tick = func() { ticks <- time.Now() }
	return r
}

func TestRequestThatTakesLongerThanItMayIsGivenUp(t *testing.T) {
	r := brief(t)
	left := make(chan bool, 10)
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/quick":
			return
		case "/drip":
			io.WriteString(w, "drop")
			http.NewResponseController(w).Flush()
		case "/upload":
			io.Copy(io.Discard, q.Body)
		}
		<-q.Context().Done()
		left <- true
	})}})
	for n, row := range []struct{ say, want string }{
		{"GET /drip HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
		{"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		{"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", ""},
	} {
		c := r.dial()
		lines := bufio.NewReader(c)
		for range 3 { // a connection may last longer
			io.WriteString(c, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
			if answer, err := http.ReadResponse(lines, nil); err != nil || answer.StatusCode != 200 {
				t.Fatalf("%v %v", answer, err)
			}
			r.tick()
		}
		io.WriteString(c, row.say)
		rest := make(chan string)
		go func() {
			text, _ := io.ReadAll(lines)
			rest <- string(text)
		}()
		if got := r.ticking(rest); !strings.HasPrefix(got, row.want) || row.want == "" && got != "" || strings.HasSuffix(got, "0\r\n\r\n") {
			t.Errorf("%.20q: %q", row.say, got)
		}
		<-left // the endpoint is let go too
		if got := causesOf(r.proxy.EntryPoints()[0].Refused())["client answer-timeout"]; got != uint64(n+1) {
			t.Errorf("%d are counted, want %d", got, n+1)
		}
	}
	r.leave()
	if got := causesOf(r.proxy.EntryPoints()[0].Failed()); len(got) != 1 || got["client answer-timeout"] != 3 {
		t.Errorf("failed: %v", got)
	}
}

// ticking makes seconds pass until something comes.
func (r *router) ticking(c <-chan string) string {
	r.t.Helper()
	for range 1000 {
		select {
		case got := <-c:
			return got
		case <-time.After(20 * time.Millisecond): // what a connection does between two ticks has to be done by then
			r.tick()
		}
	}
	r.t.Fatal("it never ends")
	return ""
}

func TestTunnelsMayTakeLongerThanRequests(t *testing.T) {
	r := brief(t)
	r.serve(
		service{rule: "Path:/tunnel", addrs: []string{endpoint(t, upgradeServer)}},
		service{rule: "Path:/silent", addrs: []string{endpoint(t, func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })}},
	)
	c := r.dial()
	io.WriteString(c, "GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	lines := bufio.NewReader(c)
	if head, err := http.ReadResponse(lines, nil); err != nil || head.StatusCode != 101 {
		t.Fatalf("%v %v", head, err)
	}
	later := r.dial() // what began later is given up
	io.WriteString(later, "GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")
	rest := make(chan string)
	go func() {
		text, _ := io.ReadAll(later)
		rest <- string(text)
	}()
	r.ticking(rest)
	io.WriteString(c, "still\n")
	for _, want := range []string{"hello\n", "STILL\n"} {
		if got, err := lines.ReadString('\n'); got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
}

func TestARequestThatIsSentOnceAtMostGoesByAConnectionThatIsStillWarm(t *testing.T) {
	r := patient(t, 0)
	r.serve(service{rule: "PathPrefix:/", scheme: "http", addrs: []string{endpointOf(t, "http", func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		io.WriteString(w, q.RemoteAddr)
	})}})
	from := func(method string) string {
		_, addr := r.ask(method, "", "/", func(q *http.Request) { q.Close = true }) // the client's own connections end by the same ticks
		return addr
	}
	first := from("POST")
	if again := from("POST"); again != first {
		t.Error("a connection that had just been good was not used again")
	}
	for range 2 {
		r.tick()
	}
	if again := from("GET"); again != first {
		t.Error("a GET has not used what there was")
	}
	for range 2 {
		r.tick()
	}
	second := from("POST")
	if second == first {
		t.Error("a POST was sent by a connection of which nobody knows whether it is still good")
	}
	for range 2 {
		r.tick()
	}
	if again := from("GET"); again != second {
		t.Error("the other connection has not made way")
	}
}
