package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/rules"
)

// A tcpRoute is a TCP route with the service that it leads to.
type tcpRoute struct {
	rule    string
	kind    rules.TCP
	filters []rules.Filter
	spec    rules.ServiceSpec // without name and endpoints
	scheme  string            // "": tcp
	addrs   []string
}

var (
	passthrough = rules.TCP{TLS: true, Passthrough: true}
	ended       = rules.TCP{TLS: true}
	plainTCP    = rules.TCP{}
)

// serveTCP puts TCP routes in force, beside services of HTTP.
func (r *router) serveTCP(http []service, routes ...tcpRoute) *rules.Table {
	r.t.Helper()
	specs := specsOf(r.t, http)
	for i, route := range routes {
		rule, found, ok := rules.ParseTCP(route.rule, route.kind.TLS)
		if !ok {
			r.t.Fatal(found)
		}
		kind, s := route.kind, route.spec
		s.Name = fmt.Sprint("tcp.", i)
		for _, addr := range route.addrs {
			scheme := route.scheme
			if scheme == "" {
				scheme = "tcp"
			}
			s.Endpoints = append(s.Endpoints, rules.Endpoint{Task: "task-" + addr, Name: addr, Scheme: scheme, Addr: addr})
		}
		s.Weight = max(s.Weight, 1)
		specs = append(specs, rules.Spec{
			Owner:    rules.Owner{ID: s.Name, Name: s.Name, Created: time.Unix(int64(100+i), 0)},
			Services: []rules.ServiceSpec{s},
			Routes:   []rules.RouteSpec{{Name: s.Name, Rule: rule, Service: s.Name, PassHost: true, TCP: &kind, Filters: route.filters}},
		})
	}
	o := rules.Options{}
	for _, e := range r.proxy.EntryPoints() {
		o.EntryPoints = append(o.EntryPoints, e.Name())
		if e.options.TLS != nil {
			o.TLSEntryPoints = append(o.TLSEntryPoints, e.Name())
		}
	}
	o.DefaultEntryPoints = o.EntryPoints
	table, _ := rules.Compile(specs, o)
	r.proxy.Swap(table)
	return table
}

// tcpRouterOf is a router with its own options, and a certificate for TCP routes that want one; "": none.
func tcpRouterOf(t testing.TB, o Options, cert, key string) *router {
	t.Helper()
	o = filledOptions(o)
	o.Fleet = balancer.New(balancer.Options{})
	store := certs.Options{Log: o.Log}
	if cert != "" {
		store.Sections = []certs.Section{{Pair: certs.Pair{Cert: cert, Key: key}}}
	}
	o.Certificates = certs.New(store)
	t.Cleanup(o.Certificates.Close)
	return startRouter(t, o)
}

func specsOf(t testing.TB, services []service) (specs []rules.Spec) {
	for i, s := range services {
		rule, _, ok := rules.ParseTraefik1(s.rule)
		if !ok {
			t.Fatal(s.rule)
		}
		specs = append(specs, rules.Spec{
			Owner:    rules.Owner{ID: s.rule, Name: s.rule, Created: time.Unix(int64(i), 0)},
			Services: []rules.ServiceSpec{{Name: s.rule, Weight: 1, Endpoints: s.endpoints()}},
			Routes:   []rules.RouteSpec{{Name: s.rule, Rule: rule, Service: s.rule, PassHost: true}},
		})
	}
	return specs
}

// speaker is an endpoint that says its name as soon as somebody connects, and then says again what it hears, to the end.
func speaker(t testing.TB, name string) string {
	return accepting(t, func(c net.Conn) {
		defer c.Close()
		fmt.Fprintln(c, name)
		_, _ = io.Copy(c, c)
	})
}

