package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func must[T any](f T, err error) T {
	if err != nil {
		panic(err)
	}
	return f
}

// filtered is the only route of a table, with a rule of Traefik 3 and filters.
func filtered(t *testing.T, rule string, filters ...Filter) *Table {
	t.Helper()
	table, _ := Compile([]Spec{{Owner: owner("o", 1), Services: []ServiceSpec{{Name: "s", Weight: 1}},
		Routes: []RouteSpec{{Name: "r", Rule: mustParse3(t, rule), Service: "s", Filters: filters, PassHost: true}}}}, onlyHTTP)
	return table
}

func TestPathFiltersActAsInTraefik3(t *testing.T) {
	for _, c := range []struct {
		filters          []Filter
		path, sent       string
		prefix, replaced string
	}{
		{[]Filter{StripPrefix("/a", "/a/b")}, "/a/b/c", "/b/c", "/a", ""},
		{[]Filter{StripPrefix("/x")}, "/a/b", "/a/b", "", ""},
		{[]Filter{StripPrefix("/a")}, "/a", "/", "/a", ""},
		{[]Filter{must(StripPrefixRegex("/[0-9]+"))}, "/12/x", "/x", "/12", ""},
		{[]Filter{must(StripPrefixRegex("/b"))}, "/a/b", "/a/b", "", ""},
		{[]Filter{AddPrefix("/v1")}, "/a%2Fb", "/v1/a%2Fb", "", ""},
		{[]Filter{ReplacePath("/n")}, "/a", "/n", "", "/a"},
		{[]Filter{must(ReplacePathRegex("^/a/(.*)", "/b/$1"))}, "/a/x", "/b/x", "", "/a/x"},
		{[]Filter{StripPrefix("/a"), AddPrefix("/z"), StripPrefix("/z/b")}, "/a/b/c", "/c", "/a /z/b", ""},
		{[]Filter{AddPrefix("/z"), StripPrefix("/z/a")}, "/a/b", "/b", "/z/a", ""},
		{[]Filter{ReplacePath("/n"), must(ReplacePathRegex("n", "m"))}, "/a", "/m", "", "/a /n"},
	} {
		route := filtered(t, "PathPrefix(`/`)", c.filters...).Routes[0]
		if len(route.Filters) != 0 || !route.Rewrites() {
			t.Errorf("%v are not done before the chain", c.filters)
		}
		p, trace := route.Rewrite(Path{strings.ReplaceAll(c.path, "%2F", "/"), c.path})
		if p.Raw != c.sent || join(trace.Prefix) != c.prefix || join(trace.Replaced) != c.replaced {
			t.Errorf("%v: %s becomes %s, %+v", c.filters, c.path, p.Raw, trace)
		}
	}
}

func TestPathFiltersBehindOthersKeepTheirPlace(t *testing.T) {
	route := filtered(t, "PathPrefix(`/`)", AddPrefix("/a"), Compress{}, AddPrefix("/b")).Routes[0]
	if len(route.leading) != 1 || len(route.Filters) != 2 {
		t.Fatalf("%v lead, %v follow", route.leading, route.Filters)
	}
	if p, _ := route.RewriteBy(route.Filters[1].(Rewrite), Path{"/a/x", "/a/x"}); p.Raw != "/b/a/x" {
		t.Errorf("/a/x becomes %s", p.Raw)
	}
}

func TestTablesAreTheSameInEitherLanguage(t *testing.T) {
	for old, c := range map[string]struct {
		rule    string
		filters []Filter
	}{
		"Host:a.com;PathPrefixStrip:/v3/user":                       {"Host(`a.com`) && PathPrefix(`/v3/user`)", []Filter{StripPrefix("/v3/user")}},
		"PathPrefixStrip:/a,/a/b":                                   {"PathPrefix(`/a`) || PathPrefix(`/a/b`)", []Filter{StripPrefix("/a/b", "/a")}},
		"PathPrefixStripRegex:/b/{id:[0-9]+}":                       {"PathRegexp(`^/b/[0-9]+`)", []Filter{must(StripPrefixRegex("^/b/[0-9]+"))}},
		"Host:a.com;AddPrefix:/x":                                   {"Host(`a.com`)", []Filter{AddPrefix("/x")}},
		"Host:a.com;ReplacePathRegex:^/a /b;ReplacePath:/n":         {"Host(`a.com`)", []Filter{must(ReplacePathRegex("^/a", "/b")), ReplacePath("/n")}},
		"Host:a.com,b.com;PathPrefixStrip:/p;AddPrefix:/q;Method:a": {"(Host(`b.com`) || Host(`a.com`)) && Method(`A`) && PathPrefix(`/p`)", []Filter{StripPrefix("/p"), AddPrefix("/q")}},
	} {
		table := func(rule Rule, filters []Filter) *Table {
			table, _ := Compile([]Spec{{Owner: owner("o", 1), Services: []ServiceSpec{{Name: rule.Text, Weight: 1}},
				Routes: []RouteSpec{{Name: "r", Rule: rule, Service: rule.Text, Filters: filters, Priority: len(old)}}}}, onlyHTTP)
			return table
		}
		if a, b := table(mustParse(t, old), nil), table(mustParse3(t, c.rule), c.filters); !Same(a, b) {
			t.Errorf("%s\n%s\n%s", old, a.meaning(), b.meaning())
		}
		if a, b := table(mustParse(t, old), nil), table(mustParse3(t, c.rule), append(c.filters, AddPrefix("/more"))); Same(a, b) {
			t.Errorf("%s is the same with one more prefix", old)
		}
		var written []Filter
		for _, f := range mustParse(t, old).Rewrites() {
			written = append(written, f)
		}
		text, _, _ := mustParse(t, old).Traefik3()
		if !Same(table(mustParse(t, old), nil), table(mustParse3(t, text), written)) {
			t.Errorf("%s is written %s %v", old, text, written)
		}
	}
}

func TestWhatIsSaidToBeTheSameInTraefik3IsTheSame(t *testing.T) {
	o := onlyHTTP
	o.KeepTrailingSlash = true
	exact := 0
	for seed := range uint64(2000) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		old := mustParse(t, d.rule())
		text, syntax, same := old.Traefik3()
		rule, _, ok := ParseTraefik3(text, syntax)
		if !ok || !same {
			continue
		}
		exact++
		a, _ := Compile([]Spec{{Routes: []RouteSpec{{Name: "r", Rule: old, Service: "s"}}, Services: []ServiceSpec{{Name: "s"}}}}, o)
		var filters []Filter
		for _, f := range old.Rewrites() {
			filters = append(filters, f)
		}
		spec := RouteSpec{Name: "other", Rule: rule, Service: "s", Priority: old.Priority(), Filters: filters}
		b, _ := Compile([]Spec{{Routes: []RouteSpec{spec}, Services: []ServiceSpec{{Name: "s"}}}}, o)
		if !Same(a, b) {
			t.Fatalf("%s\n%s\n%s\n%s", old.Text, text, a.meaning(), b.meaning())
		}
		for range 50 {
			q := d.query()
			if x, y := a.Match("http", q), b.Match("http", q); (x.Route == nil) != (y.Route == nil) {
				t.Fatalf("%s and %s asked %+v: %v, %v", old.Text, text, q, x.Route != nil, y.Route != nil)
			}
		}
	}
	if exact < 500 {
		t.Errorf("only %d of 2000 rules can be said exactly", exact)
	}
}
