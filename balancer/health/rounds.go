package health

import (
	"context"
	"time"
)

// rounds are what a watch and a greeting have in common: something that is done again and again, never twice at once,
// with a goroutine only while it is.
type rounds struct {
	prober *Prober
	ctx    context.Context // ends when it is stopped
	cancel context.CancelFunc
	timer  *time.Timer // the next turn; guarded by prober.mu
}

func (p *Prober) rounds() rounds {
	ctx, cancel := context.WithCancel(p.ctx)
	return rounds{prober: p, ctx: ctx, cancel: cancel}
}

func (r *rounds) schedule(in time.Duration, turn func()) {
	r.prober.mu.Lock()
	defer r.prober.mu.Unlock()
	if !r.prober.closed && r.ctx.Err() == nil {
		r.timer = time.AfterFunc(max(in, 0), turn)
	}
}

// stop does not wait: what is under way may still be told.
func (r *rounds) stop() {
	r.cancel()
	r.prober.mu.Lock()
	defer r.prober.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
}

// round does one probe when there is leave for it, and then what follows from it; nothing, if it was stopped meanwhile: a
// cancelled probe says nothing about the endpoint.
func (r *rounds) round(probe func() error, then func(error)) {
	if !r.prober.enter() {
		return
	}
	defer r.prober.running.Done()
	if !r.prober.slot(r.ctx) {
		return
	}
	err := probe()
	r.prober.free()
	if r.ctx.Err() == nil {
		then(err)
	}
}
