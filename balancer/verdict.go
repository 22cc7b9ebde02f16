package balancer

import (
	"fmt"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A watch is what one check says about one endpoint, for all groups that have both.
type watch struct {
	endpoint *Endpoint
	stop     func()

	// Guarded by Fleet.mu.
	verdict verdict
	why     string // of the last verdict
	stamp   uint64 // the last generation that wanted it
}

type verdict uint8

const (
	unknown verdict = iota // not probed yet
	up
	down
)

func verdictOf(pass bool) verdict {
	if pass {
		return up
	}
	return down
}

// watchKey: with other settings the question is another one, and is asked anew.
type watchKey struct {
	endpoint *Endpoint
	check    check
}

// A check is rules.Check made comparable; the zero value stands for none.
type check struct {
	path, scheme, host, headers string
	message                     bool
	port, rise, fall            int
	interval, timeout           time.Duration
}

func checkOf(c *rules.Check) check {
	if c == nil {
		return check{}
	}
	headers := ""
	if len(c.Headers) > 0 {
		headers = fmt.Sprintf("%q", c.Headers)
	}
	return check{c.Path, c.Scheme, c.Host, headers, c.Message, c.Port, c.Rise, c.Fall, c.Interval, c.Timeout}
}

// watch finds or starts the probes of an endpoint; needs Fleet.mu. An endpoint that was in the group before
// keeps its verdict until the new settings have one: changing a check must not take anybody out.
func (f *Fleet) watch(e *Endpoint, c *rules.Check, before map[*Endpoint]*watch) *watch {
	if c == nil {
		return nil
	}
	k := watchKey{e, checkOf(c)}
	if w := f.watches[k]; w != nil {
		return w
	}
	w := &watch{endpoint: e}
	if old, member := before[e]; member {
		w.verdict, w.why = old.inherit()
	}
	f.watches[k] = w
	w.stop = f.prober.Watch(e.Endpoint, *c, func(up bool, why string) { f.judge(w, up, why) })
	return w
}

// inherit is the verdict of a former watch; an endpoint that needed none was up.
func (w *watch) inherit() (verdict, string) {
	if w == nil {
		return up, ""
	}
	return w.verdict, w.why
}

// judge puts a verdict into force.
func (f *Fleet) judge(w *watch, pass bool, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	news := w.verdict != verdictOf(pass)
	w.verdict, w.why = verdictOf(pass), why
	if !news {
		return
	}
	for _, g := range w.endpoint.groups {
		if g.watches(w) {
			g.rebuild()
			f.tell(g, w.endpoint, pass, why)
		}
	}
}

// watches reports whether the group listens to a watch.
func (g *Group) watches(w *watch) bool {
	found := false
	g.each(func(m member) { found = found || m.watch == w })
	return found
}

// tell passes news on, later and from the agenda's goroutine: the listener may be slow, and we hold the lock.
func (f *Fleet) tell(g *Group, e *Endpoint, up bool, why string) {
	if hear := f.options.OnVerdict; hear != nil {
		f.agenda.after(0, func() { hear(g.Name, e.url, up, why) })
	}
}
