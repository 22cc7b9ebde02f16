// Package balancer says which endpoint of a service a request goes to, now.
//
// Everything about endpoints that lives longer than a table lives here and is found by key: connections,
// requests in flight and ejections by endpoint; verdicts by endpoint and check; turns, limits and counters by service.
// The package knows neither HTTP nor labels.
package balancer

import (
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/rules"
)

// DefaultDrain holds where Options say nothing.
const DefaultDrain = 5 * time.Minute // swarm ends a stopped task itself; this is for long answers of a relabelled one

// Options of a fleet; the zero value works.
type Options struct {
	StickyKey []byte          // the same on all routers that serve the same clients
	Eject     time.Duration   // how long an endpoint that failed requests is out at first; 0: DefaultEject
	Greet     bool            // endpoints that come later than the first ones take no turn before they have accepted a connection
	Queue     int             // requests of a service that may wait for an endpoint; 0: DefaultQueue
	Drain     time.Duration   // how long a retired endpoint may finish its requests; 0: DefaultDrain
	Buckets   []time.Duration // upper bounds of the groups' tallies; nil: DefaultBuckets
	Health    health.Options  // how probes reach endpoints

	// OnVerdict hears when an endpoint (its URL) of a service goes in or out, by its check or by refusing
	// connections. Calls come one at a time, in order, holding no lock; they must not block for long.
	OnVerdict func(service, endpoint string, up bool, why string)
}

// A Fleet is all endpoints and groups. Between two tables it first grows to hold both, then, when the new
// one is in force, shrinks to it: new before old stops.
type Fleet struct {
	options Options
	agenda  *agenda
	prober  *health.Prober

	mu         sync.Mutex // guards all below and whatever says so; never held while calling out
	generation uint64     // counts Grow and Shrink: what they want is stamped with it
	adoption   uint64     // counts groups made or changed, likewise
	grown      bool       // Grow has been called
	newborn    bool       // an endpoint has been made since it was last false
	endpoints  map[key]*Endpoint
	retiring   map[*Endpoint]struct{}
	groups     map[string]*Group
	leading    []*Group // those whose services lead to others
	watches    map[watchKey]*watch
}

// New makes an empty fleet. Close it.
func New(o Options) *Fleet {
	if o.Eject <= 0 {
		o.Eject = DefaultEject
	}
	if o.Queue <= 0 {
		o.Queue = DefaultQueue
	}
	if o.Drain <= 0 {
		o.Drain = DefaultDrain
	}
	return &Fleet{
		options:   o,
		agenda:    newAgenda(),
		prober:    health.New(o.Health),
		endpoints: make(map[key]*Endpoint),
		retiring:  make(map[*Endpoint]struct{}),
		groups:    make(map[string]*Group),
		watches:   make(map[watchKey]*watch),
	}
}

// Grow makes what the services need and is not there yet, and returns their groups in the same order.
// What is there stays the same: a group by its service's name, an endpoint by its key.
// Endpoints that no service wants any more leave the rings now, as they are about to stop; requests that still hold
// the old table pick from the same groups and are not sent there either.
func (f *Fleet) Grow(services []*rules.Service) []*Group {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generation++
	groups := make([]*Group, len(services))
	for i, s := range services {
		groups[i] = f.adopt(s)
	}
	for _, g := range f.groups {
		if g.stamp != f.generation {
			f.forsake(g)
		}
	}
	f.link(services, groups)
	f.grown = true
	return groups
}

// Shrink retires what none of the services wants: endpoints finish their requests, probes stop, groups go.
func (f *Fleet) Shrink(services []*rules.Service) {
	for _, e := range f.sift(services) {
		e.retire()
	}
}

func (f *Fleet) sift(services []*rules.Service) (retired []*Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generation++
	for _, s := range services {
		if g := f.groups[s.Name]; g != nil {
			g.mark(f.generation)
		}
	}
	f.dropGroups()
	f.dropWatches()
	return f.dropEndpoints()
}

func (f *Fleet) dropGroups() {
	for name, g := range f.groups {
		if g.stamp != f.generation && g.queue.close() {
			g.each(func(m member) { m.part(g) })
			delete(f.groups, name)
		}
	}
}

func (f *Fleet) dropWatches() {
	for k, w := range f.watches {
		if w.stamp != f.generation {
			w.stop()
			delete(f.watches, k)
		}
	}
}

func (f *Fleet) dropEndpoints() (dropped []*Endpoint) {
	for k, e := range f.endpoints {
		if e.stamp != f.generation {
			delete(f.endpoints, k)
			if e.greet != nil {
				e.greet()
			}
			f.retiring[e] = struct{}{}
			dropped = append(dropped, e)
		}
	}
	return dropped
}

// forget is the end of a retired endpoint.
func (f *Fleet) forget(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.retiring, e)
}

// Close stops probes and timers, waits for them, and closes all carriers. Nothing may be in flight that matters.
func (f *Fleet) Close() {
	f.prober.Close()
	f.agenda.close()
	for _, e := range f.everyone() {
		e.closeCarrier()
	}
}

func (f *Fleet) everyone() (all []*Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.endpoints {
		all = append(all, e)
	}
	for e := range f.retiring {
		all = append(all, e)
	}
	return all
}
