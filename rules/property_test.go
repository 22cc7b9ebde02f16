package rules

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// naive is Match without an index: every route in order.
func naive(t *Table, entryPoint string, q *Query) Match {
	s := subject{q: q, host: bareHost(q.Host), strict: t.options.StrictPrefix, keep: t.options.KeepTrailingSlash}
	for _, r := range t.Routes {
		if !slices.Contains(r.EntryPoints, entryPoint) {
			continue
		}
		if v := r.Rule.holds(s); v != no {
			return Match{Route: r, Redirect: v == redirect}
		}
	}
	return Match{}
}

// A dice throws rules and requests of few words, so that they meet often.
type dice struct{ *rand.Rand }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }

func (d dice) list(of ...string) string {
	words := make([]string, 1+d.IntN(3))
	for i := range words {
		words[i] = d.one(of...)
	}
	return strings.Join(words, ",")
}

func (d dice) host() string {
	return d.one("a.com", "b.com", "x.a.com", "y.x.a.com", "A.com", "b.org", "localhost", "2001:db8:0:0:0:0:0:1")
}

func (d dice) path() string {
	path := ""
	for range 1 + d.IntN(3) {
		path += d.one("/", "/", "/a", "/b", "/ab", "a", "b", "/abc")
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path
}

func (d dice) part() string {
	switch d.IntN(12) {
	case 0, 1, 2:
		return "Host:" + d.list("a.com", "b.com", "x.a.com", "B.org", "localhost", "*.a.com", "2001:db8:0:0:0:0:0:1")
	case 3, 4:
		return "HostRegexp:" + d.list("{s:[a-z]+}.a.com", "{s:.+}.com", "{s}a.com", "{any:.+}", "a{x:.*}", "{a:[ab]}.{b}", "B.com")
	case 5, 6, 7:
		return d.one("PathPrefix:", "PathPrefixStrip:", "PathPrefixStripRegex:") + d.list(d.path(), d.path(), "/{x}/b", "/a{y:[ab]}", "bad")
	case 8:
		return d.one("Path:", "PathStrip:") + d.list(d.path(), d.path(), "/{x}/", "/a/{y:.*}")
	case 9:
		return "Method:" + d.list("get", "POST")
	case 10:
		return d.one("Headers:X-A,1", "HeadersRegexp:X-A,[12]", "Headers:X-B, ")
	}
	return "Query:" + d.list("k=1", "k={v:[0-9]+}", "l=")
}

func (d dice) rule() string {
	parts := make([]string, 1+d.IntN(3))
	for i := range parts {
		parts[i] = d.part()
	}
	return strings.Join(parts, ";")
}

func (d dice) query() *Query {
	q := &Query{Method: d.one("GET", "POST"), Host: d.one(d.host(), d.host()+":80", "[2001:db8:0:0:0:0:0:1]:80", "", "a.com."), Path: d.path()}
	q.RawQuery = d.one("", "", "k=1", "k=%31&l", "k=x&k=1", "l=")
	q.Header = &fields{{"x-a", d.one("1", "2", "3")}, {d.one("X-B", "X-C"), "1"}}
	return q
}

// specs are of up to 40 owners, some of one age, that share few services.
func (d dice) specs(t testing.TB) []Spec {
	specs := make([]Spec, 1+d.IntN(40))
	for i := range specs {
		s := Spec{Owner: owner(fmt.Sprint("owner", i), d.IntN(5))}
		for range d.IntN(4) {
			s.Routes = append(s.Routes, d.route(t))
		}
		for range d.IntN(3) {
			s.Services = append(s.Services, d.service())
		}
		specs[i] = s
	}
	return specs
}

func (d dice) route(t testing.TB) RouteSpec {
	text := d.rule()
	rule, found, ok := ParseTraefik1(text)
	if !ok {
		t.Fatalf("%s: %v", text, found)
	}
	r := RouteSpec{Name: d.one("r1", "r2"), Rule: rule, Service: d.one("s1", "s2", "s3", "s4"), PassHost: d.IntN(2) == 0}
	if d.IntN(3) == 0 {
		r.Priority = d.IntN(30)
	}
	if d.IntN(2) == 0 {
		r.EntryPoints = []string{d.one("http", "https", "htp")}
	}
	return r
}

func (d dice) service() ServiceSpec {
	s := ServiceSpec{Name: d.one("s1", "s2", "s3"), Weight: 1 + d.IntN(3), PerService: d.IntN(4) == 0, Balance: Balance(d.IntN(2))}
	for i := range d.IntN(4) {
		s.Endpoints = append(s.Endpoints, Endpoint{Task: fmt.Sprint("t", d.IntN(9)), Name: fmt.Sprint("server", i), Scheme: "http", Addr: "10.0.0.1:80"})
	}
	return s
}

func (d dice) options() Options {
	return Options{
		EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"},
		StrictPrefix: d.IntN(3) == 0, KeepTrailingSlash: d.IntN(3) == 0,
	}
}

func TestIndexAgreesWithTryingEveryRouteInTurn(t *testing.T) {
	hits, redirects := 0, 0
	for seed := range uint64(300) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		table, _ := Compile(d.specs(t), d.options())
		for range 200 {
			q, at := d.query(), d.one("http", "https")
			got, want := table.Match(at, q), naive(table, at, q)
			if got != want {
				t.Fatalf("seed %d, %s, %+v:\n%v, want %v\n%s", seed, at, q, got, want, table)
			}
			if got.Route != nil {
				hits++
			}
			if got.Redirect {
				redirects++
			}
		}
	}
	if hits < 10000 || redirects < 100 {
		t.Errorf("only %d hits and %d redirects: the dice are poor", hits, redirects)
	}
}

