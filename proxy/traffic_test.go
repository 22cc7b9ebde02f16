package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// put puts services in force by name, and routes of one host each with their filters.
func (r *router) put(services []rules.ServiceSpec, routes ...rules.RouteSpec) []rules.Diagnostic {
	r.t.Helper()
	spec := rules.Spec{Owner: rules.Owner{ID: "o", Name: "o"}, Services: services, Routes: routes}
	table, found := rules.Compile([]rules.Spec{spec}, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	return append(found, r.proxy.Swap(table)...)
}

// at is a service of some addresses.
func at(name string, addrs ...string) rules.ServiceSpec {
	return rules.ServiceSpec{Name: name, Weight: 1, Endpoints: service{addrs: addrs}.endpoints()}
}

// routeTo is a route for a host.
func routeTo(t testing.TB, host, to string, filters ...rules.Filter) rules.RouteSpec {
	t.Helper()
	rule, _, ok := rules.ParseTraefik1("Host:" + host)
	if !ok {
		t.Fatal(host)
	}
	return rules.RouteSpec{Name: host, Rule: rule, Service: to, PassHost: true, Filters: filters, Segment: host}
}

func body(method, text string) func(*http.Request) {
	return func(q *http.Request) {
		q.Method = method
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

// chunked is a body of unknown length.
func chunked(text string) func(*http.Request) {
	return func(q *http.Request) { q.Body, q.ContentLength = io.NopCloser(strings.NewReader(text)), -1 }
}

func header(name, value string) func(*http.Request) {
	return func(q *http.Request) { q.Header.Set(name, value) }
}

// clock is a time that stands still until it is told to go on.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(1_000_000, c.at.Load()) }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

// timed is a router whose filters go by a clock.
func timed(t testing.TB) (*router, *clock) {
	c := &clock{}
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.proxy.filters = middleware.NewStore(middleware.Options{Now: c.now})
	return r, c
}

func TestErrorPagesKeepTheStatusAndReplaceTheRest(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	pages := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("X-Page", q.Host+" "+q.Method+" "+q.URL.String()+" "+q.Header.Get("X-Mine")+q.Header.Get("If-None-Match")+q.Header.Get("Content-Type"))
		io.WriteString(w, "sorry")
	})
	sick := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		status, _ := strconv.Atoi(q.URL.Path[1:])
		w.Header().Set("X-Sick", "yes")
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Www-Authenticate", "Basic")
		w.WriteHeader(status)
		io.WriteString(w, "trace")
	})
	page := rules.ErrorPage{Status: []rules.StatusRange{{First: 401, Last: 401}, {First: 500, Last: 599}}, Service: "pages", Query: "{status}.html?of={url}"}
	r.put([]rules.ServiceSpec{at("pages", pages), at("sick", sick), at("dead", deadAddr(t)), at("none")},
		routeTo(t, "a.com", "sick", page), routeTo(t, "dead.com", "dead", page), routeTo(t, "none.com", "none", page))
	for _, c := range []struct {
		host, path string
		status     int
	}{{"a.com", "/500", 500}, {"a.com", "/401", 401}, {"dead.com", "/", 502}, {"none.com", "/", 503}} {
		answer, text := r.ask("POST", c.host, c.path, body("POST", "x"), header("X-Mine", "m"), header("If-None-Match", "n"), header("Content-Type", "t"))
		want := fmt.Sprintf("%s GET /%d.html?of=http%%3A%%2F%%2F%s%s m", c.host, c.status, c.host, strings.ReplaceAll(c.path, "/", "%2F"))
		if answer.StatusCode != c.status || text != "sorry" || answer.Header.Get("X-Page") != want || answer.Header.Get("X-Sick") != "" {
			t.Errorf("%s%s: %d %q %v", c.host, c.path, answer.StatusCode, text, answer.Header)
		}
		if c.path == "/401" && (answer.Header.Get("Www-Authenticate") != "Basic" || answer.Header.Get("Retry-After") != "7") {
			t.Errorf("what a 401 is nothing without is lost: %v", answer.Header)
		}
	}
	if answer, text := r.ask("GET", "a.com", "/404"); answer.StatusCode != 404 || text != "trace" {
		t.Errorf("a status without a page: %d %q", answer.StatusCode, text)
	}
	if answer, text := r.ask("HEAD", "a.com", "/500"); answer.StatusCode != 500 || text != "" || answer.ContentLength != 5 {
		t.Errorf("HEAD: %d %q %d", answer.StatusCode, text, answer.ContentLength)
	}
	r.nothingInFlight()
}

