package balancer

import "io"

// Retired is closed when no service wants the endpoint any more: no new picks, what is in flight finishes.
func (e *Endpoint) Retired() <-chan struct{} { return e.leave.done() }

// Cut is closed when a retired endpoint has not drained in time: what is still in flight ends now.
func (e *Endpoint) Cut() <-chan struct{} { return e.cut.done() }

// Carrier is what an engine keeps for an endpoint, such as its idle connections: made when first asked for,
// closed when the endpoint is retired, and again when it is drained. What is in flight goes on, and a request that was picked
// just before may still come: a closed carrier serves them, and keeps nothing.
func (e *Endpoint) Carrier(build func(*Endpoint) io.Closer) io.Closer {
	if c := e.carrier.Load(); c != nil {
		return *c
	}
	e.carrying.Lock()
	defer e.carrying.Unlock()
	if c := e.carrier.Load(); c != nil {
		return *c
	}
	c := build(e)
	e.carrier.Store(&c)
	return c
}

// retire is called once, when the endpoint is in no ring any more.
func (e *Endpoint) retire() {
	e.retired.Store(true)
	e.leave.give()
	e.closeCarrier()
	e.fleet.agenda.after(e.fleet.options.Drain, e.cutOff)
	if e.inFlight.Load() == 0 {
		e.drained()
	}
}

// cutOff ends what the drain deadline found.
func (e *Endpoint) cutOff() {
	if e.inFlight.Load() == 0 {
		return
	}
	e.cut.give()
	e.drained()
}

// drained closes the carrier and forgets the endpoint. The last End and retire may both come here.
func (e *Endpoint) drained() {
	e.closeCarrier()
	e.fleet.forget(e)
}

func (e *Endpoint) closeCarrier() {
	e.carrying.Lock()
	defer e.carrying.Unlock()
	if c := e.carrier.Load(); c != nil {
		(*c).Close() // nobody is left who could act on its error
	}
}
