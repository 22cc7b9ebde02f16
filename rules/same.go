package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Same says whether two tables send every request to the same place in the same way, as far as their texts show it:
// whatever their routes and services are called, in whatever language they were asked for, and whether a route's
// priority was given or is its rule's length.
func Same(a, b *Table) bool { return slices.Equal(a.meaning(), b.meaning()) }

// meaning is a line for each route, in the order in which they are tried, those of one priority sorted.
func (t *Table) meaning() []string {
	lines := make([]string, len(t.Routes))
	for i, r := range t.Routes {
		lines[i] = r.meaning(t.options.manner())
	}
	slices.Sort(lines)
	return lines
}

func (r *Route) meaning(m manner) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%08d %q %s passhost=%t shadowed=%t owner=%s", r.Priority, r.EntryPoints, r.Rule.canonical(m), r.PassHost, r.Shadowed, r.Owner.ID)
	if then := r.Rule.then; then.stripLike != nil && then.add != "" {
		b.WriteString(" unrooted") // what 1.x cuts off may take the slash with it
	}
	for _, f := range append(r.Rule.Rewrites(), r.leading...) {
		b.WriteString(" | " + f.key())
	}
	for _, f := range r.Filters {
		if rewrite, ok := f.(Rewrite); ok {
			b.WriteString(" | " + rewrite.key())
			continue
		}
		b.WriteString(" | " + FilterKey(f))
	}
	b.WriteString(" -> " + r.Service.meaning())
	return b.String()
}

func (s *Service) meaning() string {
	var b strings.Builder
	b.WriteString(spell(s.Balance, s.Sticky, s.Check, s.MaxConn, plain) + s.Presence.String())
	for _, source := range s.Sources {
		fmt.Fprintf(&b, " %s %s", source.Owner.ID, source.weight())
		for _, e := range source.Endpoints {
			fmt.Fprintf(&b, " %s %s", e.Task, e.URL())
		}
	}
	fmt.Fprintf(&b, " %v %v %v", s.Weighted, s.Mirroring, s.Failover)
	return b.String()
}
