package balancer

import (
	"strings"
	"sync/atomic"
	"time"
)

// DefaultBuckets are the upper bounds of Traefik 1.x's histograms.
var DefaultBuckets = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 1200 * time.Millisecond, 5 * time.Second}

// A Tally counts requests and how long they took, by method, protocol and status code. Writing is a
// lookup and two atomic adds, without a lock: a lookup is replaced when a new key comes, which is rare. Metrics read
// it when they are scraped. The zero value is ready; set Buckets before use or not at all.
type Tally struct {
	Buckets []time.Duration // upper bounds, ascending; nil: DefaultBuckets
	Sent    atomic.Uint64   // bytes of answers' bodies, where they are counted

	cells   lookup[Key, cell]
	open    lookup[Stream, atomic.Int64]
	methods methods
}

// A Stream is what open requests are counted by.
type Stream struct{ Method, Protocol string }

// A Key is what finished requests are counted by.
type Key struct {
	Stream
	Code int
}

// A Cell is what one key has come to.
type Cell struct {
	Count   uint64
	Sum     time.Duration
	Buckets []uint64 // of Count, how many took no longer than each of the tally's bounds
}

type cell struct {
	sum     atomic.Int64
	buckets []atomic.Uint64 // not cumulative; the last is without bound
}

// Done counts a finished request.
func (t *Tally) Done(method, protocol string, code int, d time.Duration) {
	c := t.cell(Key{Stream{method, protocol}, code})
	c.sum.Add(int64(d))
	c.buckets[bucket(t.Bounds(), d)].Add(1)
}

// Open adds to the requests under way, which may be a negative number.
func (t *Tally) Open(method, protocol string, delta int64) {
	t.gauge(Stream{method, protocol}).Add(delta)
}

// Bounds are the upper bounds of the buckets.
func (t *Tally) Bounds() []time.Duration {
	if t.Buckets == nil {
		return DefaultBuckets
	}
	return t.Buckets
}

func bucket(bounds []time.Duration, d time.Duration) int {
	for i, b := range bounds {
		if d <= b {
			return i
		}
	}
	return len(bounds)
}

// Each calls see for every key.
func (t *Tally) Each(see func(Key, Cell)) {
	t.cells.each(func(k Key, c *cell) { see(k, c.read()) })
}

// Total is the number of finished requests.
func (t *Tally) Total() (n uint64) {
	t.cells.each(func(_ Key, c *cell) {
		for i := range c.buckets {
			n += c.buckets[i].Load()
		}
	})
	return n
}

// EachOpen calls see with the number of requests under way.
func (t *Tally) EachOpen(see func(Stream, int64)) {
	t.open.each(func(s Stream, n *atomic.Int64) { see(s, n.Load()) })
}

// read makes the buckets cumulative, as metrics want them.
func (c *cell) read() Cell {
	last := len(c.buckets) - 1
	r := Cell{Sum: time.Duration(c.sum.Load()), Buckets: make([]uint64, last)}
	for i := range last {
		r.Count += c.buckets[i].Load()
		r.Buckets[i] = r.Count
	}
	r.Count += c.buckets[last].Load()
	return r
}

func (t *Tally) cell(k Key) *cell {
	if c := t.cells.find(k); c != nil {
		return c
	}
	k.Stream = t.kept(k.Stream)
	return t.cells.obtain(k, &cell{buckets: make([]atomic.Uint64, len(t.Bounds())+1)})
}

func (t *Tally) gauge(s Stream) *atomic.Int64 {
	if n := t.open.find(s); n != nil {
		return n
	}
	return t.open.obtain(t.kept(s), new(atomic.Int64))
}

// kept is a stream as a map may keep it.
func (t *Tally) kept(s Stream) Stream {
	return Stream{t.methods.name(s.Method), strings.Clone(s.Protocol)}
}