func TestOrderOfSpecsDoesNotMatter(t *testing.T) {
	for seed := range uint64(100) {
		d := dice{rand.New(rand.NewPCG(seed, 2))}
		specs, options := d.specs(t), d.options()
		table, found := Compile(specs, options)
		for range 3 {
			d.shuffle(specs)
			again, foundAgain := Compile(specs, options)
			if table.String() != again.String() {
				t.Fatalf("seed %d:\n%s\nshuffled:\n%s", seed, table, again)
			}
			if !reflect.DeepEqual(found, foundAgain) {
				t.Fatalf("seed %d:\n%v\nshuffled:\n%v", seed, found, foundAgain)
			}
			if changes := Diff(table, again); len(changes) > 0 {
				t.Fatalf("seed %d: %v", seed, changes)
			}
		}
	}
}

func (d dice) shuffle(specs []Spec) {
	d.Shuffle(len(specs), func(i, j int) { specs[i], specs[j] = specs[j], specs[i] })
	for _, s := range specs {
		d.Shuffle(len(s.Routes), func(i, j int) { s.Routes[i], s.Routes[j] = s.Routes[j], s.Routes[i] })
		d.Shuffle(len(s.Services), func(i, j int) { s.Services[i], s.Services[j] = s.Services[j], s.Services[i] })
		for _, service := range s.Services {
			e := service.Endpoints
			d.Shuffle(len(e), func(i, j int) { e[i], e[j] = e[j], e[i] })
		}
	}
}

func TestDiffIsEmptyOnlyForTablesThatReadTheSame(t *testing.T) {
	for seed := range uint64(200) {
		d := dice{rand.New(rand.NewPCG(seed, 3))}
		a, _ := Compile(d.specs(t), onlyHTTP)
		b, _ := Compile(d.specs(t), onlyHTTP)
		if same := a.String() == b.String(); same != (len(Diff(a, b)) == 0) {
			t.Fatalf("seed %d: same text %v, diff %v", seed, same, Diff(a, b))
		}
	}
}
