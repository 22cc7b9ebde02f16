package explain

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// follow takes the request from its route to the endpoints.
func (a *Answer) follow(w World, m rules.Match, u *url.URL, j *judge) {
	j.admit(w.named(a.EntryPoint))
	if m.Route == nil {
		a.answered(j, http.StatusNotFound, "")
		return
	}
	a.Route = m.Route.Name
	if m.Redirect {
		to := rules.OtherSlash(u.EscapedPath())
		if u.RawQuery != "" {
			to += "?" + u.RawQuery
		}
		a.answered(j, http.StatusMovedPermanently, to)
		return
	}
	path, trace := m.Route.Rewrite(rules.Path{Decoded: u.Path, Raw: u.EscapedPath()})
	if trace.NotFound {
		a.answered(j, http.StatusNotFound, "")
		return
	}
	for _, f := range m.Route.Chain() {
		a.Filters = append(a.Filters, rules.FilterText(f))
	}
	j.q.Path, j.q.RawPath = path.Decoded, path.Raw
	before, were := valuesOf(j.q, prefixField), valuesOf(j.q, replacedField)
	j.pass(m.Route)
	if m.Route.Closed() { // no service is asked
		a.answered(j, http.StatusServiceUnavailable, "")
		return
	}
	a.Forwarded = &Forwarded{
		Path: j.q.RawPath, Was: u.EscapedPath(),
		Prefix:   append(some(trace.Prefix), valuesOf(j.q, prefixField)[len(before):]...),
		Replaced: append(some(trace.Replaced), valuesOf(j.q, replacedField)[len(were):]...),
	}
	if m.Route.PassHost {
		a.Forwarded.Host = j.q.Host
	}
	a.lead(w, m.Route.Service, j)
	status := 0
	if n := len(a.Services); n > 0 && a.Services[n-1].Next == "" {
		status = http.StatusServiceUnavailable
	}
	a.answered(j, status, "")
}

// The fields that tell an endpoint what the path was.
const (
	prefixField   = "X-Forwarded-Prefix"
	replacedField = "X-Replaced-Path"
)

func valuesOf(q *message.Request, name string) (all []string) {
	q.Fields.Values(name, func(value string) bool { all = append(all, value); return true })
	return all
}

// answered notes an answer of the router's own: a filter's, which comes first, or the one given.
func (a *Answer) answered(j *judge, status int, location string) {
	for _, s := range j.steps {
		if s.Outcome == answers {
			status, location = s.Status, s.Location
		}
	}
	a.Status, a.Location = status, location
	for _, page := range j.pages {
		if page.covers(status) {
			a.page = page.Service
			return
		}
	}
}

// covers reports whether a page takes the place of answers with a status.
func (p errorPage) covers(status int) bool {
	return slices.ContainsFunc(p.Status, func(r rules.StatusRange) bool { return r.First <= status && status <= r.Last })
}

// deepest is how far services lead to services that lead to services; the compiler lets no more through.
const deepest = 16

// lead follows services that lead to others to the one that has endpoints.
func (a *Answer) lead(w World, s *rules.Service, j *judge) {
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
			j.limit(s.MaxConn)
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