// nothingInFlight waits until every count is back at zero: a client has its answer a moment before the books are closed.
func (r *router) nothingInFlight() {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := ""
		for _, g := range r.fleet.Status().Groups {
			if g.InFlight != 0 {
				left += fmt.Sprintf(" %s: %d", g.Name, g.InFlight)
			}
			for _, e := range g.Endpoints {
				if e.InFlight != 0 {
					left += fmt.Sprintf(" %s: %d", e.URL, e.InFlight)
				}
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("in flight:%s", left)
		}
		runtime.Gosched()
	}
}

func TestAPageThatFailsLeavesTheFirstAnswer(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	sick := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Sick", "yes")
		w.WriteHeader(500)
		io.WriteString(w, "trace")
	})
	all := []rules.StatusRange{{First: 500, Last: 599}}
	found := r.put([]rules.ServiceSpec{at("dead", deadAddr(t)), at("sick", sick)},
		routeTo(t, "a.com", "sick", rules.ErrorPage{Status: all, Service: "dead", Query: "/"}),
		routeTo(t, "b.com", "sick", rules.ErrorPage{Status: all, Service: "nobody", Query: "/"}),
		routeTo(t, "c.com", "sick", rules.ErrorPage{Status: all, Service: "sick", Query: "/"}))
	for _, host := range []string{"a.com", "b.com", "c.com"} {
		if answer, text := r.ask("GET", host, "/"); answer.StatusCode != 500 || text != "trace" || answer.Header.Get("X-Sick") != "yes" {
			t.Errorf("%s: %d %q %v", host, answer.StatusCode, text, answer.Header)
		}
	}
	if len(found) != 1 || found[0].Code != rules.UnknownPage {
		t.Errorf("told %v", found)
	}
	r.nothingInFlight()
}

func TestBufferedBodiesAreWholeOrRefused(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	var asked atomic.Int32
	echo := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		text, _ := io.ReadAll(q.Body)
		w.Header().Set("X-Length", strconv.FormatInt(q.ContentLength, 10))
		for piece := range slices.Chunk(text, 5000) {
			w.Write(piece)
			w.(http.Flusher).Flush()
		}
	})
	r.put([]rules.ServiceSpec{at("echo", echo)},
		routeTo(t, "small.com", "echo", rules.Buffering{MaxRequest: 10}),
		routeTo(t, "disk.com", "echo", rules.Buffering{MemRequest: 1000, MemResponse: 1000}),
		routeTo(t, "short.com", "echo", rules.Buffering{MaxResponse: 10, MemResponse: 4}))
	for _, change := range []func(*http.Request){body("POST", "12345678901"), chunked("12345678901")} {
		if answer, text := r.ask("POST", "small.com", "/", change); answer.StatusCode != 413 || text != "Request Entity Too Large" {
			t.Errorf("%d %q", answer.StatusCode, text)
		}
	}
	if asked.Load() != 0 {
		t.Error("the endpoint saw a request that is too large")
	}
	for _, change := range []func(*http.Request){body("POST", "1234567890"), chunked("1234567890"), func(*http.Request) {}} {
		if answer, _ := r.ask("POST", "small.com", "/", change); answer.StatusCode != 200 {
			t.Errorf("%d", answer.StatusCode)
		}
	}
	long := strings.Repeat("0123456789", 300_000)
	for _, change := range []func(*http.Request){body("POST", long), chunked(long)} {
		answer, text := r.ask("POST", "disk.com", "/", change)
		if text != long || answer.Header.Get("X-Length") != strconv.Itoa(len(long)) || answer.ContentLength != int64(len(long)) {
			t.Errorf("%d bytes came back, of %s announced and %d answered", len(text), answer.Header.Get("X-Length"), answer.ContentLength)
		}
	}
	if answer, text := r.ask("POST", "short.com", "/", body("POST", "12345678901")); answer.StatusCode != 500 || text != "Internal Server Error" {
		t.Errorf("an answer that is too long: %d %q", answer.StatusCode, text)
	}
	if answer, text := r.ask("POST", "short.com", "/", body("POST", "1234567890")); answer.StatusCode != 200 || text != "1234567890" {
		t.Errorf("an answer that fits: %d %q", answer.StatusCode, text)
	}
	r.nothingInFlight()
}