func accepting(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			all.Go(func() { serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// tlsSpeaker is a speaker behind TLS of its own.
func tlsSpeaker(t testing.TB, cert tls.Certificate, name string, protocols ...string) string {
	config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: protocols}
	return accepting(t, func(c net.Conn) {
		defer c.Close()
		s := tls.Server(c, config)
		if s.Handshake() != nil {
			return
		}
		fmt.Fprintln(s, strings.TrimSpace(name+" "+s.ConnectionState().NegotiatedProtocol))
		_, _ = io.Copy(s, s)
		_ = s.CloseWrite()
	})
}

// hears is the next line, and no byte more.
func hears(t testing.TB, c net.Conn) string {
	t.Helper()
	var line []byte
	for b := make([]byte, 1); len(line) == 0 || line[len(line)-1] != '\n'; {
		n, err := c.Read(b)
		line = append(line, b[:n]...)
		if err != nil {
			t.Errorf("heard %q, and then: %v", line, err)
			break
		}
	}
	return strings.TrimSpace(string(line))
}

// secure is a connection on which TLS is spoken, which asks for a name.
func (r *router) secure(a *proxytest.Authority, name string, protocols ...string) *tls.Conn {
	return tls.Client(r.dial(), &tls.Config{RootCAs: a.Pool(), ServerName: name, NextProtos: protocols})
}

// bothKinds runs a test on an entry point in clear, and on one with TLS whose certificate is the router's.
func bothKinds(t *testing.T, test func(t *testing.T, r *router, own *proxytest.Authority)) {
	t.Run("in clear", func(t *testing.T) { test(t, newRouter(t, EntryPointOptions{}), nil) })
	t.Run("with TLS", func(t *testing.T) {
		own := proxytest.NewAuthority(t)
		test(t, newRouter(t, overTLS(own, "a.com", "www.com")), own)
	})
}

func TestTLSGoesOnUntouchedToTheServiceThatItsNameIsFor(t *testing.T) {
	bothKinds(t, func(t *testing.T, r *router, _ *proxytest.Authority) {
		one, two := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
		r.serveTCP(nil,
			tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{tlsSpeaker(t, one.Pair("a.com"), "one")}},
			tcpRoute{rule: "HostSNIRegexp(`^[a-z]+\\.b\\.com$`)", kind: passthrough, addrs: []string{tlsSpeaker(t, two.Pair("x.b.com"), "two")}},
		)
		for name, a := range map[string]*proxytest.Authority{"a.com": one, "x.b.com": two} {
			c := r.secure(a, name) // which trusts only the service's authority
			want := map[string]string{"a.com": "one", "x.b.com": "two"}[name]
			if got := hears(t, c); got != want {
				t.Errorf("%s: heard %q", name, got)
			}
			fmt.Fprintln(c, "hello")
			if got := hears(t, c); got != "hello" {
				t.Errorf("%s: %q came back", name, got)
			}
			c.Close()
		}
		r.nothingInFlight()
	})
}

func TestTLSIsEndedForAServiceThatSpeaksNone(t *testing.T) {
	own := proxytest.NewAuthority(t)
	cert, key := own.Issue([]string{"a.com"})
	clear := tcpRouterOf(t, Options{EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}}, cert, key)
	for kind, r := range map[string]*router{"with TLS": newRouter(t, overTLS(own, "a.com")), "in clear": clear} {
		r.serveTCP(nil, tcpRoute{rule: "HostSNI(`a.com`)", kind: ended, addrs: []string{speaker(t, "plain")}})
		c := r.secure(own, "a.com", "h2", "postgresql")
		if got := hears(t, c); got != "plain" {
			t.Errorf("%s: heard %q", kind, got)
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != "postgresql" {
			t.Errorf("%s: agreed on %q", kind, got)
		}
		fmt.Fprintln(c, "hello")
		if got := hears(t, c); got != "hello" {
			t.Errorf("%s: %q came back", kind, got)
		}
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
			t.Errorf("%s: at the end %q, %v", kind, rest, err)
		}
	}
}

func TestEndpointsAreSpokenToByTLSWhereTheirServiceWantsIt(t *testing.T) {
	own, theirs := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	entry := overTLS(own, "a.com")
	entry.Address = "127.0.0.1:0"
	r := tcpRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, EndpointTLS: &tls.Config{RootCAs: theirs.Pool()}}, "", "")
	r.serveTCP(nil,
		tcpRoute{rule: "HostSNI(`a.com`)", kind: ended, scheme: "tls", addrs: []string{tlsSpeaker(t, theirs.Pair("a.com"), "inner", "mqtt")}},
		tcpRoute{rule: "HostSNI(`b.com`)", kind: ended, scheme: "tls", addrs: []string{tlsSpeaker(t, own.Pair("b.com"), "stranger")}},
	)
	c := r.secure(own, "a.com", "mqtt")
	if got := hears(t, c); got != "inner mqtt" {
		t.Errorf("heard %q", got)
	}
	stranger := tls.Client(r.dial(), &tls.Config{ServerName: "b.com", InsecureSkipVerify: true})
	if text, err := io.ReadAll(stranger); err == nil && len(text) > 0 {
		t.Errorf("an endpoint whose certificate nobody trusts says %q", text)
	}
	r.until("it is counted", func() bool { return r.failures()["upstream wait"] == 1 })
}

