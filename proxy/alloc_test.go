package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// TestSteadyGetAllocatesNothing counts what the whole process allocates for requests over real sockets, with a client and
// an endpoint that allocate nothing themselves.
func TestSteadyGetAllocatesNothing(t *testing.T) {
	if stdHTTP1 || raceEnabled {
		t.Skip("net/http allocates, and so does the race detector")
	}
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 23 Nov 2026 23:32:16 GMT\r\nContent-Length: 5\r\n\r\nhello")
	r.serve(service{rule: "Host:a.com", addrs: []string{rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		buffer := make([]byte, 4096)
		for {
			if _, err := lines.Read(buffer); err != nil {
				return
			}
			c.Write(answer)
		}
	})}})
	c := r.dial()
	buffer := make([]byte, 4096)
	ask := []byte("GET /path?x=1 HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
	run := func(n int) {
		for range n {
			if _, err := c.Write(ask); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(buffer); err != nil {
				t.Fatal(err)
			}
		}
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n")
	http.ReadResponse(bufio.NewReader(c), nil)
	run(1000)
	const n = 10_000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	// The clock's date, and pools that a collection has emptied, are a few in all.
	if each := float64(after.Mallocs-before.Mallocs) / n; each > 0.01 {
		t.Errorf("%.2f allocations a request", each)
	}
}
