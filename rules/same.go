package rules

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Same says whether two tables send every request to the same place in the same way, as far as their texts show it:
// whatever their routes and services are called, in whatever language they were asked for, and whether a route's
// priority was given or is its rule's length.
func Same(a, b *Table) bool { return slices.Equal(a.meaning(), b.meaning()) }

// meaning is a line for each route, in the order in which they are tried, those of one priority sorted.
func (t *Table) meaning() []string {
	lines := make([]string, 0, len(t.Routes)+len(t.TCP))
	for _, r := range slices.Concat(t.Routes, t.TCP) {
		lines = append(lines, t.meaningOf(r))
	}
	slices.Sort(lines)
	return lines
}

func (t *Table) meaningOf(r *Route) string {
	m := t.options.manner()
	var b strings.Builder
	fmt.Fprintf(&b, "%08d %q%s %s shadowed=%t owner=%s", r.Priority, r.EntryPoints, r.TCP.text(), r.Rule.canonical(m), r.Shadowed, r.Owner.ID)
	if r.Closed() {
		return b.String() + " closed" // wherever it leads, no request goes there
	}
	fmt.Fprintf(&b, " passhost=%t", r.PassHost)
	if then := r.Rule.then; then.stripLike != nil && then.add != "" {
		b.WriteString(" unrooted") // what 1.x cuts off may take the slash with it
	}
	for _, f := range append(r.Rule.Rewrites(), r.leading...) {
		b.WriteString(" | " + f.key())
	}
	for _, f := range r.Filters {
		b.WriteString(" | " + t.filterMeaning(f))
	}
	b.WriteString(" -> " + r.Service.meaning())
	return b.String()
}

// filterMeaning is what a filter does: without its parts' names, and with what holds where a field is zero.
func (t *Table) filterMeaning(f Filter) string {
	switch f := f.(type) {
	case Rewrite:
		return f.key()
	case ErrorPage:
		f.Name, f.Service = "", t.Service(f.Service).meaning()
		return FilterKey(f)
	case RateLimit:
		f.Rates = slices.Clone(f.Rates)
		for i := range f.Rates {
			f.Rates[i].Name = ""
		}
		return FilterKey(f)
	case BasicAuth:
		f.Realm = cmp.Or(f.Realm, "traefik")
		return FilterKey(f)
	case DigestAuth:
		f.Realm = cmp.Or(f.Realm, "traefik")
		return FilterKey(f)
	case Buffering:
		f.MemRequest, f.MemResponse = cmp.Or(f.MemRequest, DefaultMemory), cmp.Or(f.MemResponse, DefaultMemory)
		return FilterKey(f)
	case CircuitBreaker:
		f.Check, f.Fallback, f.Recovery = cmp.Or(f.Check, DefaultBreakerCheck), cmp.Or(f.Fallback, DefaultBreakerRest), cmp.Or(f.Recovery, DefaultBreakerRest)
		return FilterKey(f)
	case Headers:
		f.Always = f.Always && !reflect.DeepEqual(f, Headers{Request: f.Request, Always: true}) // else no answer is changed
		return FilterKey(f)
	}
	return FilterKey(f)
}

func (s *Service) meaning() string {
	if s == nil {
		return "nobody"
	}
	var b strings.Builder
	b.WriteString(spell(s.Balance, s.Sticky, s.Check, s.MaxConn, plain) + s.Presence.String() + s.Transport.String())
	for _, source := range s.Sources {
		fmt.Fprintf(&b, " %s %s", source.Owner.ID, source.weight())
		for _, e := range source.Endpoints {
			fmt.Fprintf(&b, " %s %s", e.Task, e.URL())
		}
	}
	fmt.Fprintf(&b, " %v %v %v", s.Weighted, s.Mirroring, s.Failover)
	return b.String()
}