func TestBufferedRequestsAreReplayedWithTheirBody(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	var mu sync.Mutex
	var got []string
	flaky := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, q.Method+" "+string(text))
		if len(got) < 3 {
			w.WriteHeader(502)
			return
		}
		w.WriteHeader(201)
		io.WriteString(w, "made")
	})
	when, err := rules.ParseReplay(`IsNetworkError() && Attempts() <= 2`)
	if err != nil {
		t.Fatal(err)
	}
	always, err := rules.ParseReplay(`ResponseCode() >= 100`)
	if err != nil {
		t.Fatal(err)
	}
	r.put([]rules.ServiceSpec{at("flaky", flaky), at("dead", deadAddr(t))},
		routeTo(t, "a.com", "flaky", rules.Buffering{Retry: when, MemRequest: 3}),
		routeTo(t, "always.com", "flaky", rules.Buffering{Retry: always}),
		routeTo(t, "dead.com", "dead", rules.Buffering{Retry: when}))
	if answer, text := r.ask("POST", "a.com", "/", body("POST", "letter")); answer.StatusCode != 201 || text != "made" {
		t.Errorf("%d %q", answer.StatusCode, text)
	}
	came := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
	if !slices.Equal(came(), []string{"POST letter", "POST letter", "POST letter"}) {
		t.Errorf("the endpoint got %q", came())
	}
	if r.ask("GET", "always.com", "/"); len(came()) != 3+11 {
		t.Errorf("asked %d times, where the first and ten replays are all there may be", len(came())-3)
	}
	if answer, _ := r.ask("GET", "dead.com", "/"); answer.StatusCode != 502 {
		t.Errorf("%d", answer.StatusCode)
	}
	r.nothingInFlight()
}

func TestWhatALimitRefusesIsNotReplayed(t *testing.T) {
	r, _ := timed(t)
	var asked atomic.Int32
	up := endpoint(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	again, err := rules.ParseReplay(`ResponseCode() == 429`)
	if err != nil {
		t.Fatal(err)
	}
	once := rules.RateLimit{Key: rules.Extractor{Kind: rules.ByHost}, Rates: []rules.Rate{{Period: time.Hour, Average: 1, Burst: 1}}}
	r.put([]rules.ServiceSpec{at("up", up)}, routeTo(t, "a.com", "up", rules.Buffering{Retry: again}, once))
	r.ask("GET", "a.com", "/")
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 429 || asked.Load() != 1 {
		t.Errorf("%d, the endpoint was asked %d times", answer.StatusCode, asked.Load())
	}
}

func TestRateLimitsCountByKeyAndOutliveTables(t *testing.T) {
	r, clock := timed(t)
	up := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	limit := rules.RateLimit{Key: rules.Extractor{Kind: rules.ByHeader, Header: "X-Key"}, Rates: []rules.Rate{{Period: 3 * time.Second, Average: 6, Burst: 9}}}
	serve := func() { r.put([]rules.ServiceSpec{at("up", up)}, routeTo(t, "a.com", "up", limit)) }
	serve()
	for n := range 9 {
		if answer, _ := r.ask("GET", "a.com", "/", header("X-Key", "a")); answer.StatusCode != 200 {
			t.Fatalf("request %d: %d", n, answer.StatusCode)
		}
	}
	serve()
	r.put([]rules.ServiceSpec{at("up", up), at("more")}, routeTo(t, "a.com", "up", limit))
	answer, text := r.ask("GET", "a.com", "/", header("X-Key", "a"))
	if answer.StatusCode != 429 || text != "max rate reached: retry-in 500ms" || answer.Header.Get("X-Retry-In") != "500ms" || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %q %v", answer.StatusCode, text, answer.Header)
	}
	if answer, _ := r.ask("GET", "a.com", "/", header("X-Key", "b")); answer.StatusCode != 200 {
		t.Errorf("another key: %d", answer.StatusCode)
	}
	clock.pass(500 * time.Millisecond)
	for _, want := range []int{200, 429} {
		if answer, _ := r.ask("GET", "a.com", "/", header("X-Key", "a")); answer.StatusCode != want {
			t.Errorf("half a second later: %d, want %d", answer.StatusCode, want)
		}
	}
}

