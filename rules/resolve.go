package rules

import (
	"fmt"
	"slices"
	"strconv"
)

// resolveRoutes makes routes of the route specs that can be served, older owners first.
func (c *compiler) resolveRoutes(specs []Spec) {
	for _, spec := range specs {
		for _, r := range spec.Routes {
			c.resolveRoute(spec.Owner, r)
		}
	}
}

func (c *compiler) resolveRoute(o Owner, spec RouteSpec) {
	r := &Route{
		Owner: o, Label: spec.Label, Rule: spec.Rule, Priority: spec.Rule.Priority(), PassHost: spec.PassHost,
		rewrites: spec.Rule.then.any(), strict: c.options.StrictPrefix,
	}
	if spec.Priority > 0 {
		r.Priority, r.Given = spec.Priority, true
	}
	r.EntryPoints = c.entryPoints(r, spec)
	r.Service = c.services[spec.Service]
	if r.Service == nil {
		c.tellRoute(r, UnknownService, Error, "the route leads to service %s, which nobody offers", spec.Service)
	}
	if r.Service == nil || len(r.EntryPoints) == 0 {
		return
	}
	r.Name = c.freeName(spec.Name)
	c.routes = append(c.routes, r)
}

// freeName makes a name unique. Older owners come first and so get the lower number.
func (c *compiler) freeName(name string) string {
	n := c.names[name]
	c.names[name]++
	return name + "-" + strconv.Itoa(n)
}

// entryPoints are those of a route's that exist.
func (c *compiler) entryPoints(r *Route, spec RouteSpec) []string {
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
		c.tellRoute(r, NoEntryPoint, Error, "none of the route's entry points exists")
	}
	return names
}

func (c *compiler) tellEntryPoint(o Owner, spec RouteSpec, name string) {
	suggestion, _ := Nearest(name, c.options.EntryPoints)
	c.tell(o, Diagnostic{
		Label: spec.EntryPointsLabel, Value: name, Code: UnknownEntryPoint, Severity: Error, Suggestion: suggestion,
		Message: fmt.Sprintf("entry point %q does not exist", name),
	})
}
