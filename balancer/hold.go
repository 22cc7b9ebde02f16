package balancer

import (
	"context"
	"sync"
	"time"
)

// Requests that find no endpoint wait for one: in the middle of a deployment there may be none for a moment, and a
// client that waits a second has lost nothing. The queue is bounded, and there is none for a service that has been
// without endpoints for long.

// DefaultQueue is how many requests of a service may wait where Options say nothing.
const DefaultQueue = 1000

// momentary bounds how long a service may be without an endpoint for its requests to wait for one: after that the wait is
// no longer for a deployment's end.
const momentary = time.Minute

// A queue is the requests of a group that wait.
type queue struct {
	mu      sync.Mutex
	waiting int
	closed  bool          // the group is gone: another one of its name may be there
	change  chan struct{} // closed when there may be an endpoint; nil: nobody waits
}

// A Turn is what a group looked like when a request asked it for an endpoint.
type Turn uint64

// Turn is taken before endpoints are asked: Hold then knows whether there is another chance.
func (g *Group) Turn() Turn { return Turn(g.turns.Load()) }

// Paused says that requests shall wait although there may be endpoints.
func (g *Group) Paused() bool { return g.paused.Load() }

// Waiting is the number of requests that wait for an endpoint.
func (g *Group) Waiting() int {
	g.queue.mu.Lock()
	defer g.queue.mu.Unlock()
	return g.queue.waiting
}

// close lets nobody wait any more, unless somebody does: then the group is still needed.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = q.waiting == 0
	return q.closed
}

// A HoldError is why a request does not wait, or no longer. Its Code is for logs and counters.
type HoldError struct{ code, text string }

// Error says it in words.
func (e *HoldError) Error() string { return e.text }

// Code is "no-endpoint", "queue-full" or "retry-budget".
func (e *HoldError) Code() string { return e.code }

var (
	errLate     = &HoldError{"no-endpoint", "none came in the time that the request may wait"}
	errLongLost = &HoldError{"no-endpoint", "the service has had none for so long that nobody waits"}
	errFull     = &HoldError{"queue-full", "as many requests as may are waiting for one"}
	errSpent    = &HoldError{"retry-budget", "the service may not be asked again so often"}
)

// Hold waits until there may be an endpoint that was not there at the turn, at most until a moment. Its error is a
// *HoldError, or the context's.
func (g *Group) Hold(ctx context.Context, turn Turn, until time.Time) error {
	wait := time.Until(until)
	switch {
	case wait <= 0:
		return errLate
	case !g.Paused() && g.longLost(wait):
		return errLongLost
	case !g.enqueue():
		return errFull
	}
	defer g.dequeue()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		change := g.queue.changes()
		if g.Turn() != turn && !g.Paused() && !g.desperate() {
			return nil
		}
		select {
		case <-change:
		case <-timer.C:
			return errLate
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Await waits for a change that somebody else tells of, as Hold does for an endpoint: in the same queue.
func (g *Group) Await(ctx context.Context, change <-chan struct{}, until time.Time) error {
	if !g.enqueue() {
		return errFull
	}
	defer g.dequeue()
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-change:
		return nil
	case <-timer.C:
		return errLate
	case <-ctx.Done():
		return ctx.Err()
	}
}

// longLost: a group that may wait longer than usual for an endpoint may also be without one for longer.
func (g *Group) longLost(wait time.Duration) bool {
	since := g.lost.Load()
	return since != nil && time.Since(*since) > max(momentary, 2*wait)
}

func (g *Group) enqueue() bool {
	g.queue.mu.Lock()
	defer g.queue.mu.Unlock()
	if g.queue.closed || g.queue.waiting >= g.fleet.options.Queue {
		return false
	}
	g.queue.waiting++
	return true
}

func (g *Group) dequeue() {
	g.queue.mu.Lock()
	defer g.queue.mu.Unlock()
	g.queue.waiting--
}

func (q *queue) changes() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.change == nil {
		q.change = make(chan struct{})
	}
	return q.change
}

func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.change != nil {
		close(q.change)
		q.change = nil
	}
}

// turned follows each new ring or plan; needs Fleet.mu.
func (g *Group) turned() {
	g.turns.Add(1)
	if g.desperate() {
		g.lose()
		return
	}
	g.lost.Store(nil)
	g.queue.wake()
}

// lose notes since when there is no good endpoint: a time.Time, which knows how long ago that is whatever becomes of the
// wall clock. After an hour's jump of it requests would else not wait any more, or for endpoints that are long gone.
func (g *Group) lose() {
	if g.lost.Load() == nil {
		now := time.Now()
		g.lost.Store(&now)
	}
}

// desperate: no endpoint is known to be good.
func (g *Group) desperate() bool {
	if p := g.plan.Load(); p != nil {
		return p.desperate
	}
	return g.ring.Load().desperate
}
