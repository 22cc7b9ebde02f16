package http1

import (
	"sync"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
)

// A carrier is an endpoint's connections: the idle ones, last used first out, so that as few as possible stay warm.
type carrier struct {
	back     *Back
	endpoint *balancer.Endpoint

	mu      sync.Mutex // an endpoint's own; held for a few instructions
	idle    []*upstream
	all     map[*upstream]struct{}
	retired bool // nothing is kept any more
}

// get takes an idle connection or dials.
func (c *carrier) get(x message.Exchange) (*upstream, *message.Failure) {
	if u := c.pop(); u != nil {
		u.reused = true
		return u, nil
	}
	plain, err := c.back.options.Dial(x.Context(), "tcp", c.endpoint.Addr)
	if err != nil {
		return nil, dialFailure(x, err)
	}
	u := newUpstream(c, plain)
	c.mu.Lock()
	c.all[u] = struct{}{}
	first := len(c.all) == 1
	c.mu.Unlock()
	if first {
		c.back.remember(c)
	}
	return u, nil
}

func (c *carrier) pop() *upstream {
	var u *upstream
	c.mu.Lock()
	if last := len(c.idle) - 1; last >= 0 {
		u = c.idle[last]
		c.idle[last] = nil
		c.idle = c.idle[:last]
	}
	c.mu.Unlock()
	return u
}

// put keeps a connection for the next request. False: there are enough.
func (c *carrier) put(u *upstream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired || len(c.idle) >= c.back.options.MaxIdle {
		return false
	}
	u.in.set(idle, &c.back.clock)
	c.idle = append(c.idle, u)
	return true
}

func (c *carrier) forget(u *upstream) {
	c.mu.Lock()
	delete(c.all, u)
	over := c.retired && len(c.all) == 0
	c.mu.Unlock()
	if over {
		c.back.forget(c)
	}
}

// Close implements io.Closer. The endpoint is retired and drained, or its time to drain is over; a closed carrier still
// serves, but keeps nothing.
func (c *carrier) Close() error {
	c.mu.Lock()
	c.retired = true
	idle := c.idle
	c.idle = nil
	empty := len(c.all) == 0
	select {
	case <-c.endpoint.Cut():
		for u := range c.all {
			u.abort()
		}
	default:
	}
	c.mu.Unlock()
	for _, u := range idle {
		u.drop()
	}
	if empty {
		c.back.forget(c)
	}
	return nil
}

// sweep closes what has been idle for too long or was closed by the endpoint, and cuts what is overdue.
func (c *carrier) sweep() {
	c.mu.Lock()
	var stale []*upstream
	kept := c.idle[:0]
	for _, u := range c.idle {
		if u.spent() {
			stale = append(stale, u)
			continue
		}
		kept = append(kept, u)
	}
	clear(c.idle[len(kept):])
	c.idle = kept
	for u := range c.all {
		u.sweep()
	}
	c.mu.Unlock()
	for _, u := range stale {
		u.drop()
	}
}
