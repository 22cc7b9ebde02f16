package stdhttp

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// A patience ends a trip whose request has its own time for the head of the answer.
type patience struct {
	cancel context.CancelFunc
	timer  *time.Timer
	over   atomic.Bool // it was too long
}

var errLate = errors.New("the endpoint did not answer in time")

// wait has the context end when the time is over; 0: it has no end of its own, and nil is returned.
func wait(ctx context.Context, most time.Duration) (context.Context, *patience) {
	if most <= 0 {
		return ctx, nil
	}
	p := &patience{}
	ctx, p.cancel = context.WithCancel(ctx)
	p.timer = time.AfterFunc(most, func() {
		p.over.Store(true)
		p.cancel()
	})
	return ctx, p
}

// heard: the head is there, and the body has all the time that it wants.
func (p *patience) heard() {
	if p != nil {
		p.timer.Stop()
	}
}

// end is the end of the exchange.
func (p *patience) end() {
	if p != nil {
		p.timer.Stop()
		p.cancel()
	}
}

func (p *patience) late() bool { return p != nil && p.over.Load() }