func TestAConnectionThatNoRouteIsForIsClosedAndCounted(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{speaker(t, "x")}})
	for _, name := range []string{"b.com", ""} {
		c := tls.Client(r.dial(), &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err := c.Handshake(); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("%q hears %v", name, err)
		}
	}
	if got := refusals(r)["client no-tcp-route"]; got != 2 {
		t.Errorf("counted %v", refusals(r))
	}
}

func TestHTTPGoesOnBesideTCPRoutes(t *testing.T) {
	theirs := proxytest.NewAuthority(t)
	bothKinds(t, func(t *testing.T, r *router, own *proxytest.Authority) {
		web := []service{{rule: "Host:www.com", addrs: []string{endpoint(t, okay)}}}
		ask := func(when string) {
			t.Helper()
			if own == nil {
				if answer, text := r.ask("GET", "www.com", "/"); answer.StatusCode != 200 || text != "ok" {
					t.Errorf("%s: %d %q", when, answer.StatusCode, text)
				}
				return
			}
			for _, change := range [][]func(*tls.Config, *http.Transport){nil, {onlyHTTP1}} {
				if answer, text := get(t, r.client(own, change...), "https://www.com/"); answer.StatusCode != 200 || text != "ok" {
					t.Errorf("%s: %d %q", when, answer.StatusCode, text)
				}
			}
		}
		r.serveTCP(web)
		ask("before there are TCP routes")
		r.serveTCP(web, tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{tlsSpeaker(t, theirs.Pair("a.com"), "tcp")}})
		ask("beside them")
		if got := hears(t, r.secure(theirs, "a.com")); got != "tcp" {
			t.Errorf("by TCP: %q", got)
		}
		r.serveTCP(web)
		ask("when they are gone")
	})
}

func TestConnectionsWithoutTLSGoToARouteForAllOfThem(t *testing.T) {
	own := proxytest.NewAuthority(t)
	secure := overTLS(own, "a.com")
	secure.Address = "127.0.0.1:0"
	for _, entry := range []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}, secure} {
		r := tcpRouterOf(t, Options{ReadTimeout: 100 * time.Millisecond, EntryPoints: []EntryPointOptions{entry}}, "", "")
		r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "first word")}})
		if got := hears(t, r.dial()); got != "first word" { // without a byte of the client's
			t.Errorf("heard %q", got)
		}
		c := r.dial()
		fmt.Fprintln(c, "GET / HTTP/1.1")
		if got := hears(t, c); got != "first word" {
			t.Errorf("heard %q", got)
		}
		if got := hears(t, c); got != "GET / HTTP/1.1" {
			t.Errorf("%q came back", got)
		}
	}
}

func TestARouteForAllConnectionsIsTriedBehindTheOthers(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil,
		tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "plain")}},
		tcpRoute{rule: "HostSNI(`*`)", kind: passthrough, addrs: []string{tlsSpeaker(t, a.Pair("b.com"), "rest")}},
		tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{tlsSpeaker(t, a.Pair("a.com"), "named")}},
		tcpRoute{rule: "HostSNI(`a.com`) && ALPN(`mqtt`)", kind: passthrough, addrs: []string{tlsSpeaker(t, a.Pair("a.com"), "spoken", "mqtt")}},
		tcpRoute{rule: "ClientIP(`192.0.2.0/24`)", kind: plainTCP, addrs: []string{speaker(t, "elsewhere")}},
	)
	for _, c := range []struct {
		conn net.Conn
		want string
	}{
		{r.secure(a, "a.com"), "named"}, {r.secure(a, "b.com"), "rest"}, {r.secure(a, "a.com", "mqtt"), "spoken mqtt"},
	} {
		if got := hears(t, c.conn); got != c.want {
			t.Errorf("heard %q, want %q", got, c.want)
		}
	}
	c := r.dial()
	fmt.Fprintln(c, "x")
	if got := hears(t, c); got != "plain" {
		t.Errorf("heard %q", got)
	}
}

