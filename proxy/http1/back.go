package http1

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/message"
)

// BackOptions are the limits on the way to endpoints. Zero durations mean no limit.
type BackOptions struct {
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error) // bounded in time by itself
	HeadTimeout  time.Duration                                                     // from the request sent to the head of the response
	IdleTimeout  time.Duration                                                     // of a kept connection
	WriteTimeout time.Duration                                                     // between two pieces that an endpoint takes of a request
	Unheard      time.Duration                                                     // for which an endpoint's machine acknowledges nothing of a request
	MaxIdle      int                                                               // kept connections an endpoint
	Limits       Limits                                                            // of a response's head
	Other        Other                                                             // for endpoints of another scheme than http
}

// Other is a Back of another engine.
type Other interface {
	RoundTrip(message.Exchange, *balancer.Endpoint) (*message.Response, *message.Failure)
}

// A Back carries requests to endpoints. Tick has to be called once a second.
type Back struct {
	options BackOptions
	limits  Limits
	clock   clock
	build   func(*balancer.Endpoint) io.Closer // newCarrier; a method value made on each request would be an allocation

	mu       sync.Mutex
	carriers map[*carrier]struct{}
}

// NewBack makes a Back.
func NewBack(o BackOptions) *Back {
	b := &Back{options: o, limits: o.Limits.filled(), carriers: map[*carrier]struct{}{}}
	b.build = b.newCarrier
	return b
}

// RoundTrip sends the exchange's request to an endpoint and returns when the head of the response is there.
// The response's body is still to be read and closed; the response is good until then. Interim responses go to the
// client on the way.
func (b *Back) RoundTrip(x message.Exchange, e *balancer.Endpoint) (*message.Response, *message.Failure) {
	if e.Scheme != "http" {
		return b.options.Other.RoundTrip(x, e)
	}
	c := e.Carrier(b.build).(*carrier)
	for sent := 0; ; {
		u, fail := c.get(x)
		if fail != nil {
			return nil, fail
		}
		if fail = u.roundTrip(x); fail == nil {
			return &u.response, nil
		}
		u.drop()
		if u.unheard.Load() {
			c.empty()
		}
		// A kept connection that dies is no news of the endpoint, which may close one at any time: ask it again. But a request
		// that went out may be what it dies of, and must not take all the others along.
		if u.wrote > 0 {
			sent++
		}
		if !u.reused || !fail.Again || sent > 1 {
			return nil, fail
		}
	}
}

// Tick makes a second pass.
func (b *Back) Tick(time.Time) {
	b.clock.ticks.Add(1)
	b.mu.Lock()
	all := make([]*carrier, 0, len(b.carriers))
	for c := range b.carriers {
		all = append(all, c)
	}
	b.mu.Unlock()
	for _, c := range all {
		c.sweep()
	}
}

func (b *Back) newCarrier(e *balancer.Endpoint) io.Closer {
	c := &carrier{back: b, endpoint: e, all: map[*upstream]struct{}{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.carriers[c] = struct{}{}
	return c
}

func (b *Back) forget(c *carrier) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.carriers, c)
}

func (b *Back) remember(c *carrier) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.carriers[c] = struct{}{}
}

func dialFailure(x message.Exchange, err error) *message.Failure {
	f := &message.Failure{Side: message.Upstream, Step: message.Dialing, Err: err}
	switch {
	case x.Context().Err() != nil:
		f.Side = message.Client
		return f
	case conn.Timeout(err):
		f.Step = message.TimedOut
	case conn.Refused(err):
		f.Step = message.Refused
	}
	body := x.Request().Body
	f.Again = body == nil || untouched(body)
	return f
}
