package stdhttp

import (
	"sync"
	"time"
)

// A stall is for how long a client of HTTP/2 or 3 may keep one step of a body waiting. Deadlines of net/http's streams will not do: they
// end a stream of which nothing is wanted at the moment, too, such as an event stream without events.
type stall struct {
	most time.Duration // 0: for ever

	mu      sync.Mutex
	timer   *time.Timer // nil: there was no step yet
	waiting bool
}

// begin is the beginning of a step. Should it take too long, give up is called, at most once and not after end.
func (s *stall) begin(giveUp func()) {
	if s.most <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = true
	if s.timer != nil {
		s.timer.Reset(s.most)
		return
	}
	s.timer = time.AfterFunc(s.most, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waiting {
			giveUp()
		}
	})
}

// end is the end of a step.
func (s *stall) end() {
	if s.most <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = false
	s.timer.Stop()
}