// Where TLS is looked for, a client that waits for the server to speak is given to the route for connections without TLS after a
// moment.
func TestAServerThatSpeaksFirstIsHeardBesideRoutesOfTLS(t *testing.T) {
	r := tcpRouterOf(t, Options{ReadTimeout: 50 * time.Millisecond, EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}}, "", "")
	r.serveTCP(nil,
		tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "220 ready")}},
		tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{speaker(t, "x")}},
	)
	c := r.dial()
	if got := hears(t, c); got != "220 ready" {
		t.Errorf("heard %q", got)
	}
	fmt.Fprintln(c, "EHLO")
	if got := hears(t, c); got != "EHLO" {
		t.Errorf("%q came back", got)
	}
}

// inPieces writes byte by byte, and has the records of a ClientHello cut into small ones.
type inPieces struct {
	net.Conn
	records int // bytes a record; 0: as it is
	cut     bool
}

func (c *inPieces) Write(b []byte) (int, error) {
	if c.cut {
		return c.Conn.Write(b)
	}
	c.cut = true
	text := b
	if c.records > 0 {
		text = nil
		for piece := b[5:]; len(piece) > 0; {
			n := min(c.records, len(piece))
			text = append(append(text, 22, 3, 1, byte(n>>8), byte(n)), piece[:n]...)
			piece = piece[n:]
		}
	}
	for i := range text {
		if _, err := c.Conn.Write(text[i : i+1]); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func TestAClientHelloMayComeInAnyPieces(t *testing.T) {
	bothKinds(t, func(t *testing.T, r *router, _ *proxytest.Authority) {
		a := proxytest.NewAuthority(t)
		r.serveTCP(nil, tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{tlsSpeaker(t, a.Pair("a.com"), "whole")}})
		for _, records := range []int{0, 1, 100} {
			c := tls.Client(&inPieces{Conn: r.dial(), records: records}, &tls.Config{RootCAs: a.Pool(), ServerName: "a.com"})
			if got := hears(t, c); got != "whole" {
				t.Errorf("records of %d: heard %q", records, got)
			}
		}
	})
}

func TestWhoDoesNotSayWhereToIsLetGoAndCounted(t *testing.T) {
	r := tcpRouterOf(t, Options{ReadTimeout: 50 * time.Millisecond, EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}}, "", "")
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{speaker(t, "x")}})
	for _, c := range []struct{ says, code string }{
		{"", ""},
		{"\x16\x03\x01\x00\x80\x01\x00", "client hello-timeout"},
		{"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "client not-tls"},
		{"\x16\x03\x01\x00\x00", "client not-tls"},
		{"\x16\x03\x01\x00\x04\x01\x00\x40\x01", "client hello-too-long"},
	} {
		before := refusals(r)[c.code]
		conn := r.dial()
		fmt.Fprint(conn, c.says)
		if text, _ := io.ReadAll(conn); len(text) > 0 {
			t.Errorf("%q hears %q", c.says, text)
		}
		if got := refusals(r); c.code != "" && got[c.code] != before+1 || c.code == "" && len(got) != 0 {
			t.Errorf("%q is counted as %v", c.says, got)
		}
	}
	gone := r.dial()
	fmt.Fprint(gone, "\x16\x03\x01\x00\x80\x01")
	gone.Close()
	r.until("who has left is counted", func() bool { return refusals(r)["client hello-cut"] == 1 })
}

func TestTenMegabytesArriveBothWays(t *testing.T) {
	own := proxytest.NewAuthority(t)
	text := make([]byte, 10<<20)
	_, _ = rand.Read(text)
	bothWays := func(t *testing.T, c net.Conn) {
		t.Helper()
		if got := hears(t, c); got != "echo" {
			t.Fatalf("heard %q", got)
		}
		wrote := make(chan error, 1)
		go func() {
			_, err := c.Write(text)
			wrote <- errors.Join(err, c.(interface{ CloseWrite() error }).CloseWrite())
		}()
		back, err := io.ReadAll(c)
		if err := errors.Join(err, <-wrote); err != nil || !bytes.Equal(back, text) {
			t.Errorf("%d of %d bytes came back, %v", len(back), len(text), err)
		}
	}
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "echo")}})
	t.Run("plain", func(t *testing.T) { bothWays(t, r.dial()) })
	r.nothingInFlight()
	var sent uint64
	r.until("they are counted", func() bool {
		sent = r.proxy.EntryPoints()[0].Tally().Sent.Load()
		return sent == uint64(len(text)+len("echo\n"))
	})
	s := newRouter(t, overTLS(own, "a.com"))
	s.serveTCP(nil,
		tcpRoute{rule: "HostSNI(`a.com`)", kind: ended, addrs: []string{speaker(t, "echo")}},
		tcpRoute{rule: "HostSNI(`b.com`)", kind: passthrough, addrs: []string{tlsSpeaker(t, own.Pair("b.com"), "echo")}},
	)
	t.Run("ended", func(t *testing.T) { bothWays(t, s.secure(own, "a.com")) })
	t.Run("passthrough", func(t *testing.T) { bothWays(t, s.secure(own, "b.com")) })
}

