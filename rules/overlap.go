package rules

import (
	"slices"
	"strings"
)

// Prefixes have no boundary: "/v3/user" holds for "/v3/users" too. Where another owner's path begins so, its requests
// may come to the wrong service as soon as its route is gone or tried later; the prefix's owner is told.

// findOverlaps looks for such pairs. It asks the radix trees about each prefix, so its cost grows with the number of
// routes, not with that of pairs.
func (c *compiler) findOverlaps(forests map[string]*forest) {
	if c.options.StrictPrefix {
		return
	}
	told := map[*Route]bool{}
	for _, name := range c.options.EntryPoints {
		o := overlaps{forest: forests[name], all: c.routes, routes: c.servedAt(name), owners: map[*node]pair{}}
		for _, r := range o.routes {
			if told[r] {
				continue
			}
			if prefix, other := o.of(r); other != nil {
				told[r] = true
				c.tellOverlap(r, prefix, other)
			}
		}
	}
}

func (c *compiler) servedAt(entryPoint string) []*Route {
	var routes []*Route
	for _, r := range c.routes {
		if !r.Shadowed && slices.Contains(r.EntryPoints, entryPoint) {
			routes = append(routes, r)
		}
	}
	return routes
}

func (c *compiler) tellOverlap(r *Route, prefix string, other *Route) {
	path := prefix
	for _, at := range other.Rule.when.anchors() {
		if strings.HasPrefix(at.path, prefix) {
			path = at.path
			break
		}
	}
	c.tellRoute(r, PrefixFallsInto, Warning,
		"%s also matches %s of %s: without a slash at its end a prefix does not stop between segments; --strictPrefix would make it",
		prefix, path, named(other))
}

// overlaps answers for one entry point.
type overlaps struct {
	forest *forest
	all    []*Route       // by ID
	routes []*Route       // those of the entry point
	every  *node          // all routes whatever their host, made when first asked for
	owners map[*node]pair // answers already found
}

// A pair is two routes of different owners, as far as there are; of any third owner, one of them is another's.
type pair [2]*Route

// of finds a prefix of the route, and another owner's route that goes on where the prefix ends.
func (o *overlaps) of(r *Route) (string, *Route) {
	if r.Rule.when == nil {
		return "", nil
	}
	for _, at := range r.Rule.when.anchors() {
		if strings.HasSuffix(at.path, "/") || !literalPrefix(r.Rule.when, at.path) {
			continue
		}
		for _, root := range o.trees(at) {
			if other := o.goingOn(root, at.path, r); other != nil {
				return at.path, other
			}
		}
	}
	return "", nil
}

// trees are those whose routes may share a host with an anchor.
func (o *overlaps) trees(at anchor) []*node {
	if at.kind != anyHost {
		return []*node{o.forest.tree(at), o.forest.tree(anchor{})}
	}
	if o.every == nil {
		o.every = flat(o.routes)
	}
	return []*node{o.every}
}

// flat is one tree of routes, whatever their host.
func flat(routes []*Route) *node {
	all := newForest()
	for _, r := range routes {
		if r.Rule.when == nil {
			continue
		}
		for _, at := range r.Rule.when.anchors() {
			all.enter(anchor{path: at.path}, candidate{id: int32(r.ID)})
		}
	}
	return all.tree(anchor{})
}

func (o *overlaps) goingOn(root *node, prefix string, r *Route) *Route {
	for _, n := range root.goingOn(prefix) {
		for _, other := range o.pairAt(n) {
			if other != nil && other.Owner.ID != r.Owner.ID && other.Service != r.Service {
				return other
			}
		}
	}
	return nil
}

// pairAt is a pair of owners at a node or below it.
func (o *overlaps) pairAt(n *node) pair {
	if p, known := o.owners[n]; known {
		return p
	}
	var p pair
	for _, c := range n.candidates {
		p.add(o.all[c.id])
	}
	for i := range n.children {
		below := o.pairAt(&n.children[i])
		p.add(below[0])
		p.add(below[1])
	}
	o.owners[n] = p
	return p
}

func (p *pair) add(r *Route) {
	switch {
	case r == nil || p[1] != nil:
	case p[0] == nil:
		p[0] = r
	case p[0].Owner.ID != r.Owner.ID:
		p[1] = r
	}
}

// literalPrefix says whether a condition asks for a path prefix, and this one.
func literalPrefix(c condition, path string) bool {
	is := func(c condition) bool { return literalPrefix(c, path) }
	switch c := c.(type) {
	case pathHas:
		return c.re == nil && c.text == path
	case all:
		return slices.ContainsFunc(c, is)
	case anyOf:
		return slices.ContainsFunc(c, is)
	}
	return false
}
