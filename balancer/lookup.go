package balancer

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A lookup is a map that is read without a lock: a write replaces it, under one. Right for what is read on
// every request and grows a few times in a process's life.
type lookup[K comparable, V any] struct {
	all atomic.Pointer[map[K]*V]
	mu  sync.Mutex
}

func (l *lookup[K, V]) load() map[K]*V {
	if all := l.all.Load(); all != nil {
		return *all
	}
	return nil
}

// obtain is the value of a key, which is v if there was none.
func (l *lookup[K, V]) obtain(k K, v *V) *V {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.load()[k]; known != nil {
		return known
	}
	grown := maps.Clone(l.load())
	if grown == nil {
		grown = make(map[K]*V)
	}
	grown[k] = v
	l.all.Store(&grown)
	return v
}