func TestASideThatHasSaidAllStillHearsTheOther(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	told := make(chan string, 1)
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{accepting(t, func(c net.Conn) {
		defer c.Close()
		text, _ := io.ReadAll(c) // to the client's end
		told <- string(text)
		fmt.Fprint(c, "and this is the answer")
	})}})
	c := r.dial()
	fmt.Fprint(c, "that was all")
	c.CloseWrite()
	if got := <-told; got != "that was all" {
		t.Errorf("the endpoint heard %q", got)
	}
	if text, err := io.ReadAll(c); string(text) != "and this is the answer" || err != nil {
		t.Errorf("the client heard %q, %v", text, err)
	}
	r.nothingInFlight()
}

func TestTheTerminationDelayBoundsWhoGoesOnAlone(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, spec: rules.ServiceSpec{Transport: rules.Transport{TerminationDelay: time.Millisecond}},
		addrs: []string{accepting(t, func(c net.Conn) {
			defer c.Close()
			_, _ = io.Copy(io.Discard, c)
			_, _ = io.Copy(c, neverEnding{}) // until the router has had enough
		})}})
	c := r.dial()
	c.CloseWrite()
	_, _ = io.Copy(io.Discard, c)
	r.nothingInFlight()
}

type neverEnding struct{}

func (neverEnding) Read(b []byte) (int, error) { return len(b), nil }

func TestConnectionsOutliveTheEndpointsRetirementUntilItsDrainIsOver(t *testing.T) {
	for _, drain := range []time.Duration{time.Hour, 50 * time.Millisecond} {
		r := newRouterWith(t, EntryPointOptions{}, balancer.Options{Drain: drain})
		route := tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "old")}}
		r.serveTCP(nil, route)
		old := r.dial()
		if got := hears(t, old); got != "old" {
			t.Fatalf("heard %q", got)
		}
		route.addrs = []string{speaker(t, "new")}
		r.serveTCP(nil, route)
		young := r.dial()
		if got := hears(t, young); got != "new" {
			t.Errorf("after the change: heard %q", got)
		}
		if drain == time.Hour {
			fmt.Fprintln(old, "still here")
			if got := hears(t, old); got != "still here" {
				t.Errorf("the old connection says %q", got)
			}
			continue
		}
		if text, _ := io.ReadAll(old); len(text) > 0 {
			t.Errorf("when its time is over the old connection says %q", text)
		}
		r.until("the cut is counted", func() bool { return r.failures()["router cut"] == 1 })
		fmt.Fprintln(young, "still here")
		if got := hears(t, young); got != "still here" {
			t.Errorf("the young connection says %q", got)
		}
	}
}

func TestNoConnectionIsLostWhileEndpointsAreReplaced(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	route := tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "0"), speaker(t, "0")}}
	r.serveTCP(nil, route)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				c := r.dial()
				hears(t, c)
				fmt.Fprintln(c, n)
				if got := hears(t, c); got != fmt.Sprint(n) {
					t.Errorf("%q came back for %d", got, n)
				}
				c.Close()
			}
		})
	}
	for n := range 50 {
		route.addrs = []string{route.addrs[1], speaker(t, fmt.Sprint(n))}
		r.serveTCP(nil, route)
	}
	close(stop)
	clients.Wait()
	if got := r.failures(); len(got) != 0 {
		t.Errorf("failed: %v", got)
	}
}

