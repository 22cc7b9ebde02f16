package proxy

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// named is an endpoint that says its name.
func named(t *testing.T, name string) string {
	return endpoint(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })
}

func weighted(name string, parts ...rules.Part) rules.ServiceSpec {
	return rules.ServiceSpec{Name: name, Weight: 1, Weighted: parts}
}

func TestWeightedServicesShareExactly(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	a, b := named(t, "a"), named(t, "b")
	serve := func(parts ...rules.Part) {
		r.put([]rules.ServiceSpec{at("a", a), at("b", b), at("c"), weighted("w", parts...)}, routeTo(t, "a.com", "w"))
	}
	ask := func(n int) string {
		var all strings.Builder
		for range n {
			_, text := r.ask("GET", "a.com", "/")
			all.WriteString(text)
		}
		return all.String()
	}
	serve(rules.Part{Service: "a", Weight: 3}, rules.Part{Service: "b", Weight: 1})
	first := ask(6)
	r.put([]rules.ServiceSpec{at("a", a), at("b", b), at("more"), weighted("w", rules.Part{Service: "a", Weight: 3}, rules.Part{Service: "b", Weight: 1})}, routeTo(t, "a.com", "w"))
	if all := first + ask(6); strings.Count(all, "b") != 3 || strings.Contains(all, "bb") {
		t.Errorf("3 and 1: %s", all)
	}
	serve(rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 0}, rules.Part{Service: "c", Weight: 9})
	if all := ask(4); all != "aaaa" {
		t.Errorf("a part without weight, and one without endpoints: %s", all)
	}
	if groups := r.fleet.Groups(); len(groups) != 4 {
		t.Errorf("%d groups", len(groups))
	}
	r.nothingInFlight()
}

func TestClientsStickToTheirPart(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	w := weighted("w", rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 1})
	w.Sticky = &rules.Sticky{Cookie: "part"}
	r.put([]rules.ServiceSpec{at("a", named(t, "a")), at("b", named(t, "b")), w}, routeTo(t, "a.com", "w"))
	answer, first := r.ask("GET", "a.com", "/")
	cookies := answer.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "part" {
		t.Fatalf("cookies %v", cookies)
	}
	for range 4 {
		answer, text := r.ask("GET", "a.com", "/", func(q *http.Request) { q.AddCookie(cookies[0]) })
		if text != first || len(answer.Cookies()) != 0 {
			t.Errorf("%s after %s, cookies %v", text, first, answer.Cookies())
		}
	}
}

func TestFailoverLeadsToTheFallbackAndBack(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	fallback := named(t, "fallback")
	serve := func(main rules.ServiceSpec) {
		over := rules.ServiceSpec{Name: "over", Weight: 1, Failover: &rules.Failover{Main: "main", Fallback: "fallback"}}
		r.put([]rules.ServiceSpec{main, at("fallback", fallback), over, weighted("w", rules.Part{Service: "over", Weight: 1})},
			routeTo(t, "a.com", "over"), routeTo(t, "b.com", "w"))
	}
	for _, c := range []struct {
		main rules.ServiceSpec
		want string
	}{{at("main", named(t, "main")), "main"}, {at("main"), "fallback"}, {at("main", deadAddr(t)), "fallback"}, {at("main", named(t, "main")), "main"}} {
		serve(c.main)
		for _, host := range []string{"a.com", "b.com"} {
			if answer, text := r.ask("POST", host, "/", body("POST", "x")); text != c.want || answer.StatusCode != 200 {
				t.Errorf("%s: %d %q, want %s", host, answer.StatusCode, text, c.want)
			}
		}
	}
	serve(at("main"))
	fallback = deadAddr(t)
	serve(at("main"))
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 502 {
		t.Errorf("all dead: %d", answer.StatusCode)
	}
	r.nothingInFlight()
}

