package admin

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// A filter is the words in the dashboard's box, lower case. A thing matches if each word is somewhere in it; without
// words everything does. A route is found by its service's name, a service by its routes: typing a host shows both.
type filter []string

func newFilter(text string) filter { return strings.Fields(strings.ToLower(text)) }

// matches looks into all texts as one; a word can't reach from one into the next.
func (f filter) matches(texts ...string) bool {
	if len(f) == 0 {
		return true
	}
	all := strings.ToLower(strings.Join(texts, " "))
	for _, word := range f {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

func (f filter) diagnostic(d rules.Diagnostic) bool {
	return f.matches(d.Severity.String(), d.Code, d.Service, d.Label, d.Value, d.Message, d.Suggestion)
}

func (f filter) route(r *rules.Route) bool {
	return f.matches(append([]string{r.Rule.Text, r.Name, r.Owner.Name, r.Service.Name}, r.EntryPoints...)...)
}

func (f filter) endpoint(e balancer.EndpointStatus) bool {
	return f.matches(e.Name, e.URL, e.State.String(), e.Why)
}

func (f filter) service(s *rules.Service, routes []*rules.Route, live balancer.GroupStatus) bool {
	if len(f) == 0 {
		return true
	}
	texts := []string{s.Name}
	for _, source := range s.Sources {
		texts = append(texts, source.Owner.Name)
	}
	for _, r := range routes {
		texts = append(texts, r.Rule.Text)
	}
	for _, e := range live.Endpoints {
		texts = append(texts, e.Name, e.URL, e.State.String(), e.Why)
	}
	return f.matches(texts...)
}

// routesByService is what services are found by, if anything is looked for.
func (f filter) routesByService(t *rules.Table) map[*rules.Service][]*rules.Route {
	if len(f) == 0 {
		return nil
	}
	routes := make(map[*rules.Service][]*rules.Route, len(t.Services))
	for _, r := range slices.Concat(t.Routes, t.TCP) {
		routes[r.Service] = append(routes[r.Service], r)
	}
	return routes
}