func TestAShutdownWaitsForConnectionsAndCutsThemAtItsEnd(t *testing.T) {
	own := proxytest.NewAuthority(t)
	for _, entry := range []EntryPointOptions{{}, overTLS(own, "a.com")} {
		r := newRouter(t, entry)
		r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "x")}})
		c := r.dial()
		hears(t, c)
		ctx, enough := context.WithCancel(t.Context())
		down := make(chan error, 1)
		go func() { down <- r.proxy.Shutdown(ctx) }()
		r.untilClosed()
		fmt.Fprintln(c, "still here")
		if got := hears(t, c); got != "still here" {
			t.Errorf("while the router leaves: %q", got)
		}
		enough()
		if err := <-down; !errors.Is(err, context.Canceled) {
			t.Errorf("the shutdown says %v", err)
		}
		if text, _ := io.ReadAll(c); len(text) > 0 {
			t.Errorf("after it: %q", text)
		}
	}
}

func TestAShutdownIsOverWithTheLastConnection(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{speaker(t, "x")}})
	c := r.dial()
	hears(t, c)
	down := r.leaving()
	c.Close()
	if err := <-down; err != nil {
		t.Errorf("the shutdown says %v", err)
	}
}

func TestConnectionsAreSpreadAsWeightsSay(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	blue, green := speaker(t, "blue"), speaker(t, "green")
	rule, _, _ := rules.ParseTCP("HostSNI(`*`)", false)
	part := func(name, addr string, weight int) rules.ServiceSpec {
		return rules.ServiceSpec{Name: name, Weight: weight, Endpoints: []rules.Endpoint{{Task: name, Scheme: "tcp", Addr: addr}}}
	}
	count := func(services ...rules.ServiceSpec) map[string]int {
		var specs []rules.Spec
		for i, s := range services {
			specs = append(specs, rules.Spec{Owner: rules.Owner{ID: fmt.Sprint(i), Name: fmt.Sprint(i)}, Services: []rules.ServiceSpec{s}})
		}
		specs[0].Routes = []rules.RouteSpec{{Name: "r", Rule: rule, Service: services[0].Name, TCP: &rules.TCP{}}}
		table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
		r.proxy.Swap(table)
		heard := map[string]int{}
		for range 40 {
			c := r.dial()
			heard[hears(t, c)]++
			c.Close()
		}
		return heard
	}
	if got := count(part("s", blue, 3), part("s", green, 1)); got["blue"] != 30 || got["green"] != 10 {
		t.Errorf("one service of two owners: %v", got)
	}
	leader := rules.ServiceSpec{Name: "l", Weighted: []rules.Part{{Service: "b", Weight: 1}, {Service: "g", Weight: 3}}}
	if got := count(leader, part("b", blue, 1), part("g", green, 1)); got["blue"] != 10 || got["green"] != 30 {
		t.Errorf("a weighted service: %v", got)
	}
	r.nothingInFlight()
}

func TestAnEndpointThatRefusesIsPassedOverForAnother(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, addrs: []string{gone.Addr().String(), speaker(t, "here")}})
	for range 4 {
		if got := hears(t, r.dial()); got != "here" {
			t.Errorf("heard %q", got)
		}
	}
	if n := r.fleet.Groups()[0].Retries.Load(); n != 1 {
		t.Errorf("%d retries, want that before the endpoint was known to be gone", n)
	}
}

func TestConnectionsWaitForAnEndpoint(t *testing.T) {
	r := tcpRouterOf(t, Options{Hold: 20 * time.Second, EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0"}}}, "", "")
	route := tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP}
	r.serveTCP(nil, route)
	c := r.dial()
	r.until("a connection waits", func() bool { return r.waiting() == 1 })
	route.addrs = []string{speaker(t, "at last")}
	r.serveTCP(nil, route)
	if got := hears(t, c); got != "at last" {
		t.Errorf("heard %q", got)
	}
	c.Close()
}

func TestAConnectionToAServiceWithoutEndpointsIsClosedAndCounted(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP})
	if text, err := io.ReadAll(r.dial()); len(text) > 0 || err != nil {
		t.Errorf("heard %q, %v", text, err)
	}
	r.until("it is counted", func() bool { return r.failures()["upstream no-endpoint"] == 1 })
	found := false
	r.proxy.EntryPoints()[0].Tally().Each(func(k balancer.Key, c balancer.Cell) {
		found = found || k.Method == "TCP" && k.Protocol == "tcp" && k.Code == 503 && c.Count == 1
	})
	if !found {
		t.Error("it is not among the entry point's connections")
	}
}

