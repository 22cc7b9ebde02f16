package proxy

import (
	"io"
	"sync"

	"github.com/appia-edge/appia/balancer"
)

// cords are the connections of TCP routes to an endpoint. They outlive its retirement, and are cut when its time to drain is over.
type cords struct {
	endpoint *balancer.Endpoint
	mu       sync.Mutex
	open     map[*passage]struct{}
}

func cordsOf(e *balancer.Endpoint) *cords {
	c, _ := e.Carrier(func(e *balancer.Endpoint) io.Closer { return &cords{endpoint: e, open: map[*passage]struct{}{}} }).(*cords)
	return c
}

func (c *cords) add(p *passage) {
	c.mu.Lock()
	c.open[p] = struct{}{}
	c.mu.Unlock()
	_ = c.Close() // its time may be over already
}

func (c *cords) remove(p *passage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, p)
}

// Close implements io.Closer, for the endpoint, which calls it as soon as it is retired: what is under way goes on until the
// endpoint is cut.
func (c *cords) Close() error {
	select {
	case <-c.endpoint.Cut():
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.open {
		_ = p.Close()
	}
	return nil
}
