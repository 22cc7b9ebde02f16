package rules

import (
	"slices"
	"strings"
)

// Rules of messages ask for what a message says, Act:role:user,cmd:*, and lead to the service that answers it, or with Observe to
// one that gets a copy. They stand alone: a message has no host and no path.

// acts is the condition of such a rule: one of its pins holds. No request of HTTP meets it, and no index has it.
type acts struct {
	pins    []Pin // in order, each once
	observe bool
}

func newActs(observe bool, pins ...Pin) acts {
	pins = slices.Clone(pins)
	slices.SortFunc(pins, ComparePins)
	return acts{pins: slices.CompactFunc(pins, func(a, b Pin) bool { return a.text == b.text }), observe: observe}
}

func (a acts) holds(subject) verdict { return no }

func (a acts) canonical(manner) string {
	texts := make([]string, len(a.pins))
	for i, p := range a.pins {
		texts[i] = p.text
	}
	return a.word() + "(" + strings.Join(texts, " ") + ")"
}

func (a acts) anchors() []anchor           { return nil }
func (a acts) rest(anchor, bool) condition { return a }

// word is the name of the matcher, in all languages.
func (a acts) word() string {
	if a.observe {
		return "Observe"
	}
	return "Act"
}

// Messages reports whether the rule asks for messages, not for requests.
func (r Rule) Messages() bool {
	_, is := r.when.(acts)
	return is
}

// Observes reports whether the rule asks for copies of messages.
func (r Rule) Observes() bool {
	a, is := r.when.(acts)
	return is && a.observe
}

// Pins are what a rule of messages asks for, in order; none of any other.
func (r Rule) Pins() []Pin {
	a, _ := r.when.(acts)
	return a.pins
}

// compareActs puts routes of messages in the order of their first pins, those that answer first.
func compareActs(a, b *Route) int {
	if a.Rule.Observes() != b.Rule.Observes() {
		return compareBool(a.Rule.Observes(), b.Rule.Observes())
	}
	return ComparePins(a.Rule.Pins()[0], b.Rule.Pins()[0])
}

// alone is what a rule hears that joins a matcher of messages with others.
const alone = "%s asks for messages and stands alone in its rule: a message has no host, no path and no header fields"

// joined makes one condition of a rule's alternatives, if all of them are of messages and of one kind. mixed: it speaks of
// messages and of something else.
func joined(c condition) (one condition, mixed bool) {
	var pins []Pin
	var kinds [2]bool
	if !gather(c, &pins, &kinds) {
		return c, speaksOfMessages(c)
	}
	if kinds[0] && kinds[1] {
		return c, true
	}
	return newActs(kinds[1], pins...), false
}

// gather collects the pins of alternatives; false: something else is among them.
func gather(c condition, pins *[]Pin, kinds *[2]bool) bool {
	switch c := c.(type) {
	case acts:
		*pins = append(*pins, c.pins...)
		kinds[0], kinds[1] = kinds[0] || !c.observe, kinds[1] || c.observe
		return true
	case anyOf:
		return len(c) > 0 && !slices.ContainsFunc(c, func(c condition) bool { return !gather(c, pins, kinds) })
	}
	return false
}

func speaksOfMessages(c condition) bool {
	switch c := c.(type) {
	case acts:
		return true
	case anyOf:
		return slices.ContainsFunc(c, speaksOfMessages)
	case all:
		return slices.ContainsFunc(c, speaksOfMessages)
	case not:
		return speaksOfMessages(c.condition)
	}
	return false
}
