package stdhttp

import "time"

// A stall is for how long a client of HTTP/2 or 3 may keep one step of a body waiting. To set a deadline costs net/http a message to
// another goroutine, so that it is set ahead, and again when a quarter of the time has passed: a step has three quarters at least.
type stall struct {
	most time.Duration // 0: for ever
	set  time.Time     // when last
}

// begin gives the step that follows its time.
func (s *stall) begin(deadline func(time.Time) error) {
	if s.most <= 0 {
		return
	}
	now := time.Now()
	if now.Sub(s.set) < s.most/4 {
		return
	}
	s.set = now
	_ = deadline(now.Add(s.most)) // HTTP/2's and 3's can
}
