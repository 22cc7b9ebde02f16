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

// warm is how many ticks a connection may have been idle to carry a request that cannot be sent twice.
const warm = 1

// get takes an idle connection or dials.
func (c *carrier) get(x message.Exchange) (*upstream, *message.Failure) {
	if u := c.pop(); u != nil && c.trusts(u, x.Request()) {
		u.reused = true
		return u, nil
	} else if u != nil {
		u.drop()
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

// trusts tells whether a kept connection may carry the request. The endpoint may be about to close it, or its machine
// may be gone, and a request that dies of that can only fail if it must not be sent twice: for a dial's price it has a
// connection that the endpoint has shown within two seconds to be alive. The other makes way, so that there are no more of them.
func (c *carrier) trusts(u *upstream, q *message.Request) bool {
	if q.Body == nil && message.Idempotent(q.Method) {
		return true
	}
	_, _, age := u.in.get(&c.back.clock)
	return age <= warm
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

// empty closes the idle connections: nobody hears on their other side.
func (c *carrier) empty() {
	c.mu.Lock()
	idle := c.idle
	c.idle = nil
	c.mu.Unlock()
	for _, u := range idle {
		u.drop()
	}
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
