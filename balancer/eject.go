package balancer

import (
	"fmt"
	"time"
)

// What endpoints are out for. Swarm's list of tasks lags, so that a refused connection is often the first news of a
// death: who refuses is out until a connection can be made, which we find out ourselves, and no client has to. Who takes
// requests and does not answer them is out for a moment, which grows each time. A group whose endpoints are all out
// uses them nevertheless, see newRing.

// What holds where Options say nothing, and for how long an ejection counts against the next.
const (
	DefaultEject = time.Second
	longestEject = time.Minute
	forgiven     = time.Minute
	greetAgain   = 50 * time.Millisecond // before the first dial to an endpoint that refused, doubled each time
	greetAtMost  = time.Second
)

// shutOut takes an endpoint out until it accepts connections.
func (f *Fleet) shutOut(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.ejected.Load() || e.retired.Load() || e.unmet.Load() {
		return
	}
	after := min(f.strike(e, greetAgain), greetAtMost)
	e.refused.Store(true)
	f.setEjected(e, true, "refused a connection, out until it accepts one")
	e.greet = f.prober.Greet(e.Addr, after, func() { f.readmit(e, "accepts connections again") })
}

// suspend takes an endpoint out for a moment, unless too many are: what makes several fail may well be the requests.
func (f *Fleet) suspend(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.faults.Store(0)
	if e.ejected.Load() || e.retired.Load() || !f.spareable(e) {
		return
	}
	moment := f.strike(e, f.options.Eject)
	f.setEjected(e, true, fmt.Sprintf("failed %d requests in a row, out for %v", maxFaults, moment))
	f.agenda.after(moment, func() { f.readmit(e, "in again after failing requests") })
}

// strike counts an ejection and returns how long this one is to be.
func (f *Fleet) strike(e *Endpoint, base time.Duration) time.Duration {
	if time.Since(e.back) > forgiven {
		e.outs = 0
	}
	e.outs++
	return min(base<<min(e.outs-1, 16), longestEject)
}

// spareable: in none of its groups is half of the endpoints out when this one is too.
func (f *Fleet) spareable(e *Endpoint) bool {
	for _, g := range e.groups {
		all, out := 0, 1
		g.each(func(m member) {
			all++
			if m.state() != Up {
				out++
			}
		})
		if 2*out > all {
			return false
		}
	}
	return true
}

func (f *Fleet) readmit(e *Endpoint, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !e.ejected.Load() {
		return
	}
	if e.greet != nil {
		e.greet() // when it has answered in the meantime
	}
	e.greet, e.back = nil, time.Now()
	e.refused.Store(false)
	f.setEjected(e, false, why)
}

func (f *Fleet) setEjected(e *Endpoint, ejected bool, why string) {
	e.why = why
	e.ejected.Store(ejected)
	for _, g := range e.groups {
		g.rebuild()
		f.tell(g, e, !ejected, why)
	}
}

// await has a newborn endpoint wait for its first turn until it accepts connections; needs Fleet.mu. A task runs when its
// program has been started, which may be long before it listens.
func (f *Fleet) await(e *Endpoint) {
	e.unmet.Store(true)
	e.greet = f.prober.Greet(e.Addr, 0, func() { f.meet(e) })
}

func (f *Fleet) meet(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.retired.Load() || !e.unmet.Load() {
		return
	}
	e.greet, e.met = nil, time.Now()
	e.unmet.Store(false)
	for _, g := range e.groups {
		g.rebuild()
	}
}
