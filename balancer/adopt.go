package balancer

import (
	"slices"
	"time"

	"github.com/appia-edge/appia/rules"
)

// adopt brings a service's group up to date. Most services are as they were: those cost a comparison.
func (f *Fleet) adopt(s *rules.Service) *Group {
	g := f.groups[s.Name]
	if g == nil {
		g = newGroup(f, s.Name)
		f.groups[s.Name] = g
	}
	if !s.Leads() {
		g.plan.Store(nil) // it may have led before
	}
	if g.service != s && (g.service == nil || !same(g.service, s)) { // after rules.Recompile nearly all are the same
		f.enlist(g, s)
	}
	g.service = s // equal or not: the old table need not stay in memory
	g.mark(f.generation)
	return g
}

// same reports whether two services make the same ring from the same endpoints under the same limit.
func same(a, b *rules.Service) bool {
	return (a.Sticky == nil) == (b.Sticky == nil) && a.Presence == b.Presence &&
		amountOf(a.MaxConn) == amountOf(b.MaxConn) &&
		checkOf(a.Check) == checkOf(b.Check) &&
		slices.EqualFunc(a.Sources, b.Sources, sameSource)
}

func sameSource(a, b rules.Source) bool {
	return a.Weight == b.Weight && a.PerService == b.PerService && slices.Equal(a.Endpoints, b.Endpoints)
}

// enlist replaces a group's members and lets the ring follow.
func (f *Fleet) enlist(g *Group, s *rules.Service) {
	f.adoption++
	before := g.dismiss()
	f.newborn = false
	g.sources = make([]source, len(s.Sources))
	for i := range s.Sources {
		g.sources[i] = f.recruit(g, &s.Sources[i], s.Check, before)
	}
	g.sticky = s.Sticky != nil
	g.limitTo(s.MaxConn)
	g.slowStart = s.Presence.SlowStart
	g.paused.Store(s.Presence.Paused)
	if f.newborn && g.lost.Load() != nil {
		now := time.Now()
		g.lost.Store(&now) // it has a new chance, and what waits for that may
	}
	g.rebuild()
}

// dismiss empties a group, whose ring goes on as it is, and returns who was in it.
func (g *Group) dismiss() map[*Endpoint]*watch {
	before := make(map[*Endpoint]*watch)
	g.each(func(m member) {
		before[m.Endpoint] = m.watch
		m.part(g)
	})
	return before
}

func (f *Fleet) recruit(g *Group, from *rules.Source, c *rules.Check, before map[*Endpoint]*watch) source {
	s := newSource(from)
	for i := range from.Endpoints {
		e := f.endpoint(&from.Endpoints[i])
		if e.seen == f.adoption {
			continue // listed twice, it still is one endpoint with one share
		}
		e.seen = f.adoption
		e.join(g)
		s.members = append(s.members, member{e, f.watch(e, c, before)})
	}
	return s
}

func (f *Fleet) endpoint(e *rules.Endpoint) *Endpoint {
	k := keyOf(e)
	known := f.endpoints[k]
	if known == nil {
		known = newEndpoint(f, e)
		f.endpoints[k] = known
		if f.grown && f.options.Greet {
			f.await(known)
		}
		f.newborn = true
	}
	return known
}

// forsake leaves a group that no service asks for with those of its endpoints that another one wants: a
// renamed service's requests are served under the old name until the new table is in force.
func (f *Fleet) forsake(g *Group) {
	g.service = nil
	for i := range g.sources {
		s := &g.sources[i]
		s.members = slices.DeleteFunc(s.members, func(m member) bool {
			gone := m.stamp != f.generation
			if gone {
				m.part(g)
			}
			return gone
		})
	}
	g.rebuild()
}
