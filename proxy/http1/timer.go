package http1

import (
	"math"
	"sync/atomic"
	"time"
)

// A timer is what one direction of a connection waits for, and since which tick. A sweep once a second finds what is
// overdue: setting a deadline on each request would cost two locks and a heap operation, this is an exchange of a word.
type timer struct{ word atomic.Uint64 }

// A wait is what a connection waits for.
type wait uint8

const (
	nothing  wait = iota
	idle          // the next request, or a request at all
	dozing        // as idle, and the connection is to leave its goroutine
	asleep        // as idle, without a goroutine
	heading       // the rest of a head
	body          // more of a body
	working       // somebody else: nothing is expected of this connection
	draining      // the end of what is not wanted any more
	spliced       // a body that the kernel moves
	overdue       // it has been given up; nothing follows
)

// A clock counts the ticks of its owner.
type clock struct{ ticks atomic.Uint32 }

// set notes what is waited for from now on. False: it is too late, the connection has been given up.
func (t *timer) set(w wait, c *clock) bool { return t.swap(w, c) != overdue }

// swap is set, and tells what was waited for before.
func (t *timer) swap(w wait, c *clock) (before wait) {
	old := t.word.Swap(uint64(w)<<32 | uint64(c.ticks.Load()))
	if before = wait(old >> 32); before == overdue {
		t.word.Store(uint64(overdue) << 32)
	}
	return before
}

// become changes what is waited for, but not since when. False: it is something else by now.
func (t *timer) become(from, to wait) bool {
	word := t.word.Load()
	return wait(word>>32) == from && t.word.CompareAndSwap(word, uint64(to)<<32|word&math.MaxUint32)
}

// turn goes on from one wait to another, unless somebody else has gone on already.
func (t *timer) turn(from, to wait, c *clock) {
	if word := t.word.Load(); wait(word>>32) == from {
		t.word.CompareAndSwap(word, uint64(to)<<32|uint64(c.ticks.Load()))
	}
}

// get is what is waited for, and for how many ticks.
func (t *timer) get(c *clock) (word uint64, w wait, age uint32) {
	word = t.word.Load()
	return word, wait(word >> 32), c.ticks.Load() - uint32(word)
}

// expire gives up, unless something has happened since word was read.
func (t *timer) expire(word uint64) bool {
	return t.word.CompareAndSwap(word, uint64(overdue)<<32)
}

func (t *timer) is(w wait) bool { return wait(t.word.Load()>>32) == w }

func (t *timer) expired() bool { return t.is(overdue) }

// passed tells whether age ticks are more than d. A tick may have been about to come when the wait began.
func passed(age uint32, d time.Duration) bool {
	return d > 0 && time.Duration(age) > (d+time.Second-1)/time.Second
}
