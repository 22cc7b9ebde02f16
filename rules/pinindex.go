package rules

import (
	"cmp"
	"slices"
)

// A pinIndex finds the first pin, in their order, that holds for a message. It is the sorted list of pins folded into a tree:
// pins that begin alike share that beginning, exact values are looked up, and only wildcards are tried one by one. What it
// costs grows with the wildcards of the keys that a message has, not with the pins.
type pinIndex struct {
	keys  Keys
	acts  pinNode
	sees  pinNode // of Observe
	pins  []Pin   // all that are served, in order, each once; of both kinds
	empty bool
}

// A pinNode is where pins that begin alike go on.
type pinNode struct {
	ends     []pinEnd // routes whose pin ends here; of Act one
	branches []branch // by key
}

type pinEnd struct {
	route  int32
	number int32 // the pin's place in pins
	pin    *Pin
}

// A branch is how pins go on with one key.
type branch struct {
	key   int32
	exact map[string]*pinNode
	wild  []wildBranch // in order
}

type wildBranch struct {
	value pinValue
	then  *pinNode
}

// A holder is a route that gets a pin's messages.
type holder struct {
	pin   *Pin
	route *Route
}

func newPinIndex(holders []holder) *pinIndex {
	x := &pinIndex{keys: numberKeys(holders), empty: len(holders) == 0}
	numbers := x.list(holders)
	for _, h := range holders {
		root := &x.acts
		if h.route.Rule.Observes() {
			root = &x.sees
		}
		at := root
		for _, pair := range h.pin.pairs {
			at = at.branch(x.keys.numbers[pair.key]).then(pair.value)
		}
		at.ends = append(at.ends, pinEnd{int32(h.route.ID), numbers[h.pin.text], h.pin})
	}
	x.acts.order()
	x.sees.order()
	return x
}

// list puts the pins in order and numbers them.
func (x *pinIndex) list(holders []holder) map[string]int32 {
	for _, h := range holders {
		x.pins = append(x.pins, *h.pin)
	}
	slices.SortFunc(x.pins, ComparePins)
	x.pins = slices.CompactFunc(x.pins, func(a, b Pin) bool { return a.text == b.text })
	numbers := make(map[string]int32, len(x.pins))
	for i, p := range x.pins {
		numbers[p.text] = int32(i)
	}
	return numbers
}

func numberKeys(holders []holder) Keys {
	names := []string{"role"}
	for _, h := range holders {
		for _, pair := range h.pin.pairs {
			names = append(names, pair.key)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	keys := Keys{numbers: make(map[string]int32, len(names))}
	for i, name := range names {
		keys.numbers[name] = int32(i)
	}
	keys.role = keys.numbers["role"]
	return keys
}

// branch finds or makes the one of a key. Most are asked for as they were last.
func (n *pinNode) branch(key int32) *branch {
	i, found := slices.BinarySearchFunc(n.branches, key, compareBranch)
	if !found {
		n.branches = slices.Insert(n.branches, i, branch{key: key})
	}
	return &n.branches[i]
}

func compareBranch(b branch, key int32) int { return cmp.Compare(b.key, key) }

func (b *branch) then(v pinValue) *pinNode {
	if v.wild() {
		for i := range b.wild {
			if b.wild[i].value.text == v.text {
				return b.wild[i].then
			}
		}
		b.wild = append(b.wild, wildBranch{v, &pinNode{}})
		return b.wild[len(b.wild)-1].then
	}
	if b.exact == nil {
		b.exact = map[string]*pinNode{}
	}
	if b.exact[v.exact] == nil {
		b.exact[v.exact] = &pinNode{}
	}
	return b.exact[v.exact]
}

func (n *pinNode) order() {
	for i := range n.branches {
		b := &n.branches[i]
		slices.SortFunc(b.wild, func(a, b wildBranch) int { return compareValues(a.value, b.value) })
		for _, next := range b.exact {
			next.order()
		}
		for _, w := range b.wild {
			w.then.order()
		}
	}
}

// A pinWalk visits the pins that hold for a message, in order, until visit says that it is enough.
type pinWalk struct {
	all   bool     // not the first alone
	found []pinEnd // with all
	first pinEnd
}

// walk goes down along the fields from the first that may count. The smaller of the two lists leads, and the other is searched.
func (w *pinWalk) walk(n *pinNode, fields []Field) (done bool) {
	if len(n.branches) <= len(fields) {
		for i := range n.branches {
			b := &n.branches[i]
			at, found := slices.BinarySearchFunc(fields, b.key, func(f Field, key int32) int { return cmp.Compare(f.Key, key) })
			if fields = fields[at:]; found && w.into(b, fields) {
				return true
			}
		}
	} else {
		branches := n.branches
		for i := range fields {
			at, found := slices.BinarySearchFunc(branches, fields[i].Key, compareBranch)
			if branches = branches[at:]; found && w.into(&branches[0], fields[i:]) {
				return true
			}
		}
	}
	return w.end(n)
}

// into follows the first of the fields.
func (w *pinWalk) into(b *branch, fields []Field) (done bool) {
	f, rest := &fields[0], fields[1:]
	if f.Kind == Plain {
		if next := b.exact[string(f.Value)]; next != nil && w.walk(next, rest) {
			return true
		}
	}
	for i := range b.wild {
		if b.wild[i].value.holds(f) && w.walk(b.wild[i].then, rest) {
			return true
		}
	}
	return false
}

func (w *pinWalk) end(n *pinNode) (done bool) {
	if len(n.ends) == 0 {
		return false
	}
	if w.all {
		w.found = append(w.found, n.ends...)
		return false
	}
	w.first = n.ends[0]
	return true
}

// An Act is where a message goes.
type Act struct {
	Route  *Route // nil: nowhere
	Pin    *Pin   // that found it
	Number int    // the pin's place in Table.Pins
}

// Keys are those that MatchAct and Observers want to know of a message.
func (t *Table) Keys() Keys { return t.pins.keys }

// Messages reports whether any route asks for messages.
func (t *Table) Messages() bool { return !t.pins.empty }

// Pins lists what is asked for, in the order in which it is tried. The list is not to be changed.
func (t *Table) Pins() []Pin { return t.pins.pins }

// MatchAct finds the route whose pin is the first, in the order of ComparePins, that holds for the message. It allocates nothing.
func (t *Table) MatchAct(m *Message) Act {
	w := pinWalk{}
	if !w.walk(&t.pins.acts, m.Fields) {
		return Act{}
	}
	return t.act(w.first)
}

// Observers appends the routes of all that want a copy of the message, each service once.
func (t *Table) Observers(m *Message, into []Act) []Act {
	if len(t.pins.sees.branches) == 0 {
		return into
	}
	w := pinWalk{all: true}
	w.walk(&t.pins.sees, m.Fields)
	for _, end := range w.found {
		r := t.Routes[end.route]
		if !slices.ContainsFunc(into, func(a Act) bool { return a.Route.Service == r.Service }) {
			into = append(into, t.act(end))
		}
	}
	return into
}

func (t *Table) act(end pinEnd) Act {
	return Act{Route: t.Routes[end.route], Pin: end.pin, Number: int(end.number)}
}
