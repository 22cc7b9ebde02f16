//go:build linux

package proxy

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// A fault is something that goes wrong between the router and an endpoint, and what everybody hears of it. docs/faults.md
// has the same rows.
type fault struct {
	what  string
	at    func(t *testing.T) (addr string)
	other bool // the service has another endpoint, a good one
	holds bool // requests wait, here for a moment
	asks  string
	gets  string // "cut": the answer begins well and does not end
	cause string // side, step and code of the failure; "": it is none
	std   string // the cause where net/http speaks to the endpoint, if it is another
}

var faults = []fault{
	{what: "connection refused", at: deadAddr, asks: "GET", gets: "502", cause: "upstream refused refused"},
	{what: "connection refused", at: deadAddr, holds: true, asks: "POST", gets: "503", cause: "upstream no-endpoint no-endpoint"},
	{what: "connection refused", at: deadAddr, other: true, asks: "POST", gets: "200"},
	{what: "SYN lost", at: deafAddr, asks: "GET", gets: "504", cause: "upstream timeout timeout"},
	{what: "SYN lost", at: deafAddr, holds: true, asks: "POST", gets: "503", cause: "upstream no-endpoint no-endpoint"},
	{what: "SYN lost", at: deafAddr, other: true, asks: "POST", gets: "200"},
	{what: "accepted, never answered", at: mute, other: true, asks: "GET", gets: "504", cause: "upstream timeout endpoint-head-timeout", std: "upstream timeout timeout"},
	{what: "reset before the answer", at: resetting(""), asks: "GET", gets: "502", cause: "upstream wait wait"},
	{what: "reset before the answer", at: resetting(""), other: true, asks: "GET", gets: "200"},
	{what: "reset before the answer", at: resetting(""), other: true, asks: "POST", gets: "502", cause: "upstream wait wait"},
	{what: "reset in the head of the answer", at: resetting("HTTP/1.1 200 OK\r\nContent-"), other: true, asks: "GET", gets: "200"},
	{what: "reset in the body of the answer", at: resetting("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), other: true, asks: "GET", gets: "cut", cause: "upstream relay relay"},
	{what: "reset in the body of the answer, in chunks", at: resetting("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), other: true, asks: "GET", gets: "cut", cause: "upstream relay relay"},
	{what: "reset in the body of the request", at: resettingUpload, other: true, asks: "upload", gets: "502", cause: "upstream wait wait"},
	{what: "the answer stops, the client leaves", at: stalling, other: true, asks: "GET and leave", gets: "cut", cause: "client relay relay"},
}

// row is the fault in docs/faults.md.
func (f *fault) row() string {
	around := "the only endpoint, `--hold.timeout=0`"
	switch {
	case f.other:
		around = "another endpoint is good"
	case f.holds:
		around = "the only endpoint, held in vain"
	}
	gets, log, metric := f.gets, "", ""
	if gets == "cut" {
		gets = "200, cut off"
	}
	if words := strings.Fields(f.cause); len(words) == 3 {
		log, metric = words[0]+", "+words[1], "`"+words[2]+"`"
	}
	if words := strings.Fields(f.std); len(words) == 3 {
		metric += ", of net/http `" + words[2] + "`"
	}
	return strings.TrimRight(fmt.Sprintf("| %s | %s | %s | %s | %s | %s", f.what, around, f.asks, gets, cmp.Or(log, "–"), cmp.Or(metric, "–")), " ") + " |"
}

// deafAddr is an address whose SYNs are lost: the queue of who listens there is full.
func deafAddr(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		err = syscall.Listen(fd, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
}

func mute(t *testing.T) string {
	return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) { io.Copy(io.Discard, lines) })
}

// resetting takes a request, says something, and resets the connection.
func resetting(text string) func(t *testing.T) string {
	return func(t *testing.T) string {
		return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
			if _, err := http.ReadRequest(lines); err != nil { // a greeting
				return
			}
			io.WriteString(c, text)
			for text != "" { // a reset overtakes what has not been read
				if unsent, err := owing(c); err != nil || unsent == 0 {
					break
				}
				time.Sleep(time.Millisecond)
			}
			c.SetLinger(0)
		})
	}
}

// owing is how much the other side has yet to acknowledge.
func owing(c *net.TCPConn) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	if cerr := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); cerr != nil {
		return 0, cerr
	}
	return n, err
}

func resettingUpload(t *testing.T) string {
	return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		q, err := http.ReadRequest(lines)
		if err != nil {
			return
		}
		io.CopyN(io.Discard, q.Body, 100_000)
		c.SetLinger(0)
	})
}

