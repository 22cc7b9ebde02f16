package explain

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// follow takes the request from its route to the endpoints.
func (a *Answer) follow(w World, m rules.Match, u *url.URL, q *rules.Query) {
	if m.Route == nil {
		a.Status = http.StatusNotFound
		return
	}
	a.Route = m.Route.Name
	if m.Redirect {
		a.Status, a.Location = http.StatusMovedPermanently, rules.OtherSlash(u.EscapedPath())
		return
	}
	path, trace := m.Route.Rewrite(rules.Path{Decoded: u.Path, Raw: u.EscapedPath()})
	if trace.NotFound {
		a.Status = http.StatusNotFound
		return
	}
	a.Forwarded = &Forwarded{Path: path.Raw, Was: u.EscapedPath(), Prefix: some(trace.Prefix), Replaced: some(trace.Replaced)}
	if m.Route.PassHost {
		a.Forwarded.Host = q.Host
	}
	for _, f := range m.Route.Chain() {
		a.Filters = append(a.Filters, rules.FilterText(f))
	}
	a.lead(w, m.Route.Service)
}

// deepest is how far services lead to services that lead to services; the compiler lets no more through.
const deepest = 16

// lead follows services that lead to others to the one that has endpoints.
func (a *Answer) lead(w World, s *rules.Service) {
	for range deepest {
		if s == nil {
			return
		}
		live, ok := w.Groups(s.Name)
		if !ok {
			return // it has come or gone in between
		}
		a.Services = append(a.Services, viewService(s, live))
		if !s.Leads() {
			return
		}
		s = w.Table.Service(live.Next)
	}
}

// Resting is the services of a table that nobody serves by: what a router that has just started would say of them, was no
// endpoint checked yet.
func Resting(t *rules.Table) func(service string) (balancer.GroupStatus, bool) {
	unchecked := make([]*rules.Service, len(t.Services))
	for i, s := range t.Services {
		plain := *s
		plain.Check = nil
		unchecked[i] = &plain
	}
	fleet := balancer.New(balancer.Options{})
	defer fleet.Close()
	groups := map[string]balancer.GroupStatus{}
	for _, g := range fleet.Grow(unchecked) {
		groups[g.Name] = g.Status()
	}
	return func(service string) (balancer.GroupStatus, bool) { g, ok := groups[service]; return g, ok }
}

func viewService(s *rules.Service, live balancer.GroupStatus) ServiceView {
	v := ServiceView{Name: s.Name, Settings: s.String()[len("service "+s.Name):], Endpoints: []EndpointView{}, Next: live.Next}
	for _, e := range live.Endpoints {
		v.Endpoints = append(v.Endpoints, EndpointView{Name: e.Name, URL: e.URL, Weight: e.Weight, Share: e.Share, State: fmt.Sprint(e.State), Why: e.Why})
	}
	return v
}

func some(texts [2]string) (list []string) {
	for _, text := range texts {
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}