func TestMirrorsGetCopiesAndTheRequestDoesNotWait(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	got := make(chan string, 100)
	block := make(chan bool)
	var once sync.Once
	defer once.Do(func() { close(block) })
	mirror := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		got <- q.Method + " " + q.Host + q.URL.String() + " " + string(text) + q.Header.Get("X-Forwarded-Host")
		<-block
		w.WriteHeader(500)
	})
	main := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body) // of a body that nobody wants there is no copy
		io.WriteString(w, "a")
	})
	mirrored := rules.ServiceSpec{Name: "m", Weight: 1, Mirroring: &rules.Mirroring{Service: "a", MaxBody: 20, Mirrors: []rules.Mirror{
		{Service: "all", Percent: 100}, {Service: "dead", Percent: 100}, {Service: "none", Percent: 0}}}}
	r.put([]rules.ServiceSpec{at("a", main), at("all", mirror), at("dead", deadAddr(t)), at("none", mirror), mirrored}, routeTo(t, "a.com", "m"))
	for _, c := range []struct {
		change func(*http.Request)
		want   string
	}{
		{func(*http.Request) {}, "POST a.com/x?y=1 a.com"},
		{body("POST", "letter"), "POST a.com/x?y=1 lettera.com"},
		{chunked("letter"), "POST a.com/x?y=1 lettera.com"},
	} {
		if answer, text := r.ask("POST", "a.com", "/x?y=1", c.change); answer.StatusCode != 200 || text != "a" {
			t.Errorf("%d %q", answer.StatusCode, text)
		}
		if copied := <-got; copied != c.want {
			t.Errorf("the mirror got %q, want %q", copied, c.want)
		}
	}
	for _, change := range []func(*http.Request){body("POST", strings.Repeat("x", 21)), chunked(strings.Repeat("x", 21))} {
		if answer, text := r.ask("POST", "a.com", "/", change); answer.StatusCode != 200 || text != "a" {
			t.Errorf("%d %q", answer.StatusCode, text)
		}
	}
	once.Do(func() { close(block) })
	r.nothingInFlight()
	r.leave()
	if kept := r.proxy.mirrors.kept.Load(); kept != 0 {
		t.Errorf("%d bytes are kept for nobody", kept)
	}
	if sent, dropped := r.proxy.MirrorCounts(); sent != 6 || dropped != 4 {
		t.Errorf("%d copies were sent, %d dropped", sent, dropped)
	}
}

func TestPercentOfCopiesIsExact(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	r.put([]rules.ServiceSpec{at("a")})
	group := r.fleet.Groups()[0]
	due := 0
	for range 200 {
		if group.CopyDue("m", 15) {
			due++
		}
	}
	if due != 30 {
		t.Errorf("%d of 200 are 15 %%", due)
	}
}

func TestEarlyAnswerToACopiedBodyLeavesTheNextRequestAlone(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	deaf := endpoint(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.URL.Path) })
	mirrored := rules.ServiceSpec{Name: "m", Weight: 1, Mirroring: &rules.Mirroring{Service: "a", MaxBody: 8 << 20, Mirrors: []rules.Mirror{{Service: "b", Percent: 100}}}}
	r.put([]rules.ServiceSpec{at("a", deaf), at("b", deaf), mirrored}, routeTo(t, "a.com", "m"))
	long := strings.Repeat("GET /smuggled HTTP/1.1\r\nHost: a.com\r\n\r\n", 50_000)
	for range 5 {
		for _, change := range []func(*http.Request){body("POST", long), chunked(long)} {
			if answer, text, err := r.try("POST", "a.com", "/early", change); err == nil && (answer.StatusCode != 200 && answer.StatusCode != 502 || answer.StatusCode == 200 && text != "/early") {
				t.Errorf("%d %q", answer.StatusCode, text)
			}
			if _, text := r.ask("GET", "a.com", "/next"); text != "/next" {
				t.Errorf("the next request got %q", text)
			}
		}
	}
	r.nothingInFlight()
}