func stalling(t *testing.T) string {
	return rawEndpoint(t, func(c *net.TCPConn, lines *bufio.Reader) {
		if _, err := http.ReadRequest(lines); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		io.Copy(io.Discard, lines) // until the router leaves, which it must
	})
}

func TestEachFaultHasItsStatusItsLineAndItsCause(t *testing.T) {
	for _, f := range faults {
		t.Run(strings.TrimSpace(f.row()), func(t *testing.T) { f.happen(t) })
	}
}

func TestEachFaultIsInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if !strings.Contains(string(page), f.row()+"\n") {
			t.Errorf("docs/faults.md should have\n%s", f.row())
		}
	}
}

func (f *fault) happen(t *testing.T) {
	r, lines := troubled(t)
	addrs := []string{f.at(t)}
	if f.other {
		addrs = append(addrs, endpointOf(t, "http", func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) }))
	}
	hold := time.Duration(-1)
	if f.holds {
		hold = time.Millisecond
	}
	r.serve(service{rule: "Host:a.com", scheme: "http", addrs: addrs, spec: rules.ServiceSpec{Presence: rules.Presence{Hold: hold}}})
	got := f.ask(r)
	if f.other && got == "200" { // it was the other endpoint's turn
		got = f.ask(r)
	}
	if got != f.gets {
		t.Errorf("the client got %s, want %s", got, f.gets)
	}
	r.leave()
	want := f.cause
	if now.std && f.std != "" {
		want = f.std
	}
	heard := ""
	for _, line := range lines.FilterMessage("request failed").All() {
		fields := line.ContextMap()
		heard += fmt.Sprint(fields["side"], " ", fields["step"], " ", fields["code"])
	}
	if heard != want {
		t.Errorf("the log has %q, want %q", heard, want)
	}
	counted := ""
	for cause, n := range r.failures() {
		counted += fmt.Sprint(cause, " ", n)
	}
	if words := strings.Fields(want); len(words) == 3 {
		want = words[0] + " " + words[2] + " 1"
	}
	if counted != want {
		t.Errorf("counted is %q, want %q", counted, want)
	}
}

// troubled is a router whose seconds pass quickly, with its log.
func troubled(t *testing.T) (*router, *observer.ObservedLogs) {
	const moment = 200 * time.Millisecond
	dial := &conn.Dialer{Timeout: moment}
	var back Back = stdhttp.NewBack(stdhttp.BackOptions{Dial: dial.DialContext, MaxIdle: 10, HeadTimeout: moment})
	if !now.std {
		back = http1.NewBack(http1.BackOptions{Dial: dial.DialContext, MaxIdle: 10, HeadTimeout: moment, Other: back})
	}
	core, lines := observer.New(zap.DebugLevel)
	ticks := time.NewTicker(moment)
	t.Cleanup(ticks.Stop)
	return startRouter(t, Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}, Log: zap.New(core), Back: back, StdHTTP1: now.std, Ticks: ticks.C,
		Fleet: balancer.New(balancer.Options{StickyKey: []byte("test"), Greet: true, Health: health.Options{Dial: dial.DialContext}}),
	}), lines
}

// ask returns the status, or "cut".
func (f *fault) ask(r *router) string {
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	switch f.asks {
	case "upload":
		go fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 1000000\r\n\r\n%s", noise(1_000_000))
	case "POST":
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 5\r\n\r\nhello")
	default:
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n")
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	if f.asks == "GET and leave" {
		if n, _ := io.CopyN(io.Discard, answer.Body, 5); n < 5 {
			return "200" // of the other endpoint
		}
		c.(*net.TCPConn).SetLinger(0)
		return "cut"
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "cut"
	}
	return fmt.Sprint(answer.StatusCode)
}

func TestSlowWaysCostNothingButTime(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	long := bytes.Repeat([]byte("0123456789"), 3_000)
	for name, line := range map[string]proxytest.Line{
		"latency of 200 ms":       {Delay: 200 * time.Millisecond},
		"slices of 7 bytes":       {Piece: 7},
		"a megabyte every second": {Delay: time.Millisecond, Piece: 1000},
	} {
		addr := line.To(t, endpoint(t, func(w http.ResponseWriter, q *http.Request) {
			body, _ := io.ReadAll(q.Body)
			w.Write(body)
		}))
		r.serve(service{rule: "PathPrefix:/", addrs: []string{addr}})
		answer, got := r.ask("POST", "", "/", func(q *http.Request) {
			q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(long)), int64(len(long))
		})
		if answer.StatusCode != 200 || got != string(long) {
			t.Errorf("%s: %s, %d bytes", name, answer.Status, len(got))
		}
	}
	r.leave()
	if got := r.failures(); len(got) > 0 {
		t.Errorf("failures: %v", got)
	}
}
