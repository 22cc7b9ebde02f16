package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Options are the router's own settings that change what a table is.
type Options struct {
	EntryPoints        []string // those that exist
	DefaultEntryPoints []string // for routes that name none
	TLSEntryPoints     []string // those on which TLS is spoken
	StrictPrefix       bool     // "/foo" is a prefix of "/foo" and "/foo/bar" only, not of "/foobar"
	KeepTrailingSlash  bool     // "/foo" and "/foo/" are two paths, not one with a redirect
	Act                string   // the entry point of messages, which is none of the others; "": there is none
}

func (o Options) manner() manner { return manner{strict: o.StrictPrefix, keep: o.KeepTrailingSlash} }

// Compile makes the table of all specs. The order they come in does not matter: the same swarm gives the same table,
// to the byte. What cannot be served is left out and told to its owner. The table keeps the specs, which may not be
// changed afterwards.
func Compile(specs []Spec, o Options) (*Table, []Diagnostic) {
	c := compiler{options: o, services: map[string]*Service{}, names: map[string]int{}}
	c.checkDefaults()
	ordered := byAge(specs)
	c.mergeServices(ordered)
	c.resolveParts()
	c.resolveRoutes(ordered)
	orderRoutes(c.routes)
	orderRoutes(c.tcp)
	c.orderRefused()
	c.findConflicts(c.routes)
	c.findConflicts(c.tcp)
	pins := newPinIndex(c.claimPins())
	forests := plant(c.routes, o.EntryPoints)
	c.findOverlaps(forests)
	c.tellTCP(forests)
	indexes := pack(forests)
	t := &Table{Routes: c.routes, TCP: c.tcp, Services: c.ordered, Refused: c.refused, byEntryPoint: indexes, doors: c.openDoors(indexes), pins: pins, options: o, specs: specs, found: c.found}
	return t, t.diagnostics()
}

// A compiler holds what the steps of Compile hand on to each other.
type compiler struct {
	options  Options
	defaults []string // the default entry points that exist
	services map[string]*Service
	ordered  []*Service
	routes   []*Route
	tcp      []*Route
	names    map[string]int // the next free number of each route name
	refused  []Refused
	found    []Diagnostic
}

func (c *compiler) tell(o Owner, d Diagnostic) {
	if o.Gone {
		return
	}
	d.Service = o.Name
	c.found = append(c.found, d)
}

// tellRoute tells a route's owner about its rule.
func (c *compiler) tellRoute(r *Route, code string, severity Severity, format string, args ...any) {
	c.tell(r.Owner, Diagnostic{
		Label: r.Label, Value: r.Rule.Text, Code: code, Severity: severity,
		Message: fmt.Sprintf(format, args...) + inSegment(r.Segment, r.Label),
	})
}

// inSegment names a segment where the label of the diagnostic doesn't: labels of the whole service count in each.
func inSegment(segment, label string) string {
	if segment == "" || strings.Contains(label, "."+segment+".") {
		return ""
	}
	return " (segment " + segment + ")"
}

// checkDefaults keeps the default entry points that exist. The others are the operator's to mend.
func (c *compiler) checkDefaults() {
	for _, name := range c.options.DefaultEntryPoints {
		if !slices.Contains(c.options.EntryPoints, name) {
			c.tell(Owner{}, Diagnostic{
				Value: name, Code: UnknownEntryPoint, Severity: Error, Suggestion: misspelled(name, c.options.EntryPoints),
				Message: fmt.Sprintf("the default entry point %q does not exist; %s", name, existing(c.options.EntryPoints)),
			})
			continue
		}
		if !slices.Contains(c.defaults, name) {
			c.defaults = append(c.defaults, name)
		}
	}
}

// byAge is a copy of the specs, older owners first, each with its routes and services in order.
func byAge(specs []Spec) []Spec {
	specs = slices.Clone(specs)
	slices.SortStableFunc(specs, func(a, b Spec) int { return older(a.Owner, b.Owner) })
	for i := range specs {
		specs[i].Routes = slices.Clone(specs[i].Routes)
		slices.SortStableFunc(specs[i].Routes, compareRouteSpecs)
		specs[i].Services = slices.Clone(specs[i].Services)
		slices.SortStableFunc(specs[i].Services, compareServiceSpecs)
	}
	return specs
}

func compareRouteSpecs(a, b RouteSpec) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Rule.Text, b.Rule.Text), cmp.Compare(a.Label, b.Label),
		cmp.Compare(a.Service, b.Service), cmp.Compare(a.Priority, b.Priority), slices.Compare(a.EntryPoints, b.EntryPoints),
		compareBool(a.PassHost, b.PassHost), compareBool(a.TLS, b.TLS), cmp.Compare(a.TCP.text(), b.TCP.text()),
		cmp.Compare(filtersKey(a.Filters), filtersKey(b.Filters)))
}

func compareServiceSpecs(a, b ServiceSpec) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Weight, b.Weight), compareBool(a.PerService, b.PerService),
		slices.CompareFunc(sortedEndpoints(a.Endpoints), sortedEndpoints(b.Endpoints), compareEndpoints),
		cmp.Compare(settingsText(a), settingsText(b)))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// orderRoutes puts the routes in the order they are tried, those of messages behind the others.
func orderRoutes(routes []*Route) {
	slices.SortFunc(routes, func(a, b *Route) int {
		if a.Rule.Messages() && b.Rule.Messages() {
			return cmp.Or(compareActs(a, b), older(a.Owner, b.Owner), cmp.Compare(a.Name, b.Name))
		}
		return cmp.Or(compareBool(a.Rule.Messages(), b.Rule.Messages()), cmp.Compare(b.Priority, a.Priority), older(a.Owner, b.Owner), cmp.Compare(a.Name, b.Name))
	})
	for i, r := range routes {
		r.ID = i
	}
}

func (c *compiler) orderRefused() {
	slices.SortStableFunc(c.refused, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), older(a.Owner, b.Owner), cmp.Compare(a.Rule.Text, b.Rule.Text))
	})
}

// diagnostics is what there is to tell about the table, in order and each once.
func (t *Table) diagnostics() []Diagnostic {
	all := slices.Concat(t.found, tellShares(t.Services))
	slices.SortStableFunc(all, func(a, b Diagnostic) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value),
			strings.Compare(a.Code, b.Code), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
