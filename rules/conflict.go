package rules

import (
	"fmt"
	"slices"
)

// A claim is a condition at an entry point. Who is tried first gets all of its requests.
type claim struct{ entryPoint, condition string }

// findConflicts marks routes that no request can reach because another one asks the same and is tried first.
func (c *compiler) findConflicts(routes []*Route) {
	first := map[claim]*Route{}
	for _, r := range routes {
		if r.Rule.when != nil && impossible(r.Rule.when) || r.Rule.Messages() { // see claimPins
			continue // already told; nobody loses anything by it
		}
		c.claimAll(first, r)
	}
}

func (c *compiler) claimAll(first map[claim]*Route, r *Route) {
	condition := r.Rule.canonical(c.options.manner())
	if r.TCP != nil && r.TCP.TLS {
		condition = "tls " + condition
	}
	var winner *Route
	lost := 0
	for _, entryPoint := range r.EntryPoints {
		key := claim{entryPoint, condition}
		other := first[key]
		switch {
		case other == nil:
			first[key] = r
		case other.Service != r.Service:
			winner = other
			lost++
		default:
			c.compareOptions(other, r)
		}
	}
	if lost > 0 {
		r.Shadowed = lost == len(r.EntryPoints)
		c.tellConflict(winner, r)
	}
}

func (c *compiler) tellConflict(winner, loser *Route) {
	if winner.Owner.Gone || loser.Owner.Gone {
		return // it is over in a moment
	}
	severity := Error
	if !loser.Shadowed {
		severity = Warning // it is served at other entry points
	}
	if winner.Priority != loser.Priority {
		c.tellRoute(loser, HiddenRoute, Warning, "%s asks for the same requests with priority %d, above this one's %d, and gets them",
			named(winner), winner.Priority, loser.Priority)
		return
	}
	c.tellRoute(loser, AmbiguousRoute, severity, "%s asks for the same requests, is older and gets them", named(winner))
	c.tellRoute(winner, AmbiguousRoute, Warning, "%s asks for the same requests; this one is older and gets them", named(loser))
}

// compareOptions looks at two routes to one service: harmless, unless it matters which of them is tried first.
func (c *compiler) compareOptions(first, other *Route) {
	if first.Owner.Gone || other.Owner.Gone || first.PassHost == other.PassHost && first.TCP.same(other.TCP) && first.Rule.then.same(other.Rule.then) && sameChains(first, other) {
		return
	}
	const text = "%s asks for the same requests for the same service, but forwards them otherwise; %s counts"
	c.tellRoute(first, RouteOptionsDiffer, Warning, text, named(other), "this one")
	c.tellRoute(other, RouteOptionsDiffer, Warning, text, named(first), "that one")
}

// sameChains says whether two routes do the same to requests, changes of path included.
func sameChains(a, b *Route) bool {
	same := func(f, g Rewrite) bool { return f.key() == g.key() }
	return slices.EqualFunc(a.leading, b.leading, same) && SameFilters(a.Filters, b.Filters)
}

func named(r *Route) string { return fmt.Sprintf("%s (route %s)", r.Owner.Name, r.Name) }
