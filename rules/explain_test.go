package rules

import (
	"fmt"
	"strings"
	"testing"
)

// tableFor compiles rules of one owner each, the first the oldest.
func tableFor(t *testing.T, texts ...string) *Table {
	t.Helper()
	var specs []Spec
	for i, text := range texts {
		parse := ParseTraefik1
		if strings.Contains(text, "`") {
			parse = func(text string) (Rule, []Diagnostic, bool) { return ParseTraefik3(text, V3) }
		}
		rule, found, ok := parse(text)
		if !ok {
			t.Fatalf("%s: %v", text, found)
		}
		name := fmt.Sprintf("s%d", i)
		specs = append(specs, Spec{
			Owner:    owner(name, i),
			Routes:   []RouteSpec{{Name: name, Rule: rule, Service: name, PassHost: true}},
			Services: []ServiceSpec{{Name: name, Weight: 1}},
		})
	}
	table, _ := Compile(specs, onlyHTTP)
	return table
}

func TestWhatFailsIsNamedWithWhatTheRequestHas(t *testing.T) {
	for _, c := range []struct{ rule, ask, want string }{
		{"Host:api.example.com", "api.example.org/", "Host:api.example.com: the request's host is api.example.org"},
		{"Host:a.com,b.com", "c.com:80/", "Host:a.com,b.com: the request's host is c.com"},
		{"Host:a.com;PathPrefix:/api;Method:GET", "POST a.com/ap", "PathPrefix:/api: the request's path is /ap | Method:GET: the request's method is POST"},
		{"Host:a.com;Headers:X-Foo,bar", "a.com/", "Headers:X-Foo,bar: the request has no field X-Foo"},
		{"Host:a.com;Headers:X-Foo,bar", "a.com/ | X-Foo: baz", `Headers:X-Foo,bar: the request's X-Foo is "baz"`},
		{"Host:a.com;Query:id=7", "a.com/?id=8", "Query:id=7: the request's query is id=8"},
		{"Host:a.com;Path:/x,y", "a.com/y", "Path:/x,y: the request's path is /y; no request meets it"},
		{"Host(`a.com`) && !PathPrefix(`/x`)", "a.com/x", "!PathPrefix(`/x`): it holds, and must not"},
		{"Host(`a.com`) && (PathPrefix(`/x`) || Method(`GET`))", "POST a.com/y",
			"PathPrefix(`/x`) || Method(`GET`): the request's path is /y; the request's method is POST"},
		{"ClientIP(`10.0.0.0/8`)", "a.com/", "ClientIP(`10.0.0.0/8`): the client's address is not known"},
		{"Host:a.com", "a.com/", ""},
	} {
		e := tableFor(t, c.rule).Explain("http", ask(c.ask), false)
		var why []string
		for _, w := range e.Candidates[0].Why {
			why = append(why, w.Matcher+": "+w.Found)
		}
		if got := strings.Join(why, " | "); got != c.want {
			t.Errorf("%s, %s: got\n  %s, want\n  %s", c.rule, c.ask, got, c.want)
		}
	}
}

func TestAnExplanationAgreesWithTheMatch(t *testing.T) {
	table := tableFor(t, "Host:a.com", "Host:a.com;PathPrefix:/api", "Host:a.com;Path:/x/", "PathPrefix:/api", "HostRegexp:{sub:[a-z]+}.a.com", "Host:a.com", "Host:b.com;Method:POST")
	for _, text := range []string{"a.com/", "a.com/api/1", "a.com/x", "c.com/api", "www.a.com/", "b.com/", "POST b.com/", "d.com/"} {
		q := ask(text)
		e, m := table.Explain("http", q, true), table.Match("http", q)
		var first *Route
		for _, c := range e.Candidates {
			if (c.Outcome == Wins || c.Outcome == Later) && first == nil {
				first = c.Route
			}
			if c.Outcome == Fails != (len(c.Why) > 0) {
				t.Errorf("%s: %s is %s with %v", text, c.Route, c.Outcome, c.Why)
			}
		}
		if first != m.Route || e.Match != m || len(e.Candidates) != len(table.Routes) {
			t.Errorf("%s: the first that matches is %v, and Match finds %v", text, first, m.Route)
		}
	}
}

func TestOfManyRoutesThoseOfOtherHostsAreCounted(t *testing.T) {
	var texts []string
	for i := range 100 {
		texts = append(texts, fmt.Sprintf("Host:h%d.com", i))
	}
	table := tableFor(t, append(texts, "PathPrefix:/api", "HostRegexp:{any:.+}.com;Method:POST")...)
	e := table.Explain("http", ask("h7.com/"), false)
	if len(e.Candidates) != 3 || e.Others != 99 {
		t.Errorf("shown are %d, counted %d", len(e.Candidates), e.Others)
	}
	if e = table.Explain("http", ask("h7.com/"), true); len(e.Candidates) != 102 || e.Others != 0 {
		t.Errorf("with all: shown are %d, counted %d", len(e.Candidates), e.Others)
	}
	if e = table.Explain("http", ask("h7.con/"), false); e.Host == "" || e.Match.Route != nil {
		t.Errorf("the nearest host is %q", e.Host)
	}
}

func TestAHiddenRouteAndOneElsewhereAreSaidToBe(t *testing.T) {
	table := tableFor(t, "Host:a.com", "Host:a.com")
	if e := table.Explain("http", ask("a.com/"), false); e.Candidates[0].Outcome != Wins || e.Candidates[1].Outcome != Hidden {
		t.Errorf("got %s and %s", e.Candidates[0].Outcome, e.Candidates[1].Outcome)
	}
	if e := table.Explain("https", ask("a.com/"), false); e.Candidates[0].Outcome != Elsewhere {
		t.Errorf("got %s", e.Candidates[0].Outcome)
	}
}
