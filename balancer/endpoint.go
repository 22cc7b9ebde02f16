package balancer

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/rules"
)

// An Endpoint is one place that answers for a service, alive: what is in flight to it, whether it refused
// us, what the engine keeps for it. It lives as long as any service wants it, however often the table changes.
type Endpoint struct {
	rules.Endpoint // never changes

	url   string
	fleet *Fleet
	token atomic.Pointer[string] // of sticky cookies; written by whoever needs it first, always the same

	ejected atomic.Bool  // written under Fleet.mu
	retired atomic.Bool  // written by retire
	unmet   atomic.Bool  // newborn: has not accepted a connection yet. Written under Fleet.mu
	refused atomic.Bool  // it is ejected because it refused a connection. Written under Fleet.mu
	faults  atomic.Int32 // requests in a row that it failed
	leave   signal       // given when it retires
	cut     signal       // given when its time to drain is over

	carrier  atomic.Pointer[io.Closer] // written under carrying
	carrying sync.Mutex

	// Guarded by Fleet.mu.
	stamp  uint64    // the last generation that wanted it
	seen   uint64    // the last group that counted it, to count it once
	groups []*Group  // those it is a member of
	met    time.Time // when it was first known to accept connections; zero: before we looked
	greet  func()    // stops the greeting under way; nil: there is none
	outs   int       // how often it was ejected of late
	why    string    // it is out
	back   time.Time // when it was last let in again

	// Every request writes this word; on a cache line of its own it does not slow the readers of the others.
	_        [64]byte
	inFlight atomic.Int64
	_        [56]byte
}

// key is the endpoint's identity. The task is part of it because swarm may give a dead task's address to a
// new one, which must not inherit the verdict on the dead; the weight is not.
type key struct{ task, scheme, addr string }

func keyOf(e *rules.Endpoint) key { return key{e.Task, e.Scheme, e.Addr} }

func newEndpoint(f *Fleet, e *rules.Endpoint) *Endpoint {
	return &Endpoint{Endpoint: *e, url: e.URL(), fleet: f}
}

// URL is the endpoint as Traefik 1.x writes it, "http://10.0.1.5:2368".
func (e *Endpoint) URL() string { return e.url }

// Begin counts a request in flight; End must follow.
func (e *Endpoint) Begin() { e.inFlight.Add(1) }

// End is the end of a request. The last one of a retired endpoint lets go of its carrier.
func (e *Endpoint) End() {
	if e.inFlight.Add(-1) == 0 && e.retired.Load() {
		e.drained()
	}
}

// InFlight is the number of requests between Begin and End.
func (e *Endpoint) InFlight() int64 { return e.inFlight.Load() }

// Refused tells that no connection could be made to the endpoint: it is out of all rings until one can.
func (e *Endpoint) Refused() {
	if !e.ejected.Load() && !e.unmet.Load() { // else the news is known
		e.fleet.shutOut(e)
	}
}

// maxFaults is how many requests in a row an endpoint may fail.
const maxFaults = 3

// Faulted tells that the endpoint took a request and did not answer it. After some of these in a row it is out for a
// moment.
func (e *Endpoint) Faulted() {
	if e.faults.Add(1) >= maxFaults && !e.ejected.Load() {
		e.fleet.suspend(e)
	}
}

// Answered tells that the endpoint answered.
func (e *Endpoint) Answered() {
	if e.faults.Load() != 0 {
		e.faults.Store(0)
	}
	if e.refused.Load() { // and was asked nevertheless, for want of another
		e.fleet.readmit(e, "answers again")
	}
}

// join and part keep the list of groups; both need Fleet.mu.
func (e *Endpoint) join(g *Group) { e.groups = append(e.groups, g) }

func (e *Endpoint) part(g *Group) {
	for i, other := range e.groups {
		if other == g {
			last := len(e.groups) - 1
			e.groups[i], e.groups[last] = e.groups[last], nil
			e.groups = e.groups[:last]
			return
		}
	}
}
