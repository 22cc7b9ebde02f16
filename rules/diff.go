package rules

import (
	"cmp"
	"slices"
)

// A Change is one line of the difference between two tables.
type Change struct {
	Op   byte   // '+', '-' or '~'
	Kind string // "route", "service" or "endpoint"
	Name string // of a route or service; for an endpoint, its service
	Text string // what came, went or changed
}

// String is the change as a line, "~ service backend-blog stack_blog weight 90 a task => weight 80 a task".
func (c Change) String() string { return string(c.Op) + " " + c.Kind + " " + c.Name + " " + c.Text }

// Diff is what has changed between two tables, routes before services; old may be nil.
func Diff(old, new *Table) []Change {
	if old == nil {
		old = &Table{}
	}
	var d differ
	oldRoutes, newRoutes := unshared(old.Routes, new.Routes)
	merge(byName(oldRoutes), byName(newRoutes), func(a, b *Route) int { return cmp.Compare(a.Name, b.Name) }, d.route)
	oldTCP, newTCP := unshared(old.TCP, new.TCP)
	merge(byName(oldTCP), byName(newTCP), func(a, b *Route) int { return cmp.Compare(a.Name, b.Name) }, d.route)
	oldServices, newServices := unshared(old.Services, new.Services)
	merge(oldServices, newServices, func(a, b *Service) int { return cmp.Compare(a.Name, b.Name) }, d.service)
	return d.changes
}

// unshared leaves out what the two tables have in common, in the same place: after Recompile, nearly all.
func unshared[T comparable](old, new []T) (before, after []T) {
	for i := range max(len(old), len(new)) {
		if i < len(old) && i < len(new) && old[i] == new[i] {
			continue
		}
		if i < len(old) {
			before = append(before, old[i])
		}
		if i < len(new) {
			after = append(after, new[i])
		}
	}
	return before, after
}

type differ struct{ changes []Change }

func (d *differ) add(op byte, kind, name, text string) {
	d.changes = append(d.changes, Change{Op: op, Kind: kind, Name: name, Text: text})
}

func byName(routes []*Route) []*Route {
	routes = slices.Clone(routes)
	slices.SortFunc(routes, func(a, b *Route) int { return cmp.Compare(a.Name, b.Name) })
	return routes
}

// merge walks two sorted lists and visits what is in one of them, or in both.
func merge[T any](old, new []T, compare func(a, b T) int, visit func(old, new *T)) {
	for len(old) > 0 || len(new) > 0 {
		switch order := nextOf(old, new, compare); {
		case order < 0:
			visit(&old[0], nil)
			old = old[1:]
		case order > 0:
			visit(nil, &new[0])
			new = new[1:]
		default:
			visit(&old[0], &new[0])
			old, new = old[1:], new[1:]
		}
	}
}

func nextOf[T any](old, new []T, compare func(a, b T) int) int {
	switch {
	case len(new) == 0:
		return -1
	case len(old) == 0:
		return 1
	}
	return compare(old[0], new[0])
}

func (d *differ) route(old, new **Route) {
	switch {
	case new == nil:
		d.add('-', "route", (*old).Name, (*old).what())
	case old == nil:
		d.add('+', "route", (*new).Name, (*new).what())
	case !sameRoute(*old, *new):
		d.add('~', "route", (*new).Name, (*old).what()+" => "+(*new).what())
	}
}

// sameRoute says whether two routes read the same; it is asked about every route at every change.
func sameRoute(a, b *Route) bool {
	return a == b || a.Priority == b.Priority && a.Given == b.Given && a.PassHost == b.PassHost && a.TCP.same(b.TCP) && a.Shadowed == b.Shadowed &&
		a.Rule.Text == b.Rule.Text && a.Service.Name == b.Service.Name && a.Owner.Name == b.Owner.Name &&
		slices.Equal(a.EntryPoints, b.EntryPoints) && sameChains(a, b)
}

func (d *differ) service(old, new **Service) {
	switch {
	case new == nil:
		d.add('-', "service", (*old).Name, (*old).summary())
	case old == nil:
		d.add('+', "service", (*new).Name, (*new).summary())
	default:
		d.sameService(*old, *new)
	}
}

func (s *Service) summary() string {
	if s.Leads() {
		return s.settings()[1:]
	}
	n := 0
	for _, source := range s.Sources {
		n += len(source.Endpoints)
	}
	return s.settings()[1:] + ", " + counted(n, "endpoint")
}

func (d *differ) sameService(old, new *Service) {
	if old == new {
		return
	}
	if !old.setAs(new) {
		d.add('~', "service", new.Name, old.settings()[1:]+" => "+new.settings()[1:])
	}
	merge(byOwner(old.Sources), byOwner(new.Sources), compareSources, func(a, b *Source) { d.source(new.Name, a, b) })
}

// setAs says whether two services have the same settings. Nearly all have none but a balance: no text is made for those.
func (s *Service) setAs(other *Service) bool {
	plain := func(s *Service) bool {
		return s.Sticky == nil && s.Check == nil && s.MaxConn == nil && s.Presence == (Presence{}) && s.Transport == (Transport{}) && !s.Leads()
	}
	if plain(s) && plain(other) {
		return s.Balance == other.Balance
	}
	return s.settings() == other.settings()
}

// byOwner is the sources in an order that does not change when an owner comes or goes.
func byOwner(sources []Source) []Source {
	if len(sources) == 1 {
		return sources
	}
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, compareSources)
	return sources
}

func compareSources(a, b Source) int { return cmp.Compare(a.Owner.ID, b.Owner.ID) }

func (d *differ) source(service string, old, new *Source) {
	switch {
	case new == nil:
		d.add('-', "service", service, old.summary())
	case old == nil:
		d.add('+', "service", service, new.summary())
	default:
		if old.Weight != new.Weight || old.PerService != new.PerService {
			d.add('~', "service", service, old.String()+" => "+new.weight())
		}
		merge(old.Endpoints, new.Endpoints, compareEndpoints, func(a, b *Endpoint) { d.endpoint(service, a, b) })
	}
}

func (s Source) summary() string {
	return s.String() + ", " + counted(len(s.Endpoints), "endpoint")
}

func (d *differ) endpoint(service string, old, new *Endpoint) {
	switch {
	case new == nil:
		d.add('-', "endpoint", service, old.String())
	case old == nil:
		d.add('+', "endpoint", service, new.String())
	}
}
