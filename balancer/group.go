package balancer

import (
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A Group is a service, alive: the endpoints it may use now and whose turn it is. The same service name
// gives the same group through all changes of the table, so position and counters go on.
type Group struct {
	Name    string
	Tally   Tally         // requests of this service
	Retries atomic.Uint64 // attempts after the first
	Failed  Causes        // requests of this service that failed

	copies lookup[string, atomic.Uint64] // requests seen for each mirror

	fleet *Fleet
	ring  atomic.Pointer[ring]    // written under Fleet.mu
	plan  atomic.Pointer[plan]    // of a service that leads to others; nil: it has endpoints. Written under Fleet.mu
	limit atomic.Pointer[limiter] // nil: never had a limit

	paused atomic.Bool               // written under Fleet.mu
	turns  atomic.Uint64             // counts rings and plans
	lost   atomic.Pointer[time.Time] // since when no endpoint is known to be good; nil: one is
	queue  queue
	budget budget

	// Guarded by Fleet.mu.
	service   *rules.Service // what sources were made from
	sources   []source
	sticky    bool
	slowStart time.Duration
	rises     bool     // the next rebuild for it is noted down
	parts     []part   // of a service that leads to others
	leaders   []*Group // those that this is a part of
	stamp     uint64   // the last generation that wanted it

	// Every request writes these; on a cache line of their own they do not slow the readers of ring.
	_        [64]byte
	next     atomic.Uint64
	inFlight atomic.Int64
	_        [48]byte
}

func newGroup(f *Fleet, name string) *Group {
	g := &Group{Name: name, fleet: f}
	g.Tally.Buckets = f.options.Buckets
	g.ring.Store(nobody)
	g.lose()
	return g
}

// Pick is the endpoint whose turn it is; nil when there is none that could answer.
func (g *Group) Pick() *Endpoint {
	return g.ring.Load().at(g.next.Add(1) - 1)
}

// PickOther is an endpoint that has not been tried yet; nil when all have.
func (g *Group) PickOther(tried []*Endpoint) *Endpoint {
	return g.ring.Load().other(g.next.Add(1)-1, tried)
}

// Begin counts a request in flight; End must follow.
func (g *Group) Begin() { g.inFlight.Add(1) }

// End is the end of a request.
func (g *Group) End() { g.inFlight.Add(-1) }

// InFlight is the number of requests between Begin and End, waiting ones included.
func (g *Group) InFlight() int64 { return g.inFlight.Load() }

// Size is the number of endpoints that take turns now: what Traefik 1.x takes for the number of attempts.
func (g *Group) Size() int { return len(g.ring.Load().live) }

// rebuild makes the ring anew; needs Fleet.mu. The position goes on, so the turns go on.
func (g *Group) rebuild() {
	before := g.standing()
	g.ring.Store(newRing(g))
	if g.ring.Load().rising {
		g.rise()
	}
	g.turned()
	g.tellLeaders(before)
}

// each calls do for every member; needs Fleet.mu.
func (g *Group) each(do func(member)) {
	for i := range g.sources {
		for _, m := range g.sources[i].members {
			do(m)
		}
	}
}

// mark notes that this generation wants the group and all that is in it.
func (g *Group) mark(generation uint64) {
	g.stamp = generation
	g.each(func(m member) { m.mark(generation) })
}

func (m member) mark(generation uint64) {
	m.stamp = generation
	if m.watch != nil {
		m.watch.stamp = generation
	}
}
