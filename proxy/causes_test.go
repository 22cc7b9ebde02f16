package proxy

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
)

// causesOf is what causes have come to, as "side code", once nothing is in flight any more.
func causesOf(c *balancer.Causes) map[string]uint64 {
	all := map[string]uint64{}
	c.Each(func(k balancer.Cause, n uint64) { all[k.Side+" "+k.Code] = n })
	return all
}

// leave ends the router, so that all books are kept.
func (r *router) leave() {
	r.t.Helper()
	left := make(chan error, 1)
	go func() { left <- r.proxy.Shutdown(r.t.Context()) }()
	for {
		select {
		case err := <-left:
			if err != nil {
				r.t.Error(err)
			}
			return
		case <-time.After(20 * time.Millisecond): // connections that are kept end when they have been silent for a while
			if r.tick != nil {
				r.tick()
			}
		}
	}
}

func TestWhatIsRefusedIsCountedByCause(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	says := []string{
		"GET / HTTP/1.1\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /" + strings.Repeat("x", 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n",
	}
	want := map[string]uint64{
		"client bare-lf": 2, "client host-missing": 1, "client content-length-with-transfer-encoding": 1,
		"client target-too-long": 1, "client connect": 1,
	}
	if now.std { // what net/http refuses or takes by itself it tells nobody
		says, want = says[len(says)-1:], map[string]uint64{"client connect": 1}
	}
	for _, text := range says {
		status := "HTTP/1.1 4"
		if strings.HasPrefix(text, "CONNECT ") {
			status = "HTTP/1.1 501 "
		}
		if got := r.raw(text); !strings.HasPrefix(got, status) {
			t.Errorf("%.60q: %q", text, got)
		}
	}
	r.leave()
	if got := causesOf(r.proxy.EntryPoints()[0].Refused()); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestClientsThatAreTooSlowAreCounted(t *testing.T) {
	r := patient(t, 0)
	for _, say := range []string{"GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello"} {
		c := r.dial()
		io.WriteString(c, say)
		r.pass(c, 20)
	}
	r.leave()
	total := uint64(0)
	r.proxy.EntryPoints()[0].Refused().Each(func(c balancer.Cause, n uint64) {
		if total += n; !strings.HasSuffix(c.Code, "timeout") {
			t.Errorf("%d of %v", n, c)
		}
	})
	if total != 2 {
		t.Errorf("%d are counted", total)
	}
}

func TestFailedRequestsAreCountedBySideAndCause(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	odd := rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		http.ReadRequest(lines)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
	})
	r.serve(
		service{rule: "Host:dead.com", addrs: []string{deadAddr(t)}},
		service{rule: "Host:none.com"},
		service{rule: "Host:odd.com", scheme: "http", addrs: []string{odd}},
		service{rule: "Host:good.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) })}},
	)
	for _, host := range []string{"dead.com", "none.com", "odd.com", "good.com"} {
		r.ask("GET", host, "/")
	}
	r.raw("POST / HTTP/1.1\r\nHost: good.com\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")
	back := r.proxy.options.Back.(*faulty)
	back.bug.Store(true)
	r.ask("GET", "good.com", "/")
	r.leave()
	// What an endpoint or a client did wrong has a word where it was our own engine that read it.
	broken, answered := "client chunk-size", "upstream content-length"
	if now.std {
		broken, answered = "client send", "upstream wait"
	}
	services := map[string]map[string]uint64{
		"backend-Host-dead-com": {"upstream refused": 1}, "backend-Host-none-com": {"upstream no-endpoint": 1},
		"backend-Host-odd-com": {answered: 1}, "backend-Host-good-com": {broken: 1},
	}
	for _, g := range r.fleet.Groups() {
		if got := causesOf(&g.Failed); !maps.Equal(got, services[g.Name]) {
			t.Errorf("%s: got %v, want %v", g.Name, got, services[g.Name])
		}
	}
	want := map[string]uint64{"upstream refused": 1, "upstream no-endpoint": 1, answered: 1, broken: 1, "router panic": 1}
	if got := causesOf(r.proxy.EntryPoints()[0].Failed()); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
