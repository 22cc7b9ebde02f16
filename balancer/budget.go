package balancer

import (
	"context"
	"sync"
	"time"
)

// A retry doubles the load of whoever is in trouble already. A budget bounds that: a fifth of a service's requests, and a
// few a second where there are few requests. What is beyond it comes later: when a task is killed, its requests are many
// at once, and none of them has done anything to be lost.
const (
	budgetEach  = 5   // requests that allow a retry
	budgetFloor = 10  // retries a second that are always allowed
	budgetMost  = 100 // retries that may be saved up
)

// A budget is what a service may spend on retries. Only they write it: what the requests have earned is taken from the
// group's tally when one is asked for.
type budget struct {
	mu     sync.Mutex
	seen   uint64    // requests that have earned already
	saved  uint64    // in parts of a retry, budgetEach of which make one
	second time.Time // when the last one began that the floor was used in
	used   int       // of the floor, in that second
}

// MayRetry takes a retry from the budget. It is for retries that an endpoint may feel: who refuses a connection feels
// nothing, and is asked no more.
func (g *Group) MayRetry() bool {
	b := &g.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.floor(time.Now()) || b.spend(g.Tally.Total())
}

// AwaitRetry is for a request that may not be retried now, and can wait for the budget to have something again: at most until
// a moment, in the queue of those that wait for an endpoint. Its error is a *HoldError, or the context's.
func (g *Group) AwaitRetry(ctx context.Context, until time.Time) error {
	if !g.enqueue() {
		return errFull
	}
	defer g.dequeue()
	for {
		now := time.Now()
		next := g.budget.next(now)
		if next.After(until) {
			return errSpent
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if g.MayRetry() {
			return nil
		}
	}
}

// next is when the floor can be used again.
func (b *budget) next(now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Add(max(time.Second-now.Sub(b.second), time.Millisecond))
}

func (b *budget) floor(now time.Time) bool {
	if now.Sub(b.second) >= time.Second {
		b.second, b.used = now, 0
	}
	b.used++
	return b.used <= budgetFloor
}

func (b *budget) spend(requests uint64) bool {
	b.saved = min(b.saved+requests-b.seen, budgetMost*budgetEach)
	b.seen = requests
	if b.saved < budgetEach {
		return false
	}
	b.saved -= budgetEach
	return true
}
