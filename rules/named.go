package rules

import (
	"slices"
	"strings"
)

// Hosts are the names for which alone the route is, as its rule lists them; none if it is for others, too.
func (r *Route) Hosts() (names []string) {
	for _, at := range r.Rule.anchors() {
		if at.kind != exactHost || at.host == "" {
			return nil
		}
		if !slices.Contains(names, at.host) {
			names = append(names, at.host)
		}
	}
	return names
}

// Named tells whether a route of an entry point is for a host, or for hosts of its kind. Routes for all hosts do not count.
func (t *Table) Named(entryPoint, host string) bool {
	return slices.ContainsFunc(t.Routes, func(r *Route) bool {
		return slices.Contains(r.EntryPoints, entryPoint) && slices.ContainsFunc(r.Rule.anchors(), func(at anchor) bool {
			return at.kind == exactHost && at.host == host || at.kind == hostEnding && strings.HasSuffix(host, at.host)
		})
	})
}

func (r Rule) anchors() []anchor {
	if r.when == nil {
		return []anchor{{}}
	}
	return r.when.anchors()
}
