package rules

// A forest is the radix trees of one entry point while it grows: one for each host, each ending of hosts, and for
// routes that name neither.
type forest struct {
	exact  map[string]*node
	ending map[string]*node
	any    map[string]*node // of one tree, called ""
}

func newForest() *forest {
	return &forest{exact: map[string]*node{}, ending: map[string]*node{}, any: map[string]*node{}}
}

// plant makes the forests of all entry points. Shadowed routes are left out: no request is for them.
func plant(routes []*Route, entryPoints []string) map[string]*forest {
	forests := make(map[string]*forest, len(entryPoints))
	for _, name := range entryPoints {
		forests[name] = newForest()
	}
	for _, r := range routes {
		if r.Shadowed || r.Rule.Messages() {
			continue
		}
		for _, name := range r.EntryPoints {
			forests[name].add(r)
		}
	}
	return forests
}

// add enters a route at each of its anchors. Routes come in the order they are to be tried.
func (f *forest) add(r *Route) {
	id := int32(r.ID)
	if r.Rule.when == nil {
		f.enter(anchor{}, candidate{id: id})
		return
	}
	anchors := r.Rule.when.anchors()
	if len(anchors) == 1 { // nearly every route; the set below would cost more than all the rest
		f.enter(anchors[0], candidate{id: id, rest: r.Rule.when.rest(anchors[0], r.strict)})
		return
	}
	seen := map[anchor]bool{}
	for _, at := range anchors {
		if !seen[at] {
			seen[at] = true
			f.enter(at, candidate{id: id, rest: r.Rule.when.rest(at, r.strict)})
		}
	}
}

func (f *forest) enter(at anchor, c candidate) {
	trees := f.trees(at.kind)
	if root := trees[at.host]; root != nil {
		root.add(at.path, c)
		return
	}
	root := newNode(at.path, c)
	trees[at.host] = &root
}

func (f *forest) trees(kind hostKind) map[string]*node {
	switch kind {
	case exactHost:
		return f.exact
	case hostEnding:
		return f.ending
	}
	return f.any
}

// tree is the one at an anchor, nil when there is none.
func (f *forest) tree(at anchor) *node { return f.trees(at.kind)[at.host] }
