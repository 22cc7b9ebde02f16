package rules

import (
	"slices"
	"strings"
)

// A route can be hidden by one that asks for more than it does: "Host:a.com" with a high priority of its author's hides
// "Host:a.com;PathPrefix:/api". Compile looks for equal conditions only, which costs a map; this is for tools.

// Covered tells of routes that no request comes to, since another one that is tried first holds for each of theirs too. It
// tells only what is sure, and nothing of routes that Compile has told to be hidden.
func (t *Table) Covered() (found []Diagnostic) {
	before := map[string][]*Route{} // by host; those that may hold for several are under ""
	for _, r := range t.Routes {
		if r.Shadowed || r.Rule.Messages() || r.Rule.when != nil && impossible(r.Rule.when) {
			continue
		}
		host := soleHost(r.Rule.when)
		candidates := before[""]
		if host != "" {
			candidates = append(slices.Clone(before[host]), candidates...)
		}
		if i := slices.IndexFunc(candidates, func(first *Route) bool { return first.covers(r) }); i >= 0 {
			c := compiler{}
			c.tellRoute(r, HiddenRoute, Warning, "%s holds for each of this one's requests too, with priority %d above %d, and gets them all",
				named(candidates[i]), candidates[i].Priority, r.Priority)
			found = append(found, c.found...)
			continue
		}
		before[host] = append(before[host], r)
	}
	return found
}

// soleHost is the one host that a condition holds for; "": it may hold for several.
func soleHost(c condition) string {
	switch c := c.(type) {
	case hostIs:
		return string(c)
	case anyOf:
		if len(c) == 1 {
			return soleHost(c[0])
		}
	case all:
		for _, part := range c {
			if host := soleHost(part); host != "" {
				return host
			}
		}
	}
	return ""
}

// covers reports whether all of another route's requests are for this one, to another service.
func (r *Route) covers(other *Route) bool {
	if r.Service == other.Service {
		return false
	}
	for _, name := range other.EntryPoints {
		if !slices.Contains(r.EntryPoints, name) {
			return false
		}
	}
	return implies(other.Rule.when, r.Rule.when, r.strict)
}

// implies reports whether each request that meets one condition meets another, as far as that is easily seen.
func implies(c, other condition, strict bool) bool {
	if parts, ok := other.(all); ok || other == nil {
		return !slices.ContainsFunc(parts, func(part condition) bool { return !implies(c, part, strict) })
	}
	switch c := c.(type) {
	case nil:
		return isAnyPath(other)
	case all:
		return slices.ContainsFunc(c, func(part condition) bool { return implies(part, other, strict) }) || isAnyPath(other)
	case anyOf:
		return len(c) > 0 && !slices.ContainsFunc(c, func(part condition) bool { return !implies(part, other, strict) })
	}
	if parts, ok := other.(anyOf); ok {
		return slices.ContainsFunc(parts, func(part condition) bool { return implies(c, part, strict) })
	}
	return isAnyPath(other) || c.canonical(manner{}) == other.canonical(manner{}) || leafImplies(c, other, strict)
}

// isAnyPath: every path begins with a slash.
func isAnyPath(c condition) bool {
	p, ok := c.(pathHas)
	return ok && p.re == nil && p.text == "/"
}

func leafImplies(c, other condition, strict bool) bool {
	switch other := other.(type) {
	case pathHas:
		start, ok := literalStart(c, strict)
		return ok && other.re == nil && hasPrefix(start, other.text, strict)
	case hostLike:
		host, ok := c.(hostIs)
		return ok && other.re.MatchString(string(host))
	case hostMatches:
		host, ok := c.(hostIs)
		return ok && other.re.MatchString(string(host))
	case headerIs:
		field, ok := c.(headerIs)
		return ok && other.value == "" && field.name == other.name
	}
	return false
}

// literalStart is what every path that a condition holds for begins with. Where a template goes on is not known, and
// whether a strict prefix ends there neither.
func literalStart(c condition, strict bool) (string, bool) {
	switch c := c.(type) {
	case pathIs:
		return strings.TrimSuffix(c.before, "/"), c.re == nil || !strict
	case pathHas:
		return c.before, c.re == nil || !strict
	case pathExact:
		return string(c), true
	}
	return "", false
}
