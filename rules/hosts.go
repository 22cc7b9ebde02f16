package rules

import "hash/maphash"

// hosts finds the place of a host name. It is a hash table for more names than fit the processor's cache: a name and
// its place share 64 bytes, one line of memory, where looking into a Go map waits for three or more.
type hosts struct {
	seed  maphash.Seed
	slots []slot // a power of two, a third of them or more free
	sizes [maxHost/64 + 1]uint64
	long  map[string]*place // of names that no slot can hold
}

// A slot holds a name; a size of 0 says that it is free.
type slot struct {
	place
	size uint8
	name [47]byte
}

// A place is where a host's routes are.
type place struct {
	tree  *node // nil: there is but one route, which holds for every path
	first int32 // the least ID of the routes
}

func newHosts(trees map[string]*node) hosts {
	h := hosts{seed: maphash.MakeSeed(), slots: make([]slot, 1), long: map[string]*place{}}
	for 2*len(h.slots) < 3*len(trees)+2 {
		h.slots = make([]slot, 2*len(h.slots))
	}
	for name, tree := range trees {
		if 0 < len(name) && len(name) <= maxHost { // no request has another
			h.add(name, placeOf(tree))
		}
	}
	return h
}

func placeOf(tree *node) place {
	if tree.text == "" && tree.sure != none && tree.first == tree.sure {
		return place{first: tree.sure} // whatever else is there is tried later, and never
	}
	return place{tree: tree, first: tree.first}
}

func (h *hosts) add(name string, p place) {
	h.sizes[len(name)/64] |= 1 << (len(name) % 64)
	if len(name) > len(slot{}.name) {
		h.long[name] = &p
		return
	}
	s := h.slot([]byte(name))
	s.place, s.size = p, uint8(len(name))
	copy(s.name[:], name)
}

// find is a name's place, nil when it has none. Most endings of a host are of a size that no known ending has.
func (h *hosts) find(name []byte) *place {
	switch {
	case h.sizes[len(name)/64]&(1<<(len(name)%64)) == 0:
		return nil
	case len(name) > len(slot{}.name):
		return h.long[string(name)]
	}
	if s := h.slot(name); s.size > 0 {
		return &s.place
	}
	return nil
}

// slot is the one that holds a name, or that is free for it.
func (h *hosts) slot(name []byte) *slot {
	mask := uint64(len(h.slots) - 1)
	for i := maphash.Bytes(h.seed, name); ; i++ {
		s := &h.slots[i&mask]
		if s.size == 0 || string(s.name[:s.size]) == string(name) {
			return s
		}
	}
}
