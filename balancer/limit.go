package balancer

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/appia-edge/appia/rules"
)

// A limiter counts requests under way by key and refuses those above an amount. It stays with its group:
// a change of the amount applies to those already counted.
type limiter struct {
	amount atomic.Int64 // written by Grow; 0: off, negative: nothing may enter
	seed   maphash.Seed
	shards [32]shard
}

type shard struct {
	mu     sync.Mutex
	counts map[string]*int64
}

// Enter asks whether one more request of this key may be under way. Whoever got true calls Leave with the
// same key at the end.
func (g *Group) Enter(key string) bool {
	l := g.limit.Load()
	return l == nil || l.enter(key)
}

// Leave ends what Enter allowed.
func (g *Group) Leave(key string) {
	if l := g.limit.Load(); l != nil {
		l.leave(key)
	}
}

// limitTo applies a service's setting. A group that never had a limit has no limiter, and pays nothing.
func (g *Group) limitTo(m *rules.MaxConn) {
	l, amount := g.limit.Load(), amountOf(m)
	if l == nil && amount == 0 {
		return
	}
	if l == nil {
		l = &limiter{seed: maphash.MakeSeed()}
		defer g.limit.Store(l)
	}
	l.amount.Store(amount)
}

func amountOf(m *rules.MaxConn) int64 {
	if m == nil {
		return 0
	}
	return m.Amount
}

func (l *limiter) enter(key string) bool {
	amount := l.amount.Load()
	if amount <= 0 {
		return amount == 0
	}
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[key]
	if n == nil {
		// The key may be a view of a buffer that the next request overwrites; the map needs its own.
		n = new(int64)
		s.add(strings.Clone(key), n)
	}
	if *n >= amount {
		return false
	}
	*n++
	return true
}

// leave forgives those it never counted, who entered while the limit was off.
func (l *limiter) leave(key string) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[key]
	if n == nil {
		return
	}
	if *n--; *n <= 0 {
		delete(s.counts, key) // keys are the clients' to choose: none may stay for ever
	}
}

func (s *shard) add(key string, n *int64) {
	if s.counts == nil {
		s.counts = make(map[string]*int64)
	}
	s.counts[key] = n
}

func (l *limiter) shard(key string) *shard {
	return &l.shards[maphash.String(l.seed, key)%uint64(len(l.shards))]
}
