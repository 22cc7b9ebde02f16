// Package discovery keeps the routing table true to the swarm.
//
// A Loop looks at the swarm whenever it has a hint that something changed, and from time to time without one; it turns
// what it sees into a table and hands that on. Nothing is computed from a hint's content, so a lost or doubled hint
// cannot make the table wrong.
package discovery

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A Source is where a swarm can be seen.
type Source interface {
	// Snapshot is the swarm as it is now. It is called from one goroutine.
	Snapshot(ctx context.Context) (*snapshot.Swarm, error)
}

// A Stream tells that something may have changed.
type Stream struct {
	Name string // for log, metric and page
	// Run calls hint once when it begins and whenever something may have changed, and returns when it can tell no more.
	// It has a goroutine of its own and is called again after a while.
	Run func(ctx context.Context, hint func()) error
	// Complete says that nothing changes without a hint, and that looks cost little while the stream is open: then we look
	// at each hint, and without one only to see that the swarm still lives.
	Complete bool
	// Optional says that it is no trouble if there is no such stream (fs.ErrNotExist).
	Optional bool
}

// Options is what a Loop is made of.
type Options struct {
	Source  Source
	Streams []Stream // the best comes first
	// Read turns what there is into what is asked for.
	Read func(*snapshot.Swarm) ([]rules.Spec, []rules.Diagnostic)
	// Compile turns what is asked for into a table; prev is the last one, whose work may be used again.
	Compile func(prev *rules.Table, specs []rules.Spec) (*rules.Table, []rules.Diagnostic)
	// Apply puts a table in force; it returns when requests are served by it, and what only then is seen to be wrong.
	Apply func(*rules.Table, *snapshot.Swarm) []rules.Diagnostic
	Log   *zap.Logger
	Calm  time.Duration // between looks while nothing happens; 0: 15 s
	Once  bool          // look until it succeeded, then never again (--docker.watch=false)
	// Linger is how long the routes of a service that was removed stay, for its requests to wait for one of its name; nil: not
	// at all.
	Linger   func(*snapshot.Service) time.Duration
	StateDir string // where the last good snapshot is kept; "": nowhere
}

// The paces of looking. After a hint, and while the swarm is on its way to what was asked for, tasks come and go
// without any event: then we look often, though not for ever should a service never come up.
const (
	fast        = 100 * time.Millisecond
	slow        = time.Second
	hurry       = 5 * time.Second // looks stay fast this long after the last hint
	patience    = time.Minute     // and this long after the last change while a service converges
	firstLook   = 2 * time.Second // how long the state on disk may wait for the swarm at start
	breath      = 50 * time.Millisecond
	sigh        = 5 * time.Millisecond
	mostSighs   = 200 * time.Millisecond // also after a look at the whole Engine API, which says nothing of what the next costs
	retryFirst  = 500 * time.Millisecond
	retryAtMost = 10 * time.Second
)

// A Loop is the goroutine that looks. Run it once.
type Loop struct {
	options Options
	hints   chan struct{} // one slot: that there was a hint is all that counts
	store   *store
	gone    lingerer
	last    *snapshot.Swarm // as it was seen
	table   *rules.Table
	told    map[rules.Diagnostic]bool // what the log has said already
	pace    pace
	fails   int // looks in a row that failed

	mu     sync.Mutex
	status Status
	open   *Stream // the best of those that are; nil: none
	opens  map[*Stream]bool
	kicked time.Time // when the first hint came that has not been heeded yet
}

// New makes a Loop.
func New(o Options) *Loop {
	if o.Calm <= 0 {
		o.Calm = 15 * time.Second
	}
	if o.Once {
		o.Linger = nil // nobody would look when it is over
	}
	return &Loop{
		options: o,
		hints:   make(chan struct{}, 1),
		store:   newStore(o.StateDir, o.Log),
		told:    map[rules.Diagnostic]bool{},
		pace:    pace{calm: o.Calm},
		opens:   map[*Stream]bool{},
		gone:    lingerer{linger: o.Linger},
	}
}

