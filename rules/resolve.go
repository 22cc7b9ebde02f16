package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resolveRoutes makes routes of the route specs that can be served, older owners first.
func (c *compiler) resolveRoutes(specs []Spec) {
	for _, spec := range specs {
		for _, r := range spec.Routes {
			c.resolveRoute(spec.Owner, r)
		}
		for _, r := range spec.Refused {
			c.refuse(spec.Owner, r)
		}
	}
}

func (c *compiler) resolveRoute(o Owner, spec RouteSpec) {
	leading, filters := cutLeading(spec.Filters)
	r := &Route{
		Owner: o, Label: spec.Label, Segment: spec.Segment, Rule: spec.Rule, Priority: spec.Rule.Priority(), PassHost: spec.PassHost, Filters: filters,
		leading: leading, rewrites: spec.Rule.then.any() || len(leading) > 0, strict: c.options.StrictPrefix, TCP: spec.TCP,
	}
	if r.TCP != nil && r.takesAll() {
		r.Priority = lastOfAll
	}
	switch {
	case spec.Rule.Messages():
		r.Priority = 0 // pins have an order of their own
	case spec.Priority > 0:
		r.Priority, r.Given = spec.Priority, true
	}
	r.EntryPoints = c.entryPoints(r, spec)
	if spec.TLS {
		r.EntryPoints = c.secured(r)
	}
	r.Service = c.services[spec.Service]
	if r.Service == nil {
		c.tellRoute(r, UnknownService, Error, "the route leads to service %s, which nobody offers", spec.Service)
	}
	if r.TCP != nil {
		c.addTCP(r, spec)
		return
	}
	if !c.redirectsExist(r) || r.Service == nil || len(r.EntryPoints) == 0 {
		c.refuse(o, spec.Refuse())
		return
	}
	r.Filters = c.resolvePages(r)
	if r.Rule.Messages() {
		c.askByMessage(r.Service)
	}
	r.Name = c.freeName(spec.Name)
	c.routes = append(c.routes, r)
}

// addTCP takes in a route of connections. What is not served of them is no answer to a request, so that it is not kept in mind.
func (c *compiler) addTCP(r *Route, spec RouteSpec) {
	if r.Service == nil || len(r.EntryPoints) == 0 {
		return
	}
	r.Name = c.freeName(spec.Name)
	c.tcp = append(c.tcp, r)
}

// refuse keeps a route that is not served in mind. One whose entry points do not exist would have been at the default ones.
func (c *compiler) refuse(o Owner, r Refused) {
	r.Owner = o
	there := slices.DeleteFunc(slices.Clone(r.EntryPoints), func(name string) bool { return !slices.Contains(c.options.EntryPoints, name) })
	if r.EntryPoints = there; len(there) == 0 {
		r.EntryPoints = c.defaults
	}
	c.refused = append(c.refused, r)
}

// redirectsExist refuses a route that redirects to an entry point which is not there: without the redirect it would serve
// in clear what was to be served elsewhere.
func (c *compiler) redirectsExist(r *Route) bool {
	for _, f := range r.Filters {
		to, ok := f.(RedirectEntryPoint)
		if !ok || slices.ContainsFunc(c.options.EntryPoints, func(name string) bool { return strings.EqualFold(name, to.Name) }) {
			continue
		}
		c.tell(r.Owner, Diagnostic{
			Label: r.Label, Value: r.Rule.Text, Code: UnknownEntryPoint, Severity: Error, Suggestion: misspelled(to.Name, c.options.EntryPoints),
			Message: fmt.Sprintf("the route redirects to entry point %q, which does not exist, so it is not served; %s", to.Name, existing(c.options.EntryPoints)) +
				inSegment(r.Segment, r.Label),
		})
		return false
	}
	return true
}

// freeName makes a name unique. Older owners come first and so get the lower number.
func (c *compiler) freeName(name string) string {
	n := c.names[name]
	c.names[name]++
	return name + "-" + strconv.Itoa(n)
}

// entryPoints are those of a route's that exist.
func (c *compiler) entryPoints(r *Route, spec RouteSpec) []string {
	if spec.Rule.Messages() {
		return c.actEntryPoint(r, spec)
	}
	if len(spec.EntryPoints) == 0 {
		if len(c.defaults) == 0 {
			c.tellRoute(r, NoEntryPoint, Error, "the route names no entry point and the router has no default one")
		}
		return c.defaults
	}
	var names []string
	for _, name := range spec.EntryPoints {
		if !slices.Contains(c.options.EntryPoints, name) {
			c.tellEntryPoint(r.Owner, spec, name)
			continue
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		c.tell(r.Owner, Diagnostic{
			Label: spec.EntryPointsLabel, Value: strings.Join(spec.EntryPoints, ","), Code: NoEntryPoint, Severity: Error,
			Message: "none of the route's entry points exists, so it is not served" + inSegment(r.Segment, spec.EntryPointsLabel),
		})
	}
	return names
}

// secured are those of a route's entry points on which TLS is spoken: its author wants it served on no other.
func (c *compiler) secured(r *Route) []string {
	there := slices.DeleteFunc(slices.Clone(r.EntryPoints), func(name string) bool { return !slices.Contains(c.options.TLSEntryPoints, name) })
	if len(there) == 0 && len(r.EntryPoints) > 0 {
		c.tellRoute(r, NoEntryPoint, Error, "the router is to be served by TLS alone, and none of its entry points (%s) speaks it, so it is not served; "+
			"give the router's flag --entryPoints one with TLS, or leave the label tls out where somebody in front ends TLS", strings.Join(r.EntryPoints, ", "))
	}
	return there
}

func (c *compiler) tellEntryPoint(o Owner, spec RouteSpec, name string) {
	if name == c.options.Act {
		c.tell(o, Diagnostic{
			Label: spec.EntryPointsLabel, Value: name, Code: ActEntryPoint, Severity: Warning,
			Message: "the entry point " + name + " takes messages alone, for rules such as Act:role:user; " + existing(c.options.EntryPoints),
		})
		return
	}
	c.tell(o, Diagnostic{
		Label: spec.EntryPointsLabel, Value: name, Code: UnknownEntryPoint, Severity: Warning,
		Suggestion: misspelled(name, c.options.EntryPoints),
		Message:    fmt.Sprintf("entry point %q does not exist; %s", name, existing(c.options.EntryPoints)),
	})
}

// misspelled is the entry point that a name is a typing mistake of, or "". That there is no https, or no web2, is no
// mistake for http and web: such names are made of one another on purpose.
func misspelled(name string, entryPoints []string) string {
	meant, ok := Nearest(name, entryPoints)
	a, b := strings.ToLower(strings.TrimSpace(name)), strings.ToLower(meant)
	made := strings.HasPrefix(a, b) || strings.HasPrefix(b, a) || unnumbered(a) == unnumbered(b)
	if !ok || a != b && (made || Typos(a, b, 1) > 1) {
		return ""
	}
	return meant
}

func unnumbered(name string) string { return strings.TrimRight(name, "0123456789") }

func existing(entryPoints []string) string {
	if len(entryPoints) == 0 {
		return "the router has none"
	}
	return "the router has " + strings.Join(entryPoints, ", ")
}
