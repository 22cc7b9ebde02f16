package proxy

import (
	"bufio"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/stdhttp"
)

// TestSteadyGetAllocatesNothing counts what the whole process allocates for requests over real sockets, with a client and
// an endpoint that allocate nothing themselves.
func TestSteadyGetAllocatesNothing(t *testing.T) {
	if wasteful {
		t.Skip("the race detector and the portable sockets allocate")
	}
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.serve(service{rule: "Host:a.com", addrs: []string{thriftyEndpoint(t)}})
	run := r.asker("GET /path?x=1 HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
	run(1000)
	// The clock's date, and pools that a collection has emptied, are a few in all.
	if each := mallocs(func() { run(10_000) }) / 10_000; each > 0.01 {
		t.Errorf("%.2f allocations a request", each)
	}
}

// mallocs counts what the process allocates meanwhile.
func mallocs(run func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs)
}

// thriftyEndpoint answers whatever it reads, and allocates nothing for it.
func thriftyEndpoint(t testing.TB) string {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 23 Nov 2026 23:32:16 GMT\r\nContent-Length: 5\r\n\r\nhello")
	return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		c.SetDeadline(time.Time{})
		buffer := make([]byte, 4096)
		for {
			if _, err := lines.Read(buffer); err != nil {
				return
			}
			c.Write(answer)
		}
	})
}

// asker asks the same again and again on a connection of its own, and allocates nothing for it.
func (r *router) asker(text string) func(times int) {
	return r.askOn(r.dial(), text)
}

func (r *router) askOn(c net.Conn, text string) func(times int) {
	c.SetDeadline(time.Time{})
	buffer, ask := make([]byte, 4096), []byte(text)
	return func(times int) {
		for range times {
			if _, err := c.Write(ask); err != nil {
				r.t.Error(err)
				return
			}
			if _, err := c.Read(buffer); err != nil {
				r.t.Error(err)
				return
			}
		}
	}
}

// BenchmarkGet is what make pgo takes its profile from.
func BenchmarkGet(b *testing.B) {
	r := newRouter(b, EntryPointOptions{TrustAll: true}, func(o *stdhttp.BackOptions) { o.MaxIdle = 200 })
	r.serve(service{rule: "Host:a.com", addrs: []string{thriftyEndpoint(b), thriftyEndpoint(b)}})
	const clients = 32
	var all sync.WaitGroup
	b.ReportAllocs()
	for range clients {
		run := r.asker("GET /path?x=1 HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n" +
			"Accept-Language: en\r\nCookie: a=b; c=d\r\nReferer: http://a.com/\r\n\r\n")
		all.Go(func() { run(b.N/clients + 1) })
	}
	all.Wait()
}
