package rules

import (
	"slices"
	"strings"
)

// How the two languages of rules read Act and Observe.

// messages reads a pin of 1.x, "Act:role:user,cmd:*": its commas join what must hold together, as in Query.
func (r *reader) messages(name, written string) {
	pin, err := ParsePin(written)
	if err != nil {
		r.fail(BadPin, r.withPart(mendedPin(name+":", written)), "%v", err)
		return
	}
	r.when = append(r.when, newActs(name == "Observe", pin))
}

// checkAlone refuses a rule that asks for messages and for something else.
func (r *reader) checkAlone() {
	if !speaksOfMessages(r.when) || len(r.when) == 1 && !r.then.any() {
		return
	}
	for _, c := range r.when[1:] {
		if _, is := c.(acts); !is {
			r.fail(ActNotAlone, "", alone, r.whenWord())
			return
		}
	}
	if r.then.any() {
		r.fail(ActNotAlone, "", alone, r.whenWord())
		return
	}
	r.fail(ActNotAlone, r.onePin(), "a message would have to meet each of these parts: what must hold together is one pin, joined by commas, "+
		"and for another pin there is another segment")
}

func (r *reader) whenWord() string {
	for _, c := range r.when {
		if a, is := c.(acts); is {
			return a.word()
		}
	}
	return "Act"
}

// onePin is the rule's pins as one, if they can be.
func (r *reader) onePin() string {
	var pairs []string
	for _, c := range r.when {
		pairs = append(pairs, c.(acts).pins[0].text)
	}
	text := r.whenWord() + ":" + strings.Join(pairs, ",")
	if _, err := ParsePin(strings.TrimPrefix(text, r.whenWord()+":")); err != nil {
		return ""
	}
	return text
}

// mendedPin is a pin whose author wrote = for a colon, or put it in braces; "": it is something else.
func mendedPin(before, written string) string {
	mended := strings.Trim(strings.TrimSpace(written), "{}")
	if !strings.Contains(mended, ":") {
		mended = strings.ReplaceAll(mended, "=", ":")
	}
	if _, err := ParsePin(mended); err != nil || mended == written {
		return ""
	}
	return before + mended
}

func (r *reader3) act(c call) condition     { return r.messages(c, false) }
func (r *reader3) observe(c call) condition { return r.messages(c, true) }

// messages reads pins, of which v2's syntax may have several.
func (r *reader3) messages(c call, observe bool) condition {
	var pins []Pin
	for _, a := range c.args {
		pin, err := ParsePin(a.text)
		if err != nil {
			if mended := mendedPin("", a.text); mended != "" {
				r.edits = append(r.edits, edit{a.from, a.to, quoted3(mended)})
			}
			r.fail(BadPin, "%v", err)
			continue
		}
		pins = append(pins, pin)
	}
	return newActs(observe, pins...)
}

// checkAlone makes one condition of alternatives for messages, and refuses a rule that asks for something else, too.
func (r *reader3) checkAlone(c condition) condition {
	one, mixed := joined(c)
	if mixed && !r.failed {
		word := "Act"
		if !strings.Contains(r.text, word) {
			word = "Observe"
		}
		r.fail(ActNotAlone, alone+"; several of one kind may be joined by ||", word)
	}
	return one
}

// isMessages says whether a function of 1.x takes a pin.
func isMessages(name string) bool { return slices.Contains([]string{"Act", "Observe"}, name) }
