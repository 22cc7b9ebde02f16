package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// holder is a router whose requests wait for endpoints, for long where nobody says otherwise.
func holder(t *testing.T) *router {
	r := newRouterWith(t, EntryPointOptions{TrustAll: true}, balancer.Options{StickyKey: []byte("test"), Greet: true})
	r.proxy.options.Hold = time.Minute
	return r
}

// answered is what a request in the background comes to.
type answered struct {
	status int
	header http.Header
	text   string
	err    error
}

// begin sends a request that is going to wait, and returns when it does.
func (r *router) begin(ctx context.Context, method, host string, body io.Reader) <-chan answered {
	r.t.Helper()
	q, err := http.NewRequestWithContext(ctx, method, "http://"+r.addr+"/", body)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Host = host
	done := make(chan answered, 1)
	before := r.waiting()
	go func() {
		answer, err := r.http.Do(q)
		if err != nil {
			done <- answered{err: err}
			return
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		done <- answered{answer.StatusCode, answer.Header, string(text), err}
	}()
	r.until("a request waits", func() bool { return r.waiting() > before })
	return done
}

func (r *router) waiting() (n int) {
	for _, g := range r.fleet.Groups() {
		n += g.Waiting()
	}
	return n
}

// until is a deadline for what should not take any time.
func (r *router) until(what string, is func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			r.t.Fatalf("it does not come to it that %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func said(t *testing.T, c <-chan answered, status int, text string) answered {
	t.Helper()
	a := <-c
	if a.err != nil || a.status != status || a.text != text {
		t.Errorf("got %d %q, %v, want %d %q", a.status, a.text, a.err, status, text)
	}
	return a
}

func echoBody(t *testing.T) string {
	return endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.Copy(w, q.Body) })
}

func TestRequestsWaitForAServiceThatHasNoEndpointForAMoment(t *testing.T) {
	r := holder(t)
	r.serve(service{rule: "Host:a.com"})
	long := strings.Repeat("0123456789", 100_000)
	get, post := r.begin(t.Context(), "GET", "a.com", nil), r.begin(t.Context(), "POST", "a.com", strings.NewReader(long))
	r.serve(service{rule: "Host:a.com", addrs: []string{echoBody(t)}})
	said(t, get, 200, "")
	said(t, post, 200, long)
	r.nothingInFlight()
}

func TestRequestsWaitForAProgramThatDoesNotListenYet(t *testing.T) {
	r := holder(t)
	addr := deadAddr(t)
	r.serve()
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}})
	get, post := r.begin(t.Context(), "GET", "a.com", nil), r.begin(t.Context(), "POST", "a.com", strings.NewReader("body"))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	late := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.Copy(w, q.Body) }))
	late.Listener.Close()
	late.Listener = l
	late.Config.Protocols = new(http.Protocols)
	late.Config.Protocols.SetHTTP1(!now.h2c)
	late.Config.Protocols.SetUnencryptedHTTP2(now.h2c)
	late.Start()
	defer late.Close()
	said(t, get, 200, "")
	said(t, post, 200, "body")
}

func TestWhoWaitsInVainIsToldWhenToComeAgain(t *testing.T) {
	r := holder(t)
	r.proxy.options.HoldPage = "<h1>Back soon</h1>"
	dead := deadAddr(t)
	for _, c := range []struct {
		hold  time.Duration
		addrs []string
	}{{time.Millisecond, nil}, {time.Millisecond, []string{dead}}, {-1, nil}} {
		r.serve(service{rule: "Host:a.com", addrs: c.addrs, spec: rules.ServiceSpec{Presence: rules.Presence{Hold: c.hold}}})
		answer, text := r.ask("GET", "a.com", "/")
		if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "1" || text != "<h1>Back soon</h1>" ||
			!strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			t.Errorf("hold %v, endpoints %v: %s %v %q", c.hold, c.addrs, answer.Status, answer.Header, text)
		}
	}
	r.serve(service{rule: "Host:a.com", addrs: []string{dead}, spec: rules.ServiceSpec{Presence: rules.Presence{Hold: -1}}})
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 502 {
		t.Errorf("who does not wait hears %s of an endpoint that refuses", answer.Status)
	}
}

func TestAPausedServiceIsNotAskedUntilItGoesOn(t *testing.T) {
	r := holder(t)
	addr := named(t, "here")
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}, spec: rules.ServiceSpec{Presence: rules.Presence{Paused: true}}})
	done := r.begin(t.Context(), "GET", "a.com", nil)
	r.serve(service{rule: "Host:a.com", addrs: []string{addr}})
	said(t, done, 200, "here")
}

func TestAClientThatLeavesNoLongerWaits(t *testing.T) {
	r := holder(t)
	r.serve(service{rule: "Host:a.com"})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n")
	r.until("the request waits", func() bool { return r.waiting() == 1 })
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	r.until("nobody waits", func() bool { return r.waiting() == 0 })
	r.nothingInFlight()
}

