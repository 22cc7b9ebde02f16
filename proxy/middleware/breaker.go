package middleware

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// admittedAtMost is the share of requests let through at the end of a recovery.
const admittedAtMost = 0.5

// A breaker gives a service a rest when its expression holds: at first nobody is let through, then a growing share.
type breaker struct {
	rules.CircuitBreaker
	now func() time.Time

	mu      sync.Mutex
	past    past
	state   state
	since   time.Time // of the state
	checked time.Time
	let     int // let through in this recovery
	refused int // and not
}

type state uint8

const (
	standing state = iota
	tripped
	recovering
)

func newBreaker(f rules.CircuitBreaker, o Options) *breaker {
	f.Check = cmp.Or(f.Check, rules.DefaultBreakerCheck)
	f.Fallback = cmp.Or(f.Fallback, rules.DefaultBreakerRest)
	f.Recovery = cmp.Or(f.Recovery, rules.DefaultBreakerRest)
	f.Status = cmp.Or(f.Status, http.StatusServiceUnavailable)
	return &breaker{CircuitBreaker: f, now: steady(o.Now)}
}

// Request implements Asker.
func (b *breaker) Request(v *Visit) *message.Response {
	now := b.now()
	if b.admits(now) {
		v.Keep(now)
		return nil
	}
	v.Refused = "circuit-breaker"
	return Answer(b.Status, http.StatusText(b.Status))
}

// Response implements Answerer. What took long is the endpoint's head: a client that reads slowly is no fault of
// the service's.
func (b *breaker) Response(v *Visit, r *message.Response) *message.Response {
	began, ok := v.Kept().(time.Time)
	if !ok {
		return r
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.past.add(now, verdictOf(v, r), now.Sub(began))
	b.judge(now)
	return r
}

// verdictOf is the status as it counts. A service of messages says 500 for an error of its caller's, a division by zero say,
// and is well.
func verdictOf(v *Visit, r *message.Response) int {
	if r.Status == http.StatusInternalServerError && v.Forwarded && v.Route != nil && v.Route.Rule.Messages() {
		return http.StatusOK
	}
	return r.Status
}

// Switch implements Switcher: an endpoint that switches protocols has answered, and how long it took counts.
func (b *breaker) Switch(v *Visit, r *message.Response) { b.Response(v, r) }

func (b *breaker) admits(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pass(now)
	switch b.state {
	case tripped:
		return false
	case recovering:
		return b.draw(now)
	}
	return true
}

// pass lets time pass from one state to the next.
func (b *breaker) pass(now time.Time) {
	if b.state == tripped && now.Sub(b.since) >= b.Fallback {
		b.enter(recovering, b.since.Add(b.Fallback))
	}
	if b.state == recovering && now.Sub(b.since) >= b.Recovery {
		b.enter(standing, now)
	}
}

func (b *breaker) enter(s state, now time.Time) {
	b.state, b.since = s, now
	b.let, b.refused = 0, 0
}

// draw lets a request through if the share of those that were stays below what it may be by now.
func (b *breaker) draw(now time.Time) bool {
	share := admittedAtMost * float64(now.Sub(b.since)) / float64(b.Recovery)
	if float64(b.let+1) <= share*float64(b.let+b.refused+1) {
		b.let++
		return true
	}
	b.refused++
	return false
}

// judge asks the expression, not too often. What led to a trip is forgotten, so that it does not lead to the next.
func (b *breaker) judge(now time.Time) {
	if b.state == tripped || now.Sub(b.checked) < b.Check {
		return
	}
	b.checked = now
	if b.When.Trips(pastAt{&b.past, now}) {
		b.enter(tripped, now)
		b.past = past{}
	}
}
