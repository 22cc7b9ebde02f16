package balancer

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// A lookup is a map that is read without a lock: a write replaces it, under one. Right for what is read on
// every request and grows a few times in a process's life. The first keys, which are nearly all there will be, stand in
// a list: with a map alone, Tally.Done takes 79 ns and not 44.
type lookup[K comparable, V any] struct {
	all atomic.Pointer[entries[K, V]]
	mu  sync.Mutex
}

type entries[K comparable, V any] struct {
	first []entry[K, V] // at most maxListed
	more  map[K]*V
}

type entry[K comparable, V any] struct {
	key   K
	value *V
}

const maxListed = 8

// find is the value of a key, nil when there is none.
func (l *lookup[K, V]) find(k K) *V {
	all := l.all.Load()
	if all == nil {
		return nil
	}
	for i := range all.first {
		if all.first[i].key == k {
			return all.first[i].value
		}
	}
	if len(all.first) < maxListed {
		return nil
	}
	return all.more[k]
}

// each calls see for every key.
func (l *lookup[K, V]) each(see func(K, *V)) {
	all := l.all.Load()
	if all == nil {
		return
	}
	for _, e := range all.first {
		see(e.key, e.value)
	}
	for k, v := range all.more {
		see(k, v)
	}
}

// size is the number of keys.
func (l *lookup[K, V]) size() int {
	all := l.all.Load()
	if all == nil {
		return 0
	}
	return len(all.first) + len(all.more)
}

// obtain is the value of a key, which is v if there was none.
func (l *lookup[K, V]) obtain(k K, v *V) *V {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.find(k); known != nil {
		return known
	}
	grown := new(entries[K, V])
	if all := l.all.Load(); all != nil {
		*grown = entries[K, V]{slices.Clone(all.first), maps.Clone(all.more)}
	}
	switch {
	case len(grown.first) < maxListed:
		grown.first = append(grown.first, entry[K, V]{k, v})
	case grown.more == nil:
		grown.more = map[K]*V{k: v}
	default:
		grown.more[k] = v
	}
	l.all.Store(grown)
	return v
}
