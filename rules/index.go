package rules

import "math"

// An index finds the routes of one entry point that a request may belong to without asking the others: by host, by
// ending of the host, and in each of these by the beginning of the path.
type index struct {
	exact  map[string]*node
	ending map[string]*node
	any    *node
}

func newIndex() *index {
	return &index{exact: map[string]*node{}, ending: map[string]*node{}, any: newNode("")}
}

// add enters a route at each of its anchors. Routes come in the order they are to be tried.
func (x *index) add(r *Route) {
	if r.Rule.when == nil {
		x.tree(anchor{}).add("", candidate{id: r.ID, route: r})
		return
	}
	seen := map[anchor]bool{}
	for _, at := range r.Rule.when.anchors() {
		if !seen[at] {
			seen[at] = true
			x.tree(at).add(at.path, candidate{id: r.ID, route: r, rest: r.Rule.when.rest(at, r.strict)})
		}
	}
}

func (x *index) tree(at anchor) *node {
	trees := x.exact
	switch at.kind {
	case anyHost:
		return x.any
	case hostEnding:
		trees = x.ending
	}
	root := trees[at.host]
	if root == nil {
		root = newNode("")
		trees[at.host] = root
	}
	return root
}

// A Match is where a request goes.
type Match struct {
	Route    *Route // nil: nowhere, 404
	Redirect bool   // the path's trailing slash is wrong: 301 to OtherSlash
}

// Match finds the first route of an entry point, in the table's order, whose condition the request meets. It
// allocates nothing, but where a regexp is asked about an escaped query value.
func (t *Table) Match(entryPoint string, q *Query) Match {
	x := t.byEntryPoint[entryPoint]
	if x == nil {
		return Match{}
	}
	f := finder{
		s:    subject{q: q, host: bareHost(q.Host), strict: t.options.StrictPrefix, keep: t.options.KeepTrailingSlash},
		best: math.MaxInt,
	}
	f.byHost(x)
	f.in(x.any)
	return f.found
}

// A finder is one search. It lives on the stack.
type finder struct {
	s     subject
	found Match
	best  int // the ID of the route found so far; only earlier ones are of interest
}

func (f *finder) byHost(x *index) {
	if f.s.host == "" {
		return
	}
	var buffer [maxHost]byte
	host := appendLower(buffer[:0], f.s.host)
	f.in(x.exact[string(host)])
	if len(x.ending) == 0 {
		return
	}
	for i, c := range host {
		if c == '.' {
			f.in(x.ending[string(host[i:])])
		}
	}
}

// in goes down a tree along the request's path and keeps the first route in order that holds.
func (f *finder) in(n *node) {
	path := f.s.q.Path
	for n != nil && n.first < f.best {
		f.among(n.candidates)
		n, path = n.next(path)
	}
}

func (f *finder) among(candidates []candidate) {
	for i := range candidates {
		c := &candidates[i]
		if c.id >= f.best {
			return
		}
		v := yes
		if c.rest != nil {
			v = c.rest.holds(f.s)
		}
		if v != no {
			f.found, f.best = Match{Route: c.route, Redirect: v == redirect}, c.id
			return
		}
	}
}
