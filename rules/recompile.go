package rules

import (
	"cmp"
	"reflect"
	"slices"
)

// Recompile is Compile for specs that follow those of prev, which may be nil. Nearly always a swarm changes by a task
// that comes or goes: then all but its service and that service's routes are prev's own.
func Recompile(prev *Table, specs []Spec, o Options) (*Table, []Diagnostic) {
	if prev == nil || !prev.options.equal(o) {
		return Compile(specs, o)
	}
	next, ok := prev.follow(specs)
	if !ok {
		return Compile(specs, o)
	}
	return next, next.diagnostics()
}

func (o Options) equal(other Options) bool {
	return slices.Equal(o.EntryPoints, other.EntryPoints) && slices.Equal(o.DefaultEntryPoints, other.DefaultEntryPoints) && slices.Equal(o.TLSEntryPoints, other.TLSEntryPoints) &&
		o.Act == other.Act && o.StrictPrefix == other.StrictPrefix && o.KeepTrailingSlash == other.KeepTrailingSlash
}

// follow is the table of other specs, if they differ from t's in endpoints only. Order, conflicts and indexes depend
// on no endpoint, so they stay.
func (t *Table) follow(specs []Spec) (next *Table, ok bool) {
	if len(specs) != len(t.specs) {
		return nil, false
	}
	services := slices.Clone(t.Services)
	for i := range specs {
		if !t.specs[i].sameButEndpoints(&specs[i]) || !t.renew(services, &t.specs[i], &specs[i]) {
			return nil, false
		}
	}
	next = &Table{Routes: leadTo(services, t.Routes), TCP: leadTo(services, t.TCP), Services: services, Refused: t.Refused,
		byEntryPoint: t.byEntryPoint, doors: t.doors, pins: t.pins, options: t.options, specs: specs, found: t.found}
	return next, true
}

// leadTo is the routes with their services as they are now.
func leadTo(services []*Service, routes []*Route) []*Route {
	routes = slices.Clone(routes)
	for i, r := range routes {
		if s := services[r.Service.ID]; s != r.Service {
			changed := *r
			changed.Service = s
			routes[i] = &changed
		}
	}
	return routes
}

// renew puts new services where a spec's endpoints are others than they were.
func (t *Table) renew(services []*Service, old, spec *Spec) bool {
	if share(old.Services, spec.Services) {
		return true
	}
	for i := range spec.Services {
		s := &spec.Services[i]
		if slices.Equal(old.Services[i].Endpoints, s.Endpoints) {
			continue
		}
		id, found := slices.BinarySearchFunc(services, s.Name, func(s *Service, name string) int { return cmp.Compare(s.Name, name) })
		if !found {
			return false
		}
		renewed, ok := services[id].with(spec.Owner, s)
		if !ok {
			return false
		}
		services[id] = renewed
	}
	return true
}

// with is a copy of the service in which an owner's share has other endpoints. Of two shares that look the same the
// endpoints themselves decide which is first: that is for Compile to do.
func (s *Service) with(o Owner, from *ServiceSpec) (*Service, bool) {
	is := func(source Source) bool {
		return source.Owner.ID == o.ID && source.Weight == from.Weight && source.PerService == from.PerService
	}
	i := slices.IndexFunc(s.Sources, is)
	if i < 0 || slices.ContainsFunc(s.Sources[i+1:], is) {
		return nil, false
	}
	renewed := *s
	renewed.Sources = slices.Clone(s.Sources)
	renewed.Sources[i].Endpoints = sortedEndpoints(from.Endpoints)
	return &renewed, true
}

// sameButEndpoints says whether two specs ask for the same, wherever it is answered.
func (s *Spec) sameButEndpoints(other *Spec) bool {
	return s.Owner.ID == other.Owner.ID && s.Owner.Name == other.Owner.Name && s.Owner.Gone == other.Owner.Gone && s.Owner.Created.Equal(other.Owner.Created) &&
		(share(s.Routes, other.Routes) || slices.EqualFunc(s.Routes, other.Routes, RouteSpec.equal)) &&
		(share(s.Refused, other.Refused) || slices.EqualFunc(s.Refused, other.Refused, Refused.equal)) &&
		(share(s.Services, other.Services) || slices.EqualFunc(s.Services, other.Services, ServiceSpec.sameSettings))
}

// share says whether two slices are one: a service that did not change was not read again.
func share[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (r RouteSpec) equal(other RouteSpec) bool {
	return r.Label == other.Label && r.Segment == other.Segment && r.Name == other.Name && r.Priority == other.Priority && r.Service == other.Service &&
		r.PassHost == other.PassHost && r.TLS == other.TLS && r.TCP.same(other.TCP) && r.EntryPointsLabel == other.EntryPointsLabel &&
		slices.Equal(r.EntryPoints, other.EntryPoints) && r.Rule.equal(other.Rule) && SameFilters(r.Filters, other.Filters)
}

// equal says whether two rules were parsed from the same text in the same language.
func (r Rule) equal(other Rule) bool {
	return r.Text == other.Text && r.canonical(manner{}) == other.canonical(manner{}) && r.then.same(other.then)
}

func (s ServiceSpec) sameSettings(other ServiceSpec) bool {
	return s.Name == other.Name && s.Weight == other.Weight && s.PerService == other.PerService && s.Balance == other.Balance && s.Presence == other.Presence && s.Transport == other.Transport &&
		reflect.DeepEqual(s.Sticky, other.Sticky) && reflect.DeepEqual(s.Check, other.Check) && reflect.DeepEqual(s.MaxConn, other.MaxConn) &&
		slices.Equal(s.Weighted, other.Weighted) && reflect.DeepEqual(s.Mirroring, other.Mirroring) &&
		reflect.DeepEqual(s.Failover, other.Failover) && s.PartsLabel == other.PartsLabel
}
