package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// actEntryPoint is where rules of messages are served, whatever else they name.
func (c *compiler) actEntryPoint(r *Route, spec RouteSpec) []string {
	if c.options.Act == "" {
		c.tellRoute(r, NoEntryPoint, Error, "the router takes no messages (--act=false), so the route is not served")
		return nil
	}
	var others []string
	for _, name := range spec.EntryPoints {
		if name != c.options.Act {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		c.tell(r.Owner, Diagnostic{
			Label: spec.EntryPointsLabel, Value: strings.Join(spec.EntryPoints, ","), Code: ActEntryPoint, Severity: Warning, Suggestion: c.options.Act,
			Message: fmt.Sprintf("messages are served on the entry point %s alone, so not on %s", c.options.Act, strings.Join(others, ", ")) + inSegment(r.Segment, spec.EntryPointsLabel),
		})
	}
	return []string{c.options.Act}
}

// askByMessage makes the health check of a service that answers messages a message, too: a GET without a body ends a process of
// today's Seneca.
func (c *compiler) askByMessage(s *Service) {
	if s.Check == nil || s.Check.Message {
		return
	}
	check := *s.Check
	check.Message = true
	s.Check = &check
}

// claimPins gives each pin of Act to the oldest route that asks for it; of Observe all have theirs. It tells who loses.
func (c *compiler) claimPins() []holder {
	var asking []*Route
	for _, r := range c.routes {
		if r.Rule.Messages() {
			asking = append(asking, r)
		}
	}
	slices.SortStableFunc(asking, func(a, b *Route) int { return cmp.Or(older(a.Owner, b.Owner), cmp.Compare(a.Name, b.Name)) })
	var holders []holder
	first := map[string]*Route{}
	for _, r := range asking {
		holders = append(holders, c.claim(first, r)...)
	}
	return holders
}

func (c *compiler) claim(first map[string]*Route, r *Route) (held []holder) {
	pins, lost := r.Rule.Pins(), 0
	for i := range pins {
		other := first[pins[i].text]
		switch {
		case r.Rule.Observes():
			held = append(held, holder{&pins[i], r})
		case other == nil:
			first[pins[i].text] = r
			held = append(held, holder{&pins[i], r})
		case other.Service != r.Service:
			lost++
			c.tellPin(other, r, &pins[i])
		default:
			c.compareOptions(other, r)
		}
	}
	r.Shadowed = lost > 0 && lost == len(pins)
	return held
}

func (c *compiler) tellPin(winner, loser *Route, pin *Pin) {
	if winner.Owner.Gone || loser.Owner.Gone {
		return // it is over in a moment
	}
	severity := Error
	if len(loser.Rule.Pins()) > 1 {
		severity = Warning // it may have others
	}
	c.tellRoute(loser, AmbiguousRoute, severity, "%s asks for the messages %s too, is older and gets them; "+
		"with the same backend the two would share them", named(winner), pin)
	c.tellRoute(winner, AmbiguousRoute, Warning, "%s asks for the messages %s too; this one is older and gets them", named(loser), pin)
}
