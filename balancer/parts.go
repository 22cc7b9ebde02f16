package balancer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync/atomic"

	"github.com/appia-edge/appia/rules"
)

// A plan is whose turn it is among the parts of a service that leads to other services. As a ring it never changes and is
// replaced, whenever the ring or the plan of a part is.
type plan struct {
	service   *rules.Service    // whose settings it has
	order     []turn            // one period; which of its hand's turns it is does not matter
	groups    []*Group          // by the order's hands
	tokens    map[string]*Group // sticky services: by cookie value
	good      bool              // a part has turns that is good
	desperate bool              // none has that knows of an endpoint that is up
}

// A part is a service that another one leads to.
type part struct {
	*Group
	weight uint64
}

// Lead is the part whose turn it is, or the one that a cookie's token names; nil when none could answer. It is for
// services that lead to others.
func (g *Group) Lead(token string) *Group {
	p := g.plan.Load()
	if p == nil {
		return nil
	}
	if stuck := p.tokens[token]; stuck != nil {
		return stuck
	}
	n := g.next.Add(1) - 1
	if len(p.order) == 0 {
		return nil
	}
	return p.groups[p.order[n%uint64(len(p.order))].hand]
}

// PartToken is what a sticky cookie says of a part.
func (g *Group) PartToken(part *Group) string {
	h := hmac.New(sha256.New, g.fleet.options.StickyKey)
	h.Write([]byte("part\n" + g.Name + "\n" + part.Name))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// link joins the groups of services that lead to others with those they lead to, and makes their plans; needs Fleet.mu.
// There are few, so that all of it is made anew each time.
func (f *Fleet) link(services []*rules.Service, groups []*Group) {
	for _, leader := range f.leading {
		leader.unlink()
	}
	f.leading = f.leading[:0]
	for i, s := range services {
		if !s.Leads() {
			continue
		}
		g := groups[i]
		g.parts = f.partsOf(s)
		for _, p := range g.parts {
			p.leaders = append(p.leaders, g)
		}
		f.leading = append(f.leading, g)
	}
	for _, leader := range f.leading {
		leader.replan()
	}
}

func (g *Group) unlink() {
	for _, p := range g.parts {
		p.leaders = nil
	}
	g.parts = nil
	if g.service != nil && !g.service.Leads() {
		g.plan.Store(nil) // one that is gone keeps it, for requests that still hold the old table
	}
}

// partsOf are the groups that a service leads to, with their weights.
func (f *Fleet) partsOf(s *rules.Service) (parts []part) {
	add := func(name string, weight int) {
		if g := f.groups[name]; g != nil {
			parts = append(parts, part{g, uint64(max(weight, 0))})
		}
	}
	for _, p := range s.Weighted {
		add(p.Service, p.Weight)
	}
	switch {
	case s.Mirroring != nil:
		add(s.Mirroring.Service, 1)
	case s.Failover != nil:
		add(s.Failover.Main, 1)
		add(s.Failover.Fallback, 1)
	}
	return parts
}

// replan makes the plan anew; needs Fleet.mu.
func (g *Group) replan() {
	service := g.service
	if service == nil { // forsaken, while its parts lose their endpoints too: requests that hold the old table still ask
		service = g.plan.Load().service
	}
	before := g.standing()
	g.plan.Store(newPlan(g, service))
	g.turned()
	g.tellLeaders(before)
}

// A standing is what leaders want to know of a part.
type standing struct{ good, some, desperate bool }

func (g *Group) standing() standing { return standing{g.good(), g.some(), g.desperate()} }

// tellLeaders has the services replan that this one is a part of, if it stands otherwise than it did. rules.Compile lets no
// circles through.
func (g *Group) tellLeaders(before standing) {
	if g.standing() == before {
		return
	}
	for _, leader := range g.leaders {
		leader.replan()
	}
}

// newPlan deals turns to the parts that are good; if none is, to those that have any endpoint at all. Of a failover's two
// parts the first of those has all turns.
func newPlan(g *Group, service *rules.Service) *plan {
	p := &plan{service: service}
	p.deal(g, (*Group).good)
	if p.good = len(p.groups) > 0; !p.good {
		p.deal(g, (*Group).some)
	}
	p.desperate = !slices.ContainsFunc(g.parts, func(part part) bool { return part.weight > 0 && !part.Group.desperate() })
	if service.Sticky != nil {
		p.tokens = map[string]*Group{}
		for _, part := range g.parts {
			if part.good() || !p.good && part.some() { // a client does not stay at a part that cannot answer
				p.tokens[g.PartToken(part.Group)] = part.Group
			}
		}
	}
	return p
}

func (p *plan) deal(g *Group, fit func(*Group) bool) {
	var weights []uint64
	for _, part := range g.parts {
		if part.weight == 0 || !fit(part.Group) {
			continue
		}
		p.groups = append(p.groups, part.Group)
		weights = append(weights, part.weight)
		if p.service.Failover != nil {
			break
		}
	}
	p.order = smooth(weights)
}

// good tells whether the group has an endpoint that is not known to be bad.
func (g *Group) good() bool {
	if p := g.plan.Load(); p != nil {
		return p.good
	}
	return g.ring.Load().good
}

// some tells whether the group has an endpoint that takes turns.
func (g *Group) some() bool {
	if p := g.plan.Load(); p != nil {
		return len(p.order) > 0
	}
	return len(g.ring.Load().order) > 0
}

// CopyDue says whether this request is one of the percentage of a service's requests that a mirror gets a copy of. They are
// spread out evenly, and the count outlives changes of the percentage.
func (g *Group) CopyDue(mirror string, percent int) bool {
	count := g.copies.find(mirror)
	if count == nil {
		count = g.copies.obtain(mirror, new(atomic.Uint64))
	}
	n, part := (count.Add(1)-1)%100, uint64(min(max(percent, 0), 100))
	return (n+1)*part/100 > n*part/100
}
