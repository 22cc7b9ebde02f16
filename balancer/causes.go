package balancer

import (
	"strings"
	"sync/atomic"
)

// Causes counts what went wrong, by whose fault it was and why. It is written only where something has, and read by metrics
// when they are scraped. The zero value is ready.
type Causes struct{ counts lookup[Cause, atomic.Uint64] }

// A Cause is what they are counted by: words of our own, never a client's or an endpoint's.
type Cause struct{ Side, Code string }

// maxCauses is more than there are. Each is a series for ever, so that a code that is made up as we go, against the rule above,
// shall cost a count of its own but not our memory.
const maxCauses = 200

// otherCause stands for what is beyond them.
const otherCause = "other"

// Add counts one.
func (c *Causes) Add(side, code string) {
	k := Cause{side, code}
	n := c.counts.find(k)
	if n == nil {
		n = c.first(k)
	}
	n.Add(1)
}

func (c *Causes) first(k Cause) *atomic.Uint64 {
	if c.counts.size() >= maxCauses {
		k.Code = otherCause
	}
	return c.counts.obtain(Cause{strings.Clone(k.Side), strings.Clone(k.Code)}, new(atomic.Uint64))
}

// Each calls see for every cause that there was.
func (c *Causes) Each(see func(Cause, uint64)) {
	c.counts.each(func(k Cause, n *atomic.Uint64) { see(k, n.Load()) })
}