func TestRequestsInFlightAreBoundedByKey(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	entered, leave := make(chan bool), make(chan bool)
	slow := endpoint(t, func(_ http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/slow" {
			entered <- true
			<-leave
		}
	})
	r.put([]rules.ServiceSpec{at("slow", slow)}, routeTo(t, "a.com", "slow", rules.InFlight{Key: rules.Extractor{Kind: rules.ByHeader, Header: "X-Key"}, Amount: 1}))
	var done sync.WaitGroup
	done.Go(func() { r.ask("GET", "a.com", "/slow", header("X-Key", "a")) })
	<-entered
	if answer, text := r.ask("GET", "a.com", "/", header("X-Key", "a")); answer.StatusCode != 429 || text != "max connections reached: 1" {
		t.Errorf("%d %q", answer.StatusCode, text)
	}
	if answer, _ := r.ask("GET", "a.com", "/", header("X-Key", "b")); answer.StatusCode != 200 {
		t.Errorf("another key: %d", answer.StatusCode)
	}
	close(leave)
	done.Wait()
	r.nothingInFlight()
	if answer, _ := r.ask("GET", "a.com", "/", header("X-Key", "a")); answer.StatusCode != 200 {
		t.Errorf("after the first has left: %d", answer.StatusCode)
	}
}

func TestBreakersTripRestRecoverAndOutliveTables(t *testing.T) {
	r, clock := timed(t)
	var sick atomic.Bool
	var asked atomic.Int32
	up := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if sick.Load() {
			w.WriteHeader(502)
		}
	})
	when, err := rules.ParseBreaker(`NetworkErrorRatio() > 0.5`)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(more ...rules.ServiceSpec) {
		r.put(append(more, at("up", up)), routeTo(t, "a.com", "up", rules.CircuitBreaker{When: when}))
	}
	serve()
	status := func() int {
		clock.pass(200 * time.Millisecond)
		answer, _ := r.ask("GET", "a.com", "/")
		return answer.StatusCode
	}
	sick.Store(true)
	if got := status(); got != 502 {
		t.Fatalf("at first: %d", got)
	}
	sick.Store(false)
	serve(at("more"))
	before := asked.Load()
	if got := status(); got != 503 || asked.Load() != before {
		t.Errorf("tripped: %d", got)
	}
	clock.pass(10 * time.Second)
	let := 0
	for range 45 { // 9 of the 10 seconds of its recovery
		if status() == 200 {
			let++
		}
	}
	if let < 10 || let > 25 {
		t.Errorf("%d of 45 were let through in a recovery", let)
	}
	clock.pass(2 * time.Second)
	for range 5 {
		if got := status(); got != 200 {
			t.Errorf("recovered: %d", got)
		}
	}
}

func TestAttemptsBoundTheTries(t *testing.T) {
	up := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct{ attempts, dead, want int }{{1, 1, 502}, {2, 1, 200}, {3, 2, 200}, {3, 3, 502}, {0, 2, 200}} {
		r := newRouter(t, EntryPointOptions{TrustAll: true})
		r.proxy.options.Retry = &rules.Retry{Attempts: c.attempts}
		var addrs []string
		for range c.dead {
			addrs = append(addrs, deadAddr(t))
		}
		// The good one is last in turn: names order a ring.
		spec := at("s", append(addrs, up)...)
		for i := range spec.Endpoints {
			spec.Endpoints[i].Name = fmt.Sprint("server-", i)
		}
		r.put([]rules.ServiceSpec{spec, at("one", up)}, routeTo(t, "a.com", "s"), routeTo(t, "b.com", "one", rules.Retry{Attempts: 3}))
		if answer, _ := r.ask("POST", "a.com", "/", body("POST", "x")); answer.StatusCode != c.want {
			t.Errorf("%d attempts, %d dead: %d, want %d", c.attempts, c.dead, answer.StatusCode, c.want)
		}
	}
}

func TestARouteTriesOneEndpointAgainWhenItIsTold(t *testing.T) {
	var asked atomic.Int32
	moody := rawEndpoint3(t, &asked)
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.put([]rules.ServiceSpec{at("s", moody)}, routeTo(t, "a.com", "s", rules.Retry{Attempts: 3, Interval: time.Millisecond}), routeTo(t, "b.com", "s"))
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 200 || asked.Load() != 3 {
		t.Errorf("%d after %d tries", answer.StatusCode, asked.Load())
	}
	asked.Store(0)
	if answer, _ := r.ask("POST", "a.com", "/", body("POST", "x")); answer.StatusCode != 502 || asked.Load() != 1 {
		t.Errorf("a POST that was sent: %d after %d tries", answer.StatusCode, asked.Load())
	}
}

