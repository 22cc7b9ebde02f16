package rules

import (
	"strings"
	"unicode"
)

// What an editor or a chat puts into a rule and no request ever has: quotes of fine print, characters without a
// width, and templates that somebody else was to fill in.

// checkCharacters tells of them once for the whole rule. Hosts that hold one never match.
func (r *reader) checkCharacters() {
	if plain := withoutStrange(r.text); plain != r.text {
		r.tell(StrangeCharacter, Error, plain,
			"the rule holds typographic quotes or characters without a width (%+q), as no request has", strange(r.text))
	}
	if strings.Contains(r.text, "{{") {
		r.tell(NoTemplates, Error, "",
			"a rule is taken as it is written, {{ and }} included: a template in a label is filled in by nobody; "+
				"write the name out, or leave the rule out for the default one")
	}
}

// isStrange says whether a character is a typographic quote or has no width (a byte order mark, a soft hyphen).
func isStrange(c rune) bool {
	return unicode.Is(unicode.Cf, c) || strings.ContainsRune("“”„‟‘’‚‛«»‹›", c)
}

func withoutStrange(text string) string {
	return strings.Map(func(c rune) rune {
		if isStrange(c) {
			return -1
		}
		return c
	}, text)
}

func strange(text string) string {
	return strings.Map(func(c rune) rune {
		if isStrange(c) {
			return c
		}
		return -1
	}, text)
}

// unheard is whether a host's text can be in no request, told as far as it is not yet. literal is what of the
// argument stands outside of braces.
func (r *reader) unheard(arg, literal string) bool {
	pieces := strings.Fields(literal)
	switch {
	case strings.ContainsFunc(literal, isStrange), strings.Contains(arg, "{{"):
	case len(pieces) > 1:
		suggestion := r.with(arg, strings.Join(strings.Fields(arg), ","))
		if literal != arg || strings.Contains(arg, "/") {
			suggestion = ""
		}
		r.tell(HostNotPlain, Error, suggestion, "a host has no spaces; %q matches no request", arg)
	case strings.ContainsFunc(literal, func(c rune) bool { return c > unicode.MaxASCII }):
		r.tell(HostNotASCII, Error, "", "clients ask for a host in its xn-- form (punycode), so %q matches no request", arg)
	default:
		return false
	}
	return true
}
