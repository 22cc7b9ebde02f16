package health

import "time"

// The pauses between the dials of a greeting: a program that comes up is seen soon, one that does not costs little.
const (
	greetFirst  = 10 * time.Millisecond
	greetAtMost = 500 * time.Millisecond
)

// A greeting dials an endpoint until it accepts.
type greeting struct {
	rounds
	addr  string
	tell  func()
	pause time.Duration
}

// Greet dials the endpoint after a while, and then again and again until it accepts a connection, which is told once.
// The connection is closed at once. The stop function does not wait: an acceptance on its way may still be told.
func (p *Prober) Greet(addr string, after time.Duration, tell func()) (stop func()) {
	g := &greeting{rounds: p.rounds(), addr: addr, tell: tell, pause: greetFirst}
	g.schedule(after, g.turn)
	return g.stop
}

func (g *greeting) turn() {
	g.round(g.dial, func(err error) {
		if err == nil {
			g.tell()
			g.cancel()
			return
		}
		pause := g.pause
		g.pause = min(2*g.pause, greetAtMost)
		g.schedule(pause, g.turn)
	})
}

func (g *greeting) dial() error {
	c, err := g.prober.dial(g.ctx, "tcp", g.addr)
	if err != nil {
		return err
	}
	return c.Close()
}