// rawEndpoint3 hangs up on the first two of every three requests.
func rawEndpoint3(t *testing.T, asked *atomic.Int32) string {
	return endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		if asked.Add(1)%3 != 0 {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		}
	})
}

func TestCompressFilterHasOptions(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	long := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", q.URL.Query().Get("type"))
		w.Write(bytes.Repeat([]byte("a"), 700))
	})
	r.put([]rules.ServiceSpec{at("s", long)},
		routeTo(t, "a.com", "s", rules.Compress{Excluded: []string{"Text/HTML"}, Codings: []string{"gzip"}}),
		routeTo(t, "b.com", "s", rules.Compress{Included: []string{"text/html"}, MinBytes: 701}),
		routeTo(t, "c.com", "s", rules.Compress{Included: []string{"text/html"}, MinBytes: 700, Default: "br"}))
	for _, c := range []struct{ host, kind, accept, want string }{
		{"a.com", "text/html%3B%20charset=utf-8", "gzip, br", ""},
		{"a.com", "text/plain", "gzip, br", "gzip"},
		{"b.com", "text/html", "gzip", ""},
		{"c.com", "text/html", "gzip", "gzip"},
		{"c.com", "text/plain", "gzip", ""},
		{"c.com", "text/html", "", "br"},
	} {
		answer, _ := r.ask("GET", c.host, "/?type="+c.kind, func(q *http.Request) {
			if c.accept != "" {
				q.Header.Set("Accept-Encoding", c.accept)
			}
		})
		if got := answer.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestTunnelsPassFiltersAndHoldTheirPlace(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	up := endpoint(t, upgradeServer)
	r.put([]rules.ServiceSpec{at("s", up), at("m", up)}, routeTo(t, "a.com", "s", rules.ErrorPage{Status: []rules.StatusRange{{First: 100, Last: 999}}, Service: "m", Query: "/"},
		rules.Buffering{MaxResponse: 100}, rules.InFlight{Key: rules.Extractor{Kind: rules.ByHost}, Amount: 1}))
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly\n")
	lines := bufio.NewReader(c)
	if head, err := http.ReadResponse(lines, nil); err != nil || head.StatusCode != 101 {
		t.Fatalf("%v %v", head, err)
	}
	for _, want := range []string{"hello\n", "EARLY\n"} {
		if got, err := lines.ReadString('\n'); got != want {
			t.Fatalf("got %q (%v), want %q", got, err, want)
		}
	}
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 429 {
		t.Errorf("beside the tunnel: %d", answer.StatusCode)
	}
	c.Close()
	r.nothingInFlight()
}

func TestA101HasTheFieldsThatFiltersGiveToAnswers(t *testing.T) {
	session := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "session=new") }))
	t.Cleanup(session.Close)
	r := newRouter(t, EntryPointOptions{TrustAll: true, Compress: true})
	up := endpoint(t, upgradeServer)
	ratio, err := rules.ParseBreaker("ResponseCodeRatio(100, 102, 0, 600) > 0.5")
	if err != nil {
		t.Fatal(err)
	}
	r.put([]rules.ServiceSpec{at("s", up)}, routeTo(t, "a.com", "s",
		rules.ForwardAuth{Address: session.URL, AddCookies: []string{"session"}},
		rules.Headers{Response: []rules.Pair{{Name: "X-Kind", Value: "tunnel"}, {Name: "X-Proto"}, {Name: "Upgrade", Value: "other"}}, Security: rules.Security{ReferrerPolicy: "no-referrer"}},
		rules.CircuitBreaker{When: ratio, Check: time.Nanosecond},
		rules.Compress{}, rules.Buffering{MaxResponse: 1}))
	say := func() *http.Response {
		c := r.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		head, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		return head
	}
	head := say()
	for name, want := range map[string]string{"X-Kind": "tunnel", "X-Proto": "", "Upgrade": "websocket", "Referrer-Policy": "no-referrer", "Set-Cookie": "session=new"} {
		if got := head.Header.Get(name); got != want || head.StatusCode != 101 {
			t.Errorf("%d, %s: %q, want %q", head.StatusCode, name, got, want)
		}
	}
	if head := say(); head.StatusCode != 503 {
		t.Errorf("the breaker has not heard of the tunnel: %d", head.StatusCode)
	}
}
