package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

func fromLoopback() *ProxyProtocol {
	return &ProxyProtocol{TrustedIPs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// tellsClient is a service that says whom it takes for the client.
func (r *router) tellsClient(t *testing.T) {
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %s;", q.Header.Get("X-Forwarded-For"), body)
	})}})
}

func version2(t *testing.T, command proxyproto.ProtocolVersionAndCommand) string {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(2, &net.TCPAddr{IP: net.ParseIP("2001:db8::7"), Port: 1000}, &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 80})
	h.Command = command
	var b bytes.Buffer
	if _, err := h.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestClientIsWhomTheProxyProtocolNames(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: fromLoopback()})
	r.tellsClient(t)
	one := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	last := "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
	for _, row := range []struct{ name, header, want string }{
		{"version 1", "PROXY TCP4 192.0.2.7 192.0.2.1 1000 80\r\n", "192.0.2.7"},
		{"version 2", version2(t, proxyproto.PROXY), "2001:db8::7"},
		{"a health check of the balancer's own", version2(t, proxyproto.LOCAL), "127.0.0.1"},
		{"unknown", "PROXY UNKNOWN\r\n", "127.0.0.1"},
		{"no header", "", "127.0.0.1"},
	} {
		got := r.raw(row.header + one + last)
		if !strings.Contains(got, row.want+" ;") || !strings.Contains(got, row.want+" hello;") {
			t.Errorf("%s: got %q", row.name, got)
		}
	}
}

func TestWrongProxyHeaderEndsTheConnection(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: fromLoopback()})
	r.tellsClient(t)
	for _, header := range []string{"PROXY TCP4 192.0.2.777 192.0.2.1 1000 80\r\n", "PROXY TCP4 192.0.2.7\r\n", "PROXY " + strings.Repeat("x", 1000)} {
		c := r.dial()
		io.WriteString(c, header+"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if got, _ := io.ReadAll(c); strings.Contains(string(got), "200 OK") {
			t.Errorf("%q: got %q", header, got)
		}
	}
}

// A client that is not the balancer must not say who it is.
func TestProxyHeaderOfAStrangerIsARequestThatIsNone(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: &ProxyProtocol{TrustedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}})
	r.tellsClient(t)
	if got := r.raw("PROXY TCP4 192.0.2.7 192.0.2.1 1000 80\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("got %q", got)
	}
	if got := r.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.Contains(got, "127.0.0.1 ;") {
		t.Errorf("without a header: got %q", got)
	}
}

func TestSlowProxyHeaderKeepsNobodyWaiting(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: fromLoopback()})
	r.tellsClient(t)
	slow := r.dial()
	if answer, _ := r.ask("GET", "", "/"); answer.StatusCode != 200 {
		t.Errorf("%s", answer.Status)
	}
	io.WriteString(slow, "PROXY TCP4 192.0.2.7 192.0.2.1 1000 80\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if got, _ := io.ReadAll(slow); !strings.Contains(string(got), "192.0.2.7 ;") {
		t.Errorf("got %q", got)
	}
	half := r.dial()
	io.WriteString(half, "PRO")
	r.proxy.Close() // does not wait for it
	if got, _ := io.ReadAll(half); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestLongBodiesAndTunnelsPassBehindAProxyHeader(t *testing.T) {
	r := newRouter(t, EntryPointOptions{ProxyProtocol: fromLoopback()})
	r.serve(service{rule: "PathPrefix:/", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.Copy(w, q.Body) })}})
	body := noise(1 << 20)
	answer, got := r.ask("POST", "", "/", func(q *http.Request) { q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body)) })
	if answer.StatusCode != 200 || got != string(body) {
		t.Errorf("%s, %d bytes", answer.Status, len(got))
	}
}

func TestIdleConnectionBehindAProxyHeaderStaysOpen(t *testing.T) {
	ticks := make(chan time.Time)
	r := startRouter(t, Options{
		EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0", ProxyProtocol: fromLoopback()}},
		Fleet:       balancer.New(balancer.Options{StickyKey: []byte("test")}), Log: zap.NewNop(), Ticks: ticks, IdleTimeout: time.Minute, StdHTTP1: now.std,
		Back: http1.NewBack(http1.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10, Other: stdhttp.NewBack(stdhttp.BackOptions{Dial: (&conn.Dialer{}).DialContext})}),
	})
	r.tellsClient(t)
	c := r.dial()
	lines := bufio.NewReader(c)
	for _, header := range []string{"PROXY TCP4 192.0.2.7 192.0.2.1 1000 80\r\n", ""} {
		io.WriteString(c, header+"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := http.ReadResponse(lines, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		for range 10 {
			ticks <- time.Now()
		}
	}
}
