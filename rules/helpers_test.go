package rules

import (
	"strings"
	"testing"
	"time"
)

// fields is a Header as an engine has it: an ordered list.
type fields []Pair

func (f *fields) Value(name string, n int) (string, bool) {
	for _, p := range *f {
		if strings.EqualFold(p.Name, name) {
			if n == 0 {
				return p.Value, true
			}
			n--
		}
	}
	return "", false
}

// ask is a query written as "METHOD host/path?query | Name: value | Name: value"; the method may be left out.
func ask(text string) *Query {
	line, rest, _ := strings.Cut(text, " | ")
	q := &Query{Method: "GET"}
	if method, after, found := strings.Cut(line, " "); found {
		q.Method, line = method, after
	}
	line, q.RawQuery, _ = strings.Cut(line, "?")
	slash := strings.IndexByte(line, '/')
	q.Host, q.Path = line[:slash], line[slash:]
	header := fields{}
	for _, field := range strings.Split(rest, " | ") {
		if name, value, found := strings.Cut(field, ": "); found {
			header = append(header, Pair{name, value})
		}
	}
	q.Header = &header
	return q
}

// mustParse is a rule that may have diagnostics but is served.
func mustParse(t testing.TB, text string) Rule {
	t.Helper()
	rule, found, ok := ParseTraefik1(text)
	if !ok {
		t.Fatalf("%s is refused: %v", text, found)
	}
	return rule
}

// owner is the n-th oldest swarm service.
func owner(name string, n int) Owner {
	return Owner{ID: "id-" + name, Name: name, Created: time.Unix(int64(n), 0).UTC()}
}

var onlyHTTP = Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}}

// tableOf compiles rules, each of a service of its own that has the rule's text as its name.
func tableOf(t testing.TB, o Options, rules ...string) *Table {
	t.Helper()
	var specs []Spec
	for i, text := range rules {
		specs = append(specs, Spec{
			Owner:    owner(text, i),
			Routes:   []RouteSpec{{Name: Normalize("frontend-" + text), Rule: mustParse(t, text), Service: text, PassHost: true}},
			Services: []ServiceSpec{{Name: text, Weight: 1}},
		})
	}
	table, _ := Compile(specs, o)
	return table
}

// answer is the rule that wins and what becomes of the path, or "404".
func answer(table *Table, q *Query) string {
	m := table.Match("http", q)
	switch {
	case m.Route == nil:
		return "404"
	case m.Redirect:
		return "301 " + OtherSlash(q.Path)
	}
	return m.Route.Rule.Text
}

func codesOf(found []Diagnostic) string {
	var codes []string
	for _, d := range found {
		codes = append(codes, d.Severity.String()+" "+d.Code)
	}
	return strings.Join(codes, ", ")
}