func TestFiltersOfTCPRoutesKeepOut(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	only := func(network string) rules.Filter {
		return rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix(network)}}
	}
	in := func(filters ...rules.Filter) bool {
		r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, filters: filters, addrs: []string{speaker(t, "in")}})
		text, _ := bufio.NewReader(r.dial()).ReadString('\n')
		return text == "in\n"
	}
	if !in(only("127.0.0.0/8")) || in(only("192.0.2.0/24")) || in(rules.Closed{}) {
		t.Error("not as the filters say")
	}
	limit := rules.InFlight{Amount: 2, Key: rules.Extractor{Kind: rules.ByClientIP}}
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, filters: []rules.Filter{limit}, addrs: []string{speaker(t, "in")}})
	one, two := r.dial(), r.dial()
	hears(t, one)
	hears(t, two)
	if text, _ := io.ReadAll(r.dial()); len(text) > 0 {
		t.Errorf("the third of two hears %q", text)
	}
	one.Close()
	r.until("there is room again", func() bool {
		text, _ := bufio.NewReader(r.dial()).ReadString('\n')
		return text == "in\n"
	})
	got := r.failures()
	if got["client not-allowed"] != 1 || got["client route-closed"] != 1 || got["client in-flight"] < 1 {
		t.Errorf("counted %v", got)
	}
}

func TestEndpointsAreToldOfTheClientByTheProxyProtocol(t *testing.T) {
	a := proxytest.NewAuthority(t)
	cert := a.Pair("a.com")
	tells := accepting(t, func(c net.Conn) {
		defer c.Close()
		lines := bufio.NewReader(c)
		header, err := proxyproto.Read(lines)
		if err != nil {
			fmt.Fprintln(c, err)
			return
		}
		said := fmt.Sprint("v", header.Version, " ", header.SourceAddr, " ", header.DestinationAddr)
		if next, _ := lines.Peek(1); len(next) == 1 && next[0] == 22 {
			s := tls.Server(&buffered{c, lines}, &tls.Config{Certificates: []tls.Certificate{cert}})
			fmt.Fprintln(s, said)
			return
		}
		text, _ := lines.ReadString('\n')
		fmt.Fprintln(c, said, strings.TrimSpace(text))
	})
	for version := 1; version <= 2; version++ {
		to := rules.ServiceSpec{Transport: rules.Transport{ProxyProtocol: version}}
		r := newRouter(t, EntryPointOptions{ProxyProtocol: fromLoopback()})
		r.serveTCP(nil,
			tcpRoute{rule: "HostSNI(`*`)", kind: plainTCP, spec: to, addrs: []string{tells}},
			tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, spec: to, addrs: []string{tells}},
		)
		c := r.dial()
		fmt.Fprintln(c, "hello")
		if got, want := hears(t, c), fmt.Sprintf("v%d %s %s hello", version, c.LocalAddr(), r.addr); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
		c = r.dial()
		fmt.Fprint(c, "PROXY TCP4 192.0.2.7 192.0.2.1 1000 80\r\nhello\n")
		if got, want := hears(t, c), fmt.Sprintf("v%d 192.0.2.7:1000 %s hello", version, r.addr); got != want {
			t.Errorf("behind a balancer: heard %q, want %q", got, want)
		}
		s := r.secure(a, "a.com")
		if got, want := hears(t, s), fmt.Sprintf("v%d %s %s", version, s.LocalAddr(), r.addr); got != want {
			t.Errorf("in front of TLS: heard %q, want %q", got, want)
		}
	}
}

type buffered struct {
	net.Conn
	lines *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.lines.Read(p) }

func TestAConnectionIsALineOfTheAccessLog(t *testing.T) {
	a := proxytest.NewAuthority(t)
	to := tlsSpeaker(t, a.Pair("a.com"), "in")
	r, lines := logged(t, EntryPointOptions{}, accesslog.Options{})
	r.serveTCP(nil, tcpRoute{rule: "HostSNI(`a.com`)", kind: passthrough, addrs: []string{to}})
	c := r.secure(a, "a.com")
	hears(t, c)
	c.Close()
	want := regexp.MustCompile(`^127\.0\.0\.1 - - \[.*\] "TCP  TCP" 200 \d+ "-" "-" 1 "tcp\.0-0" "tcp://` + regexp.QuoteMeta(to) + `" \d+ms$`)
	if got := lines(); len(got) != 1 || !want.MatchString(got[0]) {
		t.Errorf("logged %q", got)
	}
}
