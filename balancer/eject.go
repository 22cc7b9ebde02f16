package balancer

import "fmt"

// eject takes an endpoint out of its groups' rings for a moment. Swarm's list of tasks lags, so a refused
// connection is often the first news of a death; if it was not, the endpoint is soon back. A group whose endpoints are
// all ejected uses them nevertheless, see newRing.
func (f *Fleet) eject(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.ejected.Load() || e.retired.Load() {
		return
	}
	f.setEjected(e, true, fmt.Sprintf("refused a connection, out for %v", f.options.Eject))
	f.agenda.after(f.options.Eject, func() { f.readmit(e) })
}

func (f *Fleet) readmit(e *Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setEjected(e, false, "in again after refusing a connection")
}

func (f *Fleet) setEjected(e *Endpoint, ejected bool, why string) {
	e.ejected.Store(ejected)
	for _, g := range e.groups {
		g.rebuild()
		f.tell(g, e, !ejected, why)
	}
}
