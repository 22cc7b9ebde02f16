package rules

import (
	"fmt"
	"slices"
)

// ExplainAct says how MatchAct comes to its answer: the routes of messages in the order in which they are tried, with what of their
// pins the message does not meet. With all it has every route; of many else, those alone that hold for the message.
func (t *Table) ExplainAct(m *Message, all bool) Explanation {
	e := Explanation{Match: Match{Route: t.MatchAct(m).Route}}
	messages := 0
	for _, r := range t.Routes {
		if r.Rule.Messages() {
			messages++
		}
	}
	for _, r := range t.Routes {
		if !r.Rule.Messages() {
			continue
		}
		c := Candidate{Route: r, Why: t.whyNot(r, m)}
		switch c.Outcome = e.outcome(r, r.EntryPoints[0], c.Why); {
		case r.Rule.Observes() && len(c.Why) == 0:
			c.Outcome = Copied
		case c.Outcome == Fails && !all && messages > few:
			e.Others++
			continue
		}
		e.Candidates = append(e.Candidates, c)
	}
	return e
}

// whyNot is the first part of each of a route's pins that a message does not meet; nothing where it meets one of the pins whole.
func (t *Table) whyNot(r *Route, m *Message) (why []Reason) {
	for _, pin := range r.Rule.Pins() {
		i := slices.IndexFunc(pin.pairs, func(pair pinPair) bool {
			f := t.field(m, pair.key)
			return !pair.value.holds(&f)
		})
		if i < 0 {
			return nil
		}
		pair := pin.pairs[i]
		why = append(why, Reason{Matcher: pair.key + ":" + pair.value.text, Found: found(pair.key, t.field(m, pair.key))})
	}
	return why
}

func (t *Table) field(m *Message, key string) Field {
	number, _ := t.pins.keys.Number([]byte(key))
	if i := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Key == number }); i >= 0 {
		return m.Fields[i]
	}
	return Field{}
}

func found(key string, f Field) string {
	switch f.Kind {
	case Absent:
		return "the message has no " + key
	case Composite:
		return "the message's " + key + " is a list or an object"
	}
	return fmt.Sprintf("the message's %s is %.80s", key, f.Value)
}
