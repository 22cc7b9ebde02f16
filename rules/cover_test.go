package rules

import (
	"strings"
	"testing"
	"time"
)

// covered compiles rules of as many owners, "priority rule" each, and names those that are told to be hidden.
func covered(t *testing.T, strict bool, texts ...string) string {
	t.Helper()
	var specs []Spec
	for i, text := range texts {
		name := string(rune('a' + i))
		priority, text, _ := strings.Cut(text, " ")
		rule, _, ok := ParseTraefik1(text)
		if !ok {
			t.Fatal(text)
		}
		given := map[string]int{"high": 1000, "low": 1}[priority]
		specs = append(specs, Spec{
			Owner:    Owner{ID: name, Name: name, Created: time.Unix(int64(i), 0)},
			Routes:   []RouteSpec{{Name: "frontend-" + name, Rule: rule, Priority: given, Service: "backend-" + name, PassHost: true}},
			Services: []ServiceSpec{{Name: "backend-" + name, Weight: 1}},
		})
	}
	table, _ := Compile(specs, Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}, StrictPrefix: strict})
	var names []string
	for _, d := range table.Covered() {
		if d.Code != HiddenRoute {
			t.Errorf("code %s", d.Code)
		}
		names = append(names, d.Service)
	}
	return strings.Join(names, " ")
}

func TestARouteThatABroaderOneHidesIsTold(t *testing.T) {
	for _, c := range []struct {
		first, second string
		strict        bool
		hidden        bool
	}{
		{"high Host:a.com", "- Host:a.com;PathPrefix:/api", false, true},
		{"high Host:a.com,b.com", "- Host:b.com;Method:GET", false, true},
		{"high HostRegexp:{any:.+}.a.com", "- Host:x.a.com", false, true},
		{"high PathPrefix:/", "- Host:a.com", false, true},
		{"high PathPrefix:/api", "- Host:a.com;PathPrefix:/apis", false, true},
		{"high PathPrefix:/api", "- Host:a.com;Path:/api/", false, true},
		{"high PathPrefix:/api", "- Host:a.com;Path:/api/v1,/api/v2", false, true},
		{"high Host:a.com;Headers:X-A, ", "- Host:a.com;Headers:X-A,1", false, true},

		{"high PathPrefix:/api", "- Host:a.com;PathPrefix:/apis", true, false},
		{"high PathPrefix:/api", "- Host:a.com;PathPrefix:/api/v1", true, true},
		{"high PathPrefix:/api", "- Host:a.com;PathPrefix:/api{more:.*}", true, false},
		{"high PathPrefix:/api/", "- Host:a.com;Path:/api/", false, false}, // /api is a redirect of the second
		{"high PathPrefix:/api", "- Host:a.com;Path:/api,/v1", false, false},
		{"high Host:a.com", "- Host:a.com,b.com", false, false},
		{"high Host:b.com", "- Host:a.com;PathPrefix:/api", false, false},
		{"low Host:a.com", "- Host:a.com;PathPrefix:/api", false, false},
		{"high Host:a.com;PathPrefix:/api", "- Host:a.com", false, false},
		{"high Host:a.com", "- Host:a.com", false, false}, // Compile tells it
	} {
		want := ""
		if c.hidden {
			want = "b"
		}
		if got := covered(t, c.strict, c.first, c.second); got != want {
			t.Errorf("%s before %s (strict: %t): hidden is %q", c.first, c.second, c.strict, got)
		}
	}
}