// try is ask for requests that may fail: an endpoint that hangs up on a body may cut the client's writing short.
func (r *router) try(method, host, target string, change func(*http.Request)) (*http.Response, string, error) {
	request, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.addr+target, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Host = host
	change(request)
	answer, err := r.http.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

func TestClientOfAPartThatCannotAnswerIsLedToAnother(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	w := weighted("w", rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 1})
	w.Sticky = &rules.Sticky{Cookie: "part"}
	services := func(a string) []rules.ServiceSpec { return []rules.ServiceSpec{at("a", a), at("b", named(t, "b")), w} }
	r.put(services(named(t, "a")), routeTo(t, "a.com", "w"))
	var stuck *http.Cookie
	for stuck == nil {
		if answer, text := r.ask("GET", "a.com", "/"); text == "a" {
			stuck = answer.Cookies()[0]
		}
	}
	r.put(services(deadAddr(t)), routeTo(t, "a.com", "w"))
	answer, text := r.ask("GET", "a.com", "/", func(q *http.Request) { q.AddCookie(stuck) })
	if text != "b" || len(answer.Cookies()) != 1 || answer.Cookies()[0].Value == stuck.Value {
		t.Errorf("%s %q, cookies %v", answer.Status, text, answer.Cookies())
	}
}

func TestBodiesThatWaitForTheirEndAreKeptUpToABound(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	main := endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.Copy(w, q.Body)
	})
	mirrored := rules.ServiceSpec{Name: "m", Weight: 1, Mirroring: &rules.Mirroring{Service: "a", Mirrors: []rules.Mirror{{Service: "a", Percent: 100}}}}
	r.put([]rules.ServiceSpec{at("a", main), mirrored}, routeTo(t, "a.com", "m"))
	for _, c := range []struct {
		others        int64 // bytes
		sent, dropped uint64
	}{{mostKept - 6, 1, 0}, {mostKept - 5, 1, 1}} {
		r.proxy.mirrors.kept.Add(c.others)
		if answer, text := r.ask("POST", "a.com", "/", body("POST", "letter")); answer.StatusCode != 200 || text != "letter" {
			t.Errorf("%d %q", answer.StatusCode, text)
		}
		r.nothingInFlight()
		r.proxy.mirrors.all.Wait()
		if left := r.proxy.mirrors.kept.Add(-c.others); left != 0 {
			t.Errorf("%d bytes are kept", left)
		}
		if sent, dropped := r.proxy.MirrorCounts(); sent != c.sent || dropped != c.dropped {
			t.Errorf("%d copies were sent, %d dropped", sent, dropped)
		}
	}
}

func TestWhoIsLedToAServiceThatIsFullIsTold(t *testing.T) {
	r := newRouter(t, EntryPointOptions{TrustAll: true})
	entered, leave := make(chan bool), make(chan bool)
	fallback := at("fallback", endpoint(t, func(_ http.ResponseWriter, q *http.Request) {
		entered <- true
		<-leave
	}))
	fallback.MaxConn = &rules.MaxConn{Amount: 1, Extractor: rules.Extractor{Kind: rules.ByHost}}
	main := func(addrs ...string) {
		over := rules.ServiceSpec{Name: "over", Weight: 1, Failover: &rules.Failover{Main: "main", Fallback: "fallback"}}
		r.put([]rules.ServiceSpec{at("main", addrs...), fallback, over}, routeTo(t, "a.com", "over", rules.Retry{Attempts: 5}))
	}
	main()
	first := make(chan int)
	go func() {
		answer, _ := r.ask("GET", "a.com", "/")
		first <- answer.StatusCode
	}()
	<-entered
	main(deadAddr(t)) // it refuses, and its fallback has no place
	for range 2 {
		if answer, text := r.ask("GET", "a.com", "/"); answer.StatusCode != 429 {
			t.Errorf("%d %q", answer.StatusCode, text)
		}
	}
	leave <- true
	if got := <-first; got != 200 {
		t.Errorf("the first got %d", got)
	}
	r.nothingInFlight()
	go func() { <-entered; leave <- true }()
	if answer, _ := r.ask("GET", "a.com", "/"); answer.StatusCode != 200 {
		t.Errorf("after it: %d", answer.StatusCode)
	}
	r.nothingInFlight()
}