// Run looks until ctx ends. It owns the goroutines that listen for hints and waits for them.
func (l *Loop) Run(ctx context.Context) {
	l.begin(ctx)
	var listener sync.WaitGroup
	defer listener.Wait()
	listening, deafen := context.WithCancel(ctx)
	defer deafen() // before the wait: after a panic it would else last for ever, and the table stand still without a word
	if !l.options.Once {
		for i := range l.options.Streams {
			listener.Go(func() { l.listen(listening, &l.options.Streams[i]) })
		}
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
		l.last = kept
	}
}

// wait ends when it is time to look again; false when there is nothing more to look for.
func (l *Loop) wait(ctx context.Context) bool {
	if l.options.Once && l.fails == 0 {
		<-ctx.Done()
		return false
	}
	timer := time.NewTimer(l.untilNext())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-l.hints:
		l.pace.hinted(l.firstHint())
		return l.rest(ctx)
	case <-l.store.due():
		l.store.flush()
		return l.wait(ctx)
	}
}

// rest lets a burst of hints become one look, and keeps looks that cost much from taking all of a core.
func (l *Loop) rest(ctx context.Context) bool {
	timer := time.NewTimer(l.pace.rest(time.Now(), l.complete()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// untilNext is how long to wait without a hint: also for the end of what lingers.
func (l *Loop) untilNext() time.Duration {
	interval := l.interval()
	if l.gone.next.IsZero() || l.fails > 0 {
		return interval
	}
	return min(interval, max(0, time.Until(l.gone.next)))
}

func (l *Loop) interval() time.Duration {
	if l.fails > 0 {
		return min(retryFirst<<min(l.fails-1, 10), retryAtMost)
	}
	if l.complete() {
		return l.pace.calm
	}
	return max(l.pace.interval(time.Now()), l.pace.respite())
}

// complete reports whether we are told of every change.
func (l *Loop) complete() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open != nil && l.open.Complete
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
	l.pace.looked(time.Now(), time.Since(began))
	l.recovered()
	l.pace.converging = converging(seen)
	same := seen == l.last || l.last != nil && seen.Reuse(l.last)
	shown, haunted := l.gone.haunt(seen, l.last, began)
	l.last = seen
	if same && !haunted {
		return true
	}
	l.publish(shown)
	l.pace.looked(time.Now(), time.Since(began))
	if same {
		return true // what lingered is over: nobody has told of that, and nothing has changed
	}
	l.pace.lastChange = time.Now()
	l.note(func(s *Status) { s.Delays.observe(time.Since(since)) })
	l.store.keep(seen)
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
	l.table = table
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

// listen keeps a stream of hints open.
func (l *Loop) listen(ctx context.Context, stream *Stream) {
	told := ""
	for fails := 0; ctx.Err() == nil; fails++ {
		began := time.Now()
		err := stream.Run(ctx, func() { l.hint(stream) })
		if l.shut(stream) {
			l.kick() // what only this stream would have told has to be looked for
		}
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > retryAtMost {
			fails, told = 0, ""
		}
		told = l.untold(stream, err, told)
		select {
		case <-ctx.Done():
		case <-time.After(min(retryFirst<<min(fails, 10), retryAtMost)):
		}
	}
}

// untold says once that a stream is not open, and again when the reason changes.
func (l *Loop) untold(stream *Stream, err error, told string) string {
	say, missing := l.options.Log.Warn, stream.Optional && errors.Is(err, fs.ErrNotExist)
	if text := err.Error(); missing || text == told {
		say = l.options.Log.Debug
	}
	say("a stream of changes is not open; the swarm is looked at from time to time until it is", zap.String("stream", stream.Name), zap.Error(err))
	return err.Error()
}

func (l *Loop) hint(stream *Stream) {
	if l.opened(stream) {
		l.options.Log.Info("the swarm's changes are told of", zap.String("stream", stream.Name))
	}
	l.kick()
}

// kick has the loop look again.
func (l *Loop) kick() {
	l.mu.Lock()
	if l.kicked.IsZero() {
		l.kicked = time.Now()
	}
	l.mu.Unlock()
	select {
	case l.hints <- struct{}{}:
	default:
	}
}

// firstHint is when the first hint came that has not been heeded yet.
func (l *Loop) firstHint() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.kicked
	l.kicked = time.Time{}
	return first
}
