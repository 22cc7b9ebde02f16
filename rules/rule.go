package rules

// A Rule is a parsed condition with its path modifiers. The zero Rule holds for every request and changes nothing.
type Rule struct {
	Text string // as its author wrote it, stray quotes removed

	when condition // nil: every request
	then modifiers
}

// Priority is what a rule weighs against others when its author gave no number: the longer, the more specific.
func (r Rule) Priority() int { return len(r.Text) }

// holds says whether a request meets the rule's condition.
func (r Rule) holds(s subject) verdict {
	if r.when == nil {
		return yes
	}
	return r.when.holds(s)
}

// canonical is a text that is equal for rules that hold for the same requests, as far as that is easily seen.
func (r Rule) canonical(m manner) string {
	if r.when == nil {
		return all{}.canonical(m)
	}
	return r.when.canonical(m)
}
