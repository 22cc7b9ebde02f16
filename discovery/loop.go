// Package discovery keeps the routing table true to the swarm.
//
// A Loop looks at the swarm whenever it has a hint that something changed, and from time to time without one; it turns
// what it sees into a table and hands that on. Nothing is computed from a hint's content, so a lost or doubled hint
// cannot make the table wrong.
package discovery

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A Source is where a swarm can be seen. Both methods are called from one goroutine each.
type Source interface {
	// Snapshot is the swarm as it is now.
	Snapshot(ctx context.Context) (*snapshot.Swarm, error)
	// Hints calls hint whenever something may have changed, once when it begins, and returns when it can tell no more.
	Hints(ctx context.Context, hint func()) error
}

// Options is what a Loop is made of.
type Options struct {
	Source Source
	// Read turns what there is into what is asked for.
	Read func(*snapshot.Swarm) ([]rules.Spec, []rules.Diagnostic)
	// Compile turns what is asked for into a table; prev is the last one, whose work may be used again.
	Compile func(prev *rules.Table, specs []rules.Spec) (*rules.Table, []rules.Diagnostic)
	// Apply puts a table in force; it returns when requests are served by it, and what only then is seen to be wrong.
	Apply    func(*rules.Table, *snapshot.Swarm) []rules.Diagnostic
	Log      *zap.Logger
	Calm     time.Duration // between looks while nothing happens; 0: 15 s
	Once     bool          // look until it succeeded, then never again (--docker.watch=false)
	StateDir string        // where the last good snapshot is kept; "": nowhere
}

// The paces of looking. After a hint, and while the swarm is on its way to what was asked for, tasks come and go
// without any event: then we look often, though not for ever should a service never come up.
const (
	fast        = 250 * time.Millisecond
	slow        = time.Second
	hurry       = 5 * time.Second // looks stay fast this long after the last hint
	patience    = time.Minute     // and this long after the last change while a service converges
	firstLook   = 2 * time.Second // how long the state on disk may wait for the swarm at start
	breath      = 50 * time.Millisecond
	retryFirst  = 500 * time.Millisecond
	retryAtMost = 10 * time.Second
)

// A Loop is the goroutine that looks. Run it once.
type Loop struct {
	options Options
	hints   chan struct{} // one slot: that there was a hint is all that counts
	store   *store
	last    *snapshot.Swarm
	table   *rules.Table
	told    map[rules.Diagnostic]bool // what the log has said already
	pace    pace
	fails   int // looks in a row that failed

	mu     sync.Mutex
	status Status
}

// New makes a Loop.
func New(o Options) *Loop {
	if o.Calm <= 0 {
		o.Calm = 15 * time.Second
	}
	return &Loop{
		options: o,
		hints:   make(chan struct{}, 1),
		store:   newStore(o.StateDir, o.Log),
		told:    map[rules.Diagnostic]bool{},
		pace:    pace{calm: o.Calm},
	}
}

// Run looks until ctx ends. It owns the goroutine that listens for hints and waits for it.
func (l *Loop) Run(ctx context.Context) {
	l.begin(ctx)
	var listener sync.WaitGroup
	defer listener.Wait()
	listening, deafen := context.WithCancel(ctx)
	defer deafen() // before the wait: after a panic it would else last for ever, and the table stand still without a word
	if !l.options.Once {
		listener.Go(func() { l.listen(listening) })
	}
	for l.wait(ctx) {
		l.look(ctx)
	}
	l.store.flush()
}

// begin looks for the first time. What is on disk serves when the swarm does not answer soon.
func (l *Loop) begin(ctx context.Context) {
	soon, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	if l.look(soon) || ctx.Err() != nil {
		return
	}
	if kept := l.store.load(); kept != nil {
		l.options.Log.Warn("the swarm does not answer: serving what was last known, from disk", zap.Int("services", len(kept.Services)))
		l.publish(kept)
	}
}

// wait ends when it is time to look again; false when there is nothing more to look for.
func (l *Loop) wait(ctx context.Context) bool {
	if l.options.Once && l.fails == 0 {
		<-ctx.Done()
		return false
	}
	timer := time.NewTimer(l.interval())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-l.hints:
		l.pace.hinted(time.Now())
		return l.rest(ctx)
	case <-l.store.due():
		l.store.flush()
		return l.wait(ctx)
	}
}

// rest lets a burst of hints become one look, and keeps looks that cost much from taking all of a core.
func (l *Loop) rest(ctx context.Context) bool {
	timer := time.NewTimer(max(breath, l.pace.cost))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (l *Loop) interval() time.Duration {
	if l.fails > 0 {
		return min(retryFirst<<min(l.fails-1, 10), retryAtMost)
	}
	// A look at 50,000 tasks costs more than a second, mostly the engine's: at most a fifth of the time is spent looking.
	return max(l.pace.interval(time.Now()), 4*l.pace.cost)
}

// look takes one look and publishes what is new. A look that fails changes nothing that is served.
func (l *Loop) look(ctx context.Context) bool {
	began := time.Now()
	since := l.pace.looking(began)
	seen, err := l.options.Source.Snapshot(ctx)
	if err != nil {
		l.store.flush() // trouble has begun: should we die in it, the next router has all that we knew
		if ctx.Err() == nil || l.table == nil {
			l.failed(err)
		}
		return false
	}
	l.pace.cost = time.Since(began)
	l.recovered()
	l.pace.converging = converging(seen)
	if l.last != nil && seen.Reuse(l.last) {
		return true
	}
	l.pace.lastChange = time.Now()
	l.publish(seen)
	l.store.keep(seen)
	l.note(func(s *Status) { s.Delays.observe(time.Since(since)) })
	return true
}

// publish makes a table of what was seen and puts it in force.
func (l *Loop) publish(seen *snapshot.Swarm) {
	specs, found := l.options.Read(seen)
	table, more := l.options.Compile(l.table, specs)
	found = append(found, more...)
	l.note(func(s *Status) { s.Diagnostics = found }) // first, so that whoever sees the table sees what is said of it
	if more = l.options.Apply(table, seen); len(more) > 0 {
		found = slices.Concat(found, more)
		l.note(func(s *Status) { s.Diagnostics = found })
	}
	l.report(table, found)
	l.last, l.table = seen, table
	l.note(func(s *Status) {
		s.Tables++
		s.Swapped = time.Now()
	})
}

func converging(s *snapshot.Swarm) bool {
	for i := range s.Services {
		if s.Services[i].Converging {
			return true
		}
	}
	return false
}

// listen keeps the stream of hints open.
func (l *Loop) listen(ctx context.Context) {
	for fails := 0; ctx.Err() == nil; fails++ {
		began := time.Now()
		err := l.options.Source.Hints(ctx, l.hint)
		l.note(func(s *Status) { s.Hinting = false })
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > retryAtMost {
			fails = 0
		}
		l.options.Log.Debug("the event stream ended; polling until it is back", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(min(retryFirst<<min(fails, 10), retryAtMost)):
		}
	}
}

func (l *Loop) hint() {
	l.note(func(s *Status) { s.Hinting = true })
	select {
	case l.hints <- struct{}{}:
	default:
	}
}
