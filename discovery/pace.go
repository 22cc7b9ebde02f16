package discovery

import "time"

// pace decides how long to wait between looks.
type pace struct {
	calm       time.Duration
	cost       time.Duration // of the last look, and of making a table of it if it was new
	lookEnded  time.Time
	converging bool // the swarm is still on its way
	lastHint   time.Time
	lastChange time.Time
	lastLook   time.Time
	hintedAt   time.Time // of the first hint since the last look
}

func (p *pace) hinted(now time.Time) {
	if now.IsZero() {
		now = time.Now() // its time went to the hint before, which came in the same moment
	}
	p.lastHint = now
	if p.hintedAt.IsZero() {
		p.hintedAt = now
	}
}

// looking notes that a look begins. It returns since when, at the most, what this look will find new has been so:
// since the first hint, or without one since the look before.
func (p *pace) looking(now time.Time) (since time.Time) {
	switch {
	case !p.hintedAt.IsZero():
		since = p.hintedAt
	case !p.lastLook.IsZero():
		since = p.lastLook
	default:
		since = now
	}
	p.lastLook, p.hintedAt = now, time.Time{}
	return since
}

func (p *pace) looked(now time.Time, cost time.Duration) { p.lookEnded, p.cost = now, cost }

// rest is how long to wait after a hint. Events come in bursts, and each is answered by a look at everything; what a
// complete stream tells is served at once, but for changes that follow each other so fast that a fifth of a core is not
// enough for them.
func (p *pace) rest(now time.Time, complete bool) time.Duration {
	if !complete {
		return max(breath, p.cost)
	}
	return max(0, p.lookEnded.Add(min(max(sigh, 4*p.cost), mostSighs)).Sub(now))
}

// interval is short while something is going on, long when calm.
func (p *pace) interval(now time.Time) time.Duration {
	switch {
	case now.Sub(p.lastHint) < hurry:
		return min(fast, p.calm)
	case p.converging && now.Sub(p.lastChange) < patience:
		return min(fast, p.calm)
	case p.converging:
		return min(slow, p.calm)
	}
	return p.calm
}

// respite is how long the engine is left alone after a look. One at 50,000 tasks costs more than a second, mostly the
// engine's: about a fifth of the time is spent on such. One at a small swarm may take long as well, while the engine has
// containers to start; what it then waits for is nobody's work, and news are due.
func (p *pace) respite() time.Duration { return 4 * (p.cost - fast/2) }