func TestRequestsWaitForAnyOfTheServicesThatTheirsLeadsTo(t *testing.T) {
	r := holder(t)
	lead := weighted("w", rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 1})
	r.put([]rules.ServiceSpec{at("a"), at("b"), lead}, routeTo(t, "a.com", "w"))
	done := r.begin(t.Context(), "GET", "a.com", nil)
	r.put([]rules.ServiceSpec{at("a"), at("b", named(t, "b")), lead}, routeTo(t, "a.com", "w"))
	said(t, done, 200, "b")
	r.nothingInFlight()
}

func TestRequestsOfARemovedServiceGoToTheOneThatComesInItsPlace(t *testing.T) {
	r := holder(t)
	r.serve(service{rule: "Host:a.com"})
	done := r.begin(t.Context(), "GET", "a.com", nil)
	r.serve()
	r.serve(service{rule: "Host:a.com", addrs: []string{named(t, "new")}})
	said(t, done, 200, "new")
}

// gone puts a table in force in which some services have just left the swarm.
func (r *router) gone(services []service, left ...string) {
	var specs []rules.Spec
	for i, s := range services {
		rule, _, _ := rules.ParseTraefik1(s.rule)
		name := "backend-" + rules.Normalize(s.rule)
		specs = append(specs, rules.Spec{Owner: rules.Owner{ID: s.rule, Name: s.rule, Created: time.Unix(int64(i), 0), Gone: slices.Contains(left, s.rule)},
			Routes:   []rules.RouteSpec{{Name: "frontend-" + rules.Normalize(s.rule), Rule: rule, Service: name, PassHost: true}},
			Services: []rules.ServiceSpec{{Name: name, Weight: 1, Endpoints: s.endpoints()}}})
	}
	table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	r.proxy.Swap(table)
}

func TestRequestsOfARemovedServiceGoToTheWiderRouteWhenItDoesNotComeBack(t *testing.T) {
	r := holder(t)
	site, api := service{rule: "Host:a.com", addrs: []string{named(t, "site")}}, service{rule: "Host:a.com;PathPrefixStrip:/"}
	r.gone([]service{site, api}, api.rule)
	done := r.begin(t.Context(), "GET", "a.com", nil)
	r.gone([]service{site, api, {rule: "Host:b.com"}}, api.rule) // another table in which it still lingers
	r.serve(site)
	said(t, done, 200, "site")

	r.gone([]service{site, api}, api.rule)
	done = r.begin(t.Context(), "GET", "a.com", nil)
	api.addrs = []string{named(t, "back")}
	r.serve(site, api)
	said(t, done, 200, "back")

	r.gone([]service{api}, api.rule)
	done = r.begin(t.Context(), "GET", "a.com", nil)
	r.serve()
	said(t, done, 404, "404 page not found\n")
	r.nothingInFlight()
}

func TestARequestThatKilledItsOnlyEndpointWaitsForTheNextIfItMayBeSentTwice(t *testing.T) {
	r := holder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		l.Close() // it dies with its first request in hand
		c.Read(make([]byte, 1000))
		c.Close()
	}()
	r.serve(service{rule: "Host:a.com", scheme: "http", addrs: []string{l.Addr().String()}})
	done := r.begin(t.Context(), "GET", "a.com", nil)
	r.serve(service{rule: "Host:a.com", scheme: "http", addrs: []string{endpointOf(t, "http", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "next") })}})
	said(t, done, 200, "next")
}

func TestAnAnswerThatEndsItsConnectionSaysSo(t *testing.T) {
	r := newRouter(t, EntryPointOptions{})
	r.put([]rules.ServiceSpec{at("s", named(t, "s"))}, routeTo(t, "a.com", "s", rules.Buffering{MaxRequest: 3}))
	got := r.raw("POST / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlong\r\n0\r\n\r\n")
	if head, _, _ := strings.Cut(got, "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 413") || !strings.Contains(head, "\r\nConnection: close") {
		t.Errorf("got %q", got)
	}
}

func TestRequestsOfATaskThatIsKilledAreAllAnsweredByAnother(t *testing.T) {
	const each = 20 // more than the budget has at once
	r := holder(t)
	var has sync.WaitGroup
	has.Add(each)
	killed := endpoint(t, func(http.ResponseWriter, *http.Request) {
		has.Done()
		has.Wait()
		panic(http.ErrAbortHandler)
	})
	r.serve(service{rule: "Host:a.com", addrs: []string{killed, named(t, "alive")}})
	r.until("both are in turn", func() bool { return r.fleet.Groups()[0].Size() == 2 })
	var all sync.WaitGroup
	for range 2 * each {
		all.Go(func() {
			if answer, text := r.ask("GET", "a.com", "/"); answer.StatusCode != 200 || text != "alive" {
				t.Errorf("got %s %q", answer.Status, text)
			}
		})
	}
	all.Wait()
	r.nothingInFlight()
}
