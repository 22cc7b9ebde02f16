package rules

// An index finds the routes of one entry point that a request may belong to without asking the others: by host, by
// ending of the host, and in each of these by the beginning of the path. It knows routes by their ID only.
type index struct {
	exact  hosts
	ending hosts
	any    *node // nil: every route names a host
}

func newIndex(f *forest) *index {
	return &index{exact: newHosts(f.exact), ending: newHosts(f.ending), any: f.tree(anchor{})}
}

// pack makes the indexes of all entry points.
func pack(forests map[string]*forest) map[string]*index {
	indexes := make(map[string]*index, len(forests))
	for name, f := range forests {
		indexes[name] = newIndex(f)
	}
	return indexes
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
		best: none,
	}
	f.byHost(x)
	f.in(x.any)
	if f.best == none {
		return Match{}
	}
	return Match{Route: t.Routes[f.best], Redirect: f.redirect}
}

// A finder is one search. It lives on the stack.
type finder struct {
	s        subject
	best     int32 // the ID of the route found so far; only earlier ones are of interest
	redirect bool
}

func (f *finder) byHost(x *index) {
	if f.s.host == "" {
		return
	}
	var buffer [maxHost]byte
	host := appendLower(buffer[:0], f.s.host)
	f.at(x.exact.find(host))
	if len(x.ending.slots) == 1 {
		return
	}
	for i, c := range host {
		if c == '.' {
			f.at(x.ending.find(host[i:]))
		}
	}
}

// at looks at a host's place.
func (f *finder) at(p *place) {
	switch {
	case p == nil || p.first >= f.best:
	case p.tree == nil:
		f.best, f.redirect = p.first, false
	default:
		f.in(p.tree)
	}
}

// in goes down a tree along the request's path and keeps the first route in order that holds.
func (f *finder) in(n *node) {
	path := f.s.q.Path
	for n != nil && n.first < f.best && len(path) >= len(n.text) && path[:len(n.text)] == n.text {
		f.among(n)
		path = path[len(n.text):]
		n = n.next(path)
	}
}

func (f *finder) among(n *node) {
	if n.sure != none {
		if n.sure < f.best {
			f.best, f.redirect = n.sure, false
		}
		return
	}
	for i := range n.candidates {
		c := &n.candidates[i]
		if c.id >= f.best {
			return
		}
		v := yes
		if c.rest != nil {
			v = c.rest.holds(f.s)
		}
		if v != no {
			f.best, f.redirect = c.id, v == redirect
			return
		}
	}
}
