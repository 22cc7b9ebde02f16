package proxy

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// router is a whole proxy on a loopback port, its table written by the test.
type router struct {
	t     testing.TB
	proxy *Proxy
	fleet *balancer.Fleet
	addr  string
	http  *http.Client
	tick  func() // a second passes; nil: real ones do
}

func newRouter(t testing.TB, entry EntryPointOptions, change ...func(*stdhttp.BackOptions)) *router {
	t.Helper()
	return newRouterWith(t, entry, balancer.Options{StickyKey: []byte("test")}, change...)
}

func newRouterWith(t testing.TB, entry EntryPointOptions, alive balancer.Options, change ...func(*stdhttp.BackOptions)) *router {
	t.Helper()
	fleet := balancer.New(alive)
	entry.Name, entry.Address = cmp.Or(entry.Name, "http"), "127.0.0.1:0"
	std := stdhttp.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10}
	for _, c := range change {
		c(&std)
	}
	return startRouter(t, filledOptions(Options{EntryPoints: []EntryPointOptions{entry}, Fleet: fleet, Back: &faulty{Back: backOf(std)}}))
}

// backOf is the setup's.
func backOf(std stdhttp.BackOptions) Back {
	if now.std {
		return stdhttp.NewBack(std)
	}
	return http1.NewBack(http1.BackOptions{Dial: std.Dial, HeadTimeout: std.HeadTimeout, MaxIdle: std.MaxIdle, Other: stdhttp.NewBack(std)})
}

// filledOptions are a test's, with what it does not care for.
func filledOptions(o Options) Options {
	if o.Back == nil {
		o.Back = backOf(stdhttp.BackOptions{Dial: (&conn.Dialer{}).DialContext, MaxIdle: 10})
	}
	o.Log, o.Hostname, o.StdHTTP1 = zap.NewNop(), "edge-1", now.std
	return o
}

func startRouter(t testing.TB, o Options) *router {
	t.Helper()
	byTLS := now.tls && o.EntryPoints[0].TLS == nil
	if byTLS {
		o.EntryPoints = slices.Clone(o.EntryPoints)
		o.EntryPoints[0].TLS = &TLS{}
	}
	var byHTTP3 http.RoundTripper
	if now.h3 && o.EntryPoints[0].TLS == nil {
		o.EntryPoints = slices.Clone(o.EntryPoints)
		o.EntryPoints[0].TLS, o.EntryPoints[0].HTTP3 = &TLS{}, &HTTP3{}
		byHTTP3 = comeByHTTP3(t)
	}
	p := opened(t, o)
	addr := p.EntryPoints()[0].Addr().String()
	if byTLS {
		addr = relayToTLS(t, addr)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run() }()
	t.Cleanup(func() {
		p.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		o.Fleet.Close()
	})
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if byHTTP3 != nil {
		client.Transport = byHTTP3
	}
	return &router{t, p, o.Fleet, addr, client, nil}
}

// opened is a proxy that listens. A port that is free for TCP may be somebody's for UDP: then another one is tried.
func opened(t testing.TB, o Options) *Proxy {
	t.Helper()
	for tries := 1; ; tries++ {
		p := New(o)
		err := p.Listen(t.Context())
		switch {
		case err == nil:
			return p
		case !strings.Contains(err.Error(), "HTTP/3: ") || tries == 5:
			t.Fatal(err)
		}
	}
}

// serve puts a table in force with one route for each service.
func (r *router) serve(services ...service) {
	r.t.Helper()
	var specs []rules.Spec
	for i, s := range services {
		rule, _, ok := rules.ParseTraefik1(s.rule)
		if !ok {
			r.t.Fatalf("rule %q", s.rule)
		}
		owner := rules.Owner{ID: s.rule, Name: s.rule, Created: time.Unix(int64(i), 0)}
		shared := s.spec
		shared.Name, shared.Endpoints = "backend-"+rules.Normalize(s.rule), s.endpoints()
		if shared.Weight == 0 {
			shared.Weight = 1
		}
		route := rules.RouteSpec{Name: "frontend-" + rules.Normalize(s.rule), Rule: rule, Service: shared.Name, PassHost: !s.ownHost, Filters: s.filters}
		specs = append(specs, rules.Spec{Owner: owner, Routes: []rules.RouteSpec{route}, Services: []rules.ServiceSpec{shared}})
	}
	table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	r.proxy.Swap(table)
}

// service is a route to some addresses.
type service struct {
	rule    string
	scheme  string // "": what the setup says
	addrs   []string
	ownHost bool
	spec    rules.ServiceSpec
	filters []rules.Filter
	gone    bool // its owner has just left the swarm; of messages
}

func (s service) endpoints() []rules.Endpoint {
	var all []rules.Endpoint
	scheme := s.scheme
	if scheme == "" {
		scheme = now.scheme()
	}
	for _, addr := range s.addrs {
		all = append(all, rules.Endpoint{Task: "task-" + addr, Name: "server-" + addr, Scheme: scheme, Addr: addr})
	}
	return all
}

// endpoint starts a service's server, of the scheme that the setup says, and returns its address.
func endpoint(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	return endpointOf(t, now.scheme(), h)
}

func endpointOf(t *testing.T, scheme string, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(scheme == "http")
	server.Config.Protocols.SetUnencryptedHTTP2(scheme == "h2c")
	server.Start()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// deadAddr is an address that refuses connections.
func deadAddr(t *testing.T) string {
	t.Helper()
	return proxytest.FreeAddress(t)
}

// ask sends one request; host may be empty for the router's own.
func (r *router) ask(method, host, target string, change ...func(*http.Request)) (*http.Response, string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+r.addr+target, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if host != "" {
		request.Host = host
	}
	for _, c := range change {
		c(request)
	}
	answer, err := r.http.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer, string(body)
}

// raw sends bytes as they are and reads until the other side closes or says no more.
func (r *router) raw(text string) string {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(answer)
}
