package proxy

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A refusal is why a TCP route's filters let a connection not pass.
type refusal struct {
	code   string
	status int // for the books, as its like among requests gets
}

// Error implements error.
func (r *refusal) Error() string { return "refused: " + r.code }

// Code is the word for logs and counters.
func (r *refusal) Code() string { return r.code }

var (
	routeClosed = &refusal{"route-closed", http.StatusServiceUnavailable}
	notAllowed  = &refusal{"not-allowed", http.StatusForbidden}
	tooManyOpen = &refusal{"in-flight", http.StatusTooManyRequests}
)

// A crowd counts the connections of clients to routes. A key is kept while it has any.
type crowd struct {
	mu   sync.Mutex
	open map[member]int64
}

// A member is a client of a route, by the place of the limit among its filters.
type member struct {
	route  string
	filter int
	client netip.Prefix
}

func (c *crowd) enter(m member, amount int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[m] >= amount {
		return false
	}
	if c.open == nil {
		c.open = map[member]int64{}
	}
	c.open[m]++
	return true
}

func (c *crowd) leave(m member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[m]--; c.open[m] <= 0 {
		delete(c.open, m)
	}
}

// admit asks the route's filters, in their order; nil: they let it pass.
func (p *passage) admit() *refusal {
	for i, f := range p.route.Filters {
		switch f := f.(type) {
		case rules.Closed:
			return routeClosed
		case rules.AllowList:
			if !message.Within(f.Ranges, p.from.Addr()) {
				return notAllowed
			}
		case rules.InFlight:
			m := member{p.route.Name, i, p.key()}
			if !p.entry.proxy.crowd.enter(m, f.Amount) {
				return tooManyOpen
			}
			p.entered = append(p.entered, m)
		}
	}
	return nil
}

func (p *passage) refuse(why *refusal) error {
	p.status, p.failure = why.status, &message.Failure{Side: message.Client, Step: message.Dialing, Err: why}
	return why
}

// key is what limits count the client under: its address, of which the router's flag says how much counts.
func (p *passage) key() netip.Prefix {
	addr, bits := p.from.Addr(), p.from.Addr().BitLen()
	if n := p.entry.proxy.options.Filters.IPv6; addr.Is6() && n > 0 && n < bits {
		bits = n
	}
	network, _ := addr.Prefix(bits)
	return network
}
