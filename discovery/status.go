package discovery

import (
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/rules"
)

// Status is what a Loop knows of itself, for readiness, metrics and the page.
type Status struct {
	Looked      time.Time          // the last look that succeeded; zero: none yet
	Swapped     time.Time          // when the table in force was put there; zero: there is none
	Stale       bool               // the last look failed: what is served may be out of date
	Failure     string             // why
	Source      string             // the stream by which changes are told of; "": none is open, and we look from time to time
	Tables      int                // how many were put in force
	Failures    int                // how many looks failed
	Failed      time.Time          // when the last one did
	Diagnostics []rules.Diagnostic // of the table in force
	Delays      Delays             // from a change to its being served, at the most
}

// Delays is a histogram of seconds.
type Delays struct {
	Counts [len(delayBounds)]uint64 // of those at or below each bound
	Count  uint64
	Sum    float64
}

var delayBounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 1, 2.5, 5, 15, 60}

// Bounds are the upper bounds of Counts, in seconds.
func (d Delays) Bounds() []float64 { return delayBounds[:] }

func (d *Delays) observe(t time.Duration) {
	seconds := t.Seconds()
	d.Count++
	d.Sum += seconds
	for i, bound := range delayBounds {
		if seconds <= bound {
			d.Counts[i]++
		}
	}
}

// Status is safe to call at any time.
func (l *Loop) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

func (l *Loop) note(change func(*Status)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.status)
}

// opened notes that a stream is open, and reports whether it was not.
func (l *Loop) opened(stream *Stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.opens[stream]
	l.opens[stream] = true
	l.best()
	return !was
}

// shut notes that a stream is not open, and reports whether it was.
func (l *Loop) shut(stream *Stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.opens[stream]
	l.opens[stream] = false
	l.best()
	return was
}

func (l *Loop) best() {
	l.open, l.status.Source = nil, ""
	for i := range l.options.Streams {
		if stream := &l.options.Streams[i]; l.opens[stream] {
			l.open, l.status.Source = stream, stream.Name
			return
		}
	}
}

// failed notes a look that failed. The log hears of the first in a row, and of every change of the reason.
func (l *Loop) failed(err error) {
	l.fails++
	if text := err.Error(); l.fails == 1 || text != l.Status().Failure {
		l.options.Log.Error("cannot see the swarm; what was last known stays in force", zap.Error(err))
	}
	l.note(func(s *Status) {
		s.Stale, s.Failure, s.Failed = true, err.Error(), time.Now()
		s.Failures++
	})
}

func (l *Loop) recovered() {
	if l.fails > 0 {
		l.options.Log.Info("the swarm answers again", zap.Int("failed_looks", l.fails))
	}
	l.fails = 0
	l.note(func(s *Status) { s.Stale, s.Failure, s.Looked = false, "", time.Now() })
}

// report tells the log what changed, one line a change, and each diagnostic once for as long as it stands.
func (l *Loop) report(table *rules.Table, found []rules.Diagnostic) {
	for _, change := range rules.Diff(l.table, table) {
		l.options.Log.Info("table", zap.Stringer("change", change))
	}
	standing := make(map[rules.Diagnostic]bool, len(found))
	for _, d := range found {
		standing[d] = true
		if l.told[d] {
			continue
		}
		switch d.Severity {
		case rules.Error:
			l.options.Log.Error("label", zap.Stringer("diagnostic", d))
		case rules.Warning:
			l.options.Log.Warn("label", zap.Stringer("diagnostic", d))
		default:
			l.options.Log.Info("label", zap.Stringer("diagnostic", d))
		}
	}
	l.told = standing
}
