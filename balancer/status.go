package balancer

import (
	"cmp"
	"slices"
)

// A Status is what a fleet looks like at a moment, for people.
type Status struct {
	Groups   []GroupStatus    // by name
	Retiring []EndpointStatus // wanted by no service any more, finishing their requests
}

// A GroupStatus is one service.
type GroupStatus struct {
	Name      string
	InFlight  int64
	Next      string // the URL of the endpoint whose turn is next, or the name of the service that it leads to; "": nobody's
	Endpoints []EndpointStatus
}

// An EndpointStatus is one endpoint, as one service sees it.
type EndpointStatus struct {
	Name, URL string
	Weight    int     // as the label says: of the endpoint, or of its source if PerService
	Share     float64 // of the service's next requests, 0 to 1
	State     State
	InFlight  int64  // for all services together
	Why       string // the last probe's result
}

// Groups are all groups, by name.
func (f *Fleet) Groups() []*Group {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sorted()
}

func (f *Fleet) sorted() []*Group {
	groups := make([]*Group, 0, len(f.groups))
	for _, g := range f.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups
}

// Status is a snapshot of everything.
func (f *Fleet) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s Status
	for _, g := range f.sorted() {
		s.Groups = append(s.Groups, g.status())
	}
	for e := range f.retiring {
		s.Retiring = append(s.Retiring, e.status(Retiring))
	}
	slices.SortFunc(s.Retiring, func(a, b EndpointStatus) int { return cmp.Compare(a.Name+a.URL, b.Name+b.URL) })
	return s
}

// Status is a snapshot of one service.
func (g *Group) Status() GroupStatus {
	g.fleet.mu.Lock()
	defer g.fleet.mu.Unlock()
	return g.status()
}

func (g *Group) status() GroupStatus {
	s := GroupStatus{Name: g.Name, InFlight: g.InFlight(), Next: g.peek()}
	shares := g.ring.Load().shares()
	for i := range g.sources {
		for _, m := range g.sources[i].members {
			e := m.status(m.state())
			e.Weight = int(g.sources[i].weight)
			e.Share = shares[m.Endpoint]
			e.Why = m.why()
			s.Endpoints = append(s.Endpoints, e)
		}
	}
	return s
}

// peek is who is next, as far as nobody else asks in the meantime. The turn stays whose it is.
func (g *Group) peek() string {
	n := g.next.Load()
	if p := g.plan.Load(); p != nil {
		if len(p.order) == 0 {
			return ""
		}
		return p.groups[p.order[n%uint64(len(p.order))].hand].Name
	}
	if e := g.ring.Load().at(n); e != nil {
		return e.url
	}
	return ""
}

func (e *Endpoint) status(s State) EndpointStatus {
	return EndpointStatus{Name: e.Name, URL: e.url, State: s, InFlight: e.InFlight()}
}

func (m member) why() string {
	if m.ejected.Load() {
		return m.Endpoint.why
	}
	if m.unmet.Load() {
		return "has not accepted a connection yet"
	}
	if m.watch == nil {
		return ""
	}
	return m.watch.why
}

// shares is the part of all turns that each endpoint has.
func (r *ring) shares() map[*Endpoint]float64 {
	shares := make(map[*Endpoint]float64, len(r.live))
	for _, h := range r.hands {
		each := float64(h.turns) / float64(len(r.order)) / float64(len(h.endpoints))
		for _, e := range h.endpoints {
			shares[e] += each
		}
	}
	return shares
}
