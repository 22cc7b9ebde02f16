package vault

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// An object is a config of the vault, opened.
type object struct {
	record
	config  string // its id
	name    string
	id      string // what stands for the key; "" if the name says nothing
	version int64
	sealed  error     // errForeign or errForged: there is no record
	since   time.Time // when we learnt of it, by our own clock
	turn    uint64    // of learning
}

// there says that the object is a value, or may be one.
func (o *object) there() bool { return o != nil && (o.sealed != nil || o.kind == value) }

// known is what is known of the vault: every config that was listed and not seen to be gone, and what can be told from them. As configs
// never change, each is opened once.
type known struct {
	mu      sync.RWMutex
	objects map[string]*object   // by their configs' ids
	chains  map[string][]*object // of a key, by what stands for it: oldest version first
	sealed  int                  // objects that do not open
	foreign int                  // those of them that are of another secret
	turn    uint64               // of the last object learnt
	changed chan struct{}        // closed at the next change of a value
}

func newKnown() *known {
	return &known{objects: map[string]*object{}, chains: map[string][]*object{}, changed: make(chan struct{})}
}

// newest is the version of a key that counts; nil if there is none.
func (k *known) newest(id string) *object {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return last(k.chains[id])
}

func last(chain []*object) *object {
	if len(chain) == 0 {
		return nil
	}
	return chain[len(chain)-1]
}

func (k *known) chain(id string) []*object {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.chains[id])
}

// all are the chains of all keys and locks.
func (k *known) all() [][]*object {
	k.mu.RLock()
	defer k.mu.RUnlock()
	chains := make([][]*object, 0, len(k.chains))
	for chain := range maps.Values(k.chains) {
		chains = append(chains, slices.Clone(chain))
	}
	return chains
}

// values are the newest versions of all keys that are there.
func (k *known) values() (list []*object) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for chain := range maps.Values(k.chains) {
		if o := last(chain); o.sealed == nil && o.kind == value {
			list = append(list, o)
		}
	}
	return list
}

// shut counts what does not open, and has one of it as an example.
func (k *known) shut() (sealed, foreign int, example *object) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.sealed == 0 {
		return 0, 0, nil
	}
	for o := range maps.Values(k.objects) {
		if o.sealed != nil && (example == nil || o.sealed == errForeign && example.sealed != errForeign || o.sealed == example.sealed && o.name < example.name) {
			example = o
		}
	}
	return k.sealed, k.foreign, example
}

func (k *known) knows(config string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.objects[config] != nil
}

// now is the turn that tells what was known before a list was asked for from what was learnt while it was under way.
func (k *known) now() uint64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.turn
}

// missing are the objects that were known at a turn, and a list that was asked for after it does not have; id limits them to one key.
func (k *known) missing(id string, turn uint64, listed map[string]bool) (missing []*object) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	candidates := maps.Values(k.objects)
	if id != "" {
		candidates = slices.Values(k.chains[id])
	}
	for o := range candidates {
		if o.turn <= turn && !listed[o.config] {
			missing = append(missing, o)
		}
	}
	return missing
}

// merge takes in what was found and drops what is gone. Who waits for a change is told of it when all is done.
func (k *known) merge(found, lost []*object) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := map[string]*object{}
	for _, o := range slices.Concat(lost, found) {
		before[o.id] = last(k.chains[o.id])
	}
	for _, o := range lost {
		k.drop(o)
	}
	for _, o := range found {
		k.add(o)
	}
	for id, old := range before {
		if now := last(k.chains[id]); now != old && (now.there() || old.there()) {
			close(k.changed)
			k.changed = make(chan struct{})
			return
		}
	}
}

func (k *known) add(o *object) {
	if k.objects[o.config] != nil {
		return
	}
	chain := k.chains[o.id]
	at, taken := slices.BinarySearchFunc(chain, o.version, func(o *object, version int64) int { return cmp.Compare(o.version, version) })
	if taken && o.id != "" { // a name is given once: who had it is gone
		k.drop(chain[at])
		chain = k.chains[o.id]
	}
	k.turn++
	o.turn, o.since = k.turn, time.Now()
	k.objects[o.config] = o
	if o.id != "" {
		k.chains[o.id] = slices.Insert(slices.Clone(chain), at, o)
	}
	k.count(o, 1)
}

func (k *known) drop(o *object) {
	if o = k.objects[o.config]; o == nil {
		return
	}
	delete(k.objects, o.config)
	k.count(o, -1)
	chain := slices.DeleteFunc(slices.Clone(k.chains[o.id]), func(other *object) bool { return other == o })
	if k.chains[o.id] = chain; len(chain) == 0 {
		delete(k.chains, o.id)
	}
}

func (k *known) count(o *object, by int) {
	if o.sealed != nil {
		k.sealed += by
	}
	if o.sealed == errForeign {
		k.foreign += by
	}
}

// waiting is closed at the next change of a value.
func (k *known) waiting() <-chan struct{} {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.changed
}
