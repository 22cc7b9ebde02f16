package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseTraefik1 reads a rule in the language of Traefik 1.x ("Host:a.com;PathPrefixStrip:/api"). Diagnostics
// carry no service and no label: the caller knows those. ok is false when the rule cannot be served at all; a rule
// that is accepted but that no request can meet is served as 1.x serves it, with a diagnostic.
func ParseTraefik1(text string) (rule Rule, found []Diagnostic, ok bool) {
	rule, found, ok = parse(text)
	for i, d := range found {
		if len(found) <= mostMended {
			found[i].Suggestion = settled(d.Suggestion)
		}
		if found[i].Suggestion == text {
			found[i].Suggestion = ""
		}
	}
	return rule, found, ok
}

// mostMended bounds the work: of a rule with more mistakes each suggestion mends one.
const mostMended = 4

// settled is a suggested rule in which nothing is left to mend: of a rule with two mistakes, each one's suggestion
// would repeat the other.
func settled(text string) string {
	for range 2 * mostMended {
		if text == "" {
			break
		}
		_, found, _ := parse(text)
		i := slices.IndexFunc(found, func(d Diagnostic) bool { return d.Suggestion != "" })
		if i < 0 {
			break
		}
		text = found[i].Suggestion
	}
	return text
}

func parse(text string) (rule Rule, found []Diagnostic, ok bool) {
	r := reader{text: withoutQuotes(text)}
	if r.text != text {
		r.tell(StrayQuotes, Warning, r.text, "quotes at the end of a rule, a part or an argument are no part of it and were removed")
	}
	if !utf8.ValidString(r.text) {
		r.fail(NotUTF8, "", "the rule is not valid UTF-8")
		return r.refused()
	}
	if len(r.text) > maxRule {
		r.fail(RuleTooBig, "", "the rule has %d bytes of at most %d", len(r.text), maxRule)
		return r.refused()
	}
	r.checkCharacters()
	r.checkBraces()
	parts := strings.FieldsFunc(r.text, func(c rune) bool { return c == ';' })
	for _, part := range parts {
		if strings.TrimSpace(part) != "" && len(r.found) < maxTold {
			r.readPart(part)
		}
	}
	r.finish()
	if r.failed {
		return r.refused()
	}
	return Rule{Text: r.text, when: r.condition(), then: r.then}, r.found, true
}

// refused is a rule that never matches: half a rule would match too much, should anyone serve it all the same.
func (r *reader) refused() (Rule, []Diagnostic, bool) {
	return Rule{Text: r.text, when: never(r.text)}, r.found, false
}

// A reader reads one rule. Its parts must all hold, in the order written.
type reader struct {
	text   string
	part   string // the part being read
	when   all
	then   modifiers
	hosts  []string // the hosts that are left when all Host parts so far hold
	strips int      // Strip functions so far
	parts  int
	cut    bool // a separator inside braces has been told: what follows from it need not be
	failed bool
	found  []Diagnostic
}

// A function is a word of the language. read gets its arguments: at least one, trimmed.
type function struct {
	name   string
	either bool // its arguments are alternatives
	read   func(r *reader, args []string)
}

var traefik1 = []function{
	{"Host", true, (*reader).host},
	{"HostRegexp", true, (*reader).hostRegexp},
	{"Path", true, (*reader).path},
	{"PathStrip", true, (*reader).pathStrip},
	{"PathStripRegex", true, (*reader).pathStripRegex},
	{"PathPrefix", true, (*reader).pathPrefix},
	{"PathPrefixStrip", true, (*reader).pathPrefixStrip},
	{"PathPrefixStripRegex", true, (*reader).pathPrefixStripRegex},
	{"Method", true, (*reader).method},
	{"Headers", false, (*reader).headers},
	{"HeadersRegexp", false, (*reader).headersRegexp},
	{"Query", false, (*reader).query},
	{"AddPrefix", false, (*reader).addPrefix},
	{"ReplacePath", false, (*reader).replacePath},
	{"ReplacePathRegex", false, (*reader).replacePathRegex},
	{"Act", false, nil}, // see messages: their arguments have colons
	{"Observe", false, nil},
}

// readPart reads "name:argument,argument". As in 1.x, empty pieces between colons and between commas vanish.
func (r *reader) readPart(part string) {
	r.parts++
	r.part = part
	pieces := strings.FieldsFunc(part, func(c rune) bool { return c == ':' })
	if len(pieces) == 0 {
		r.fail(EmptyRule, "", "%q names no function", part)
		return
	}
	name, joined := strings.TrimSpace(pieces[0]), strings.Join(pieces[1:], ":")
	i := slices.IndexFunc(traefik1, func(f function) bool { return f.name == name })
	if i < 0 {
		r.unknown(name)
		return
	}
	if isMessages(name) && strings.TrimSpace(joined) != "" {
		_, written, _ := strings.Cut(part, ":")
		r.messages(name, written)
		return
	}
	args := strings.FieldsFunc(joined, func(c rune) bool { return c == ',' })
	if len(args) == 0 {
		r.fail(MissingArgument, "", "%s has no argument", name)
		return
	}
	if _, written, _ := strings.Cut(part, ":"); strings.Contains(written, "::") || strings.HasSuffix(written, ":") {
		r.tell(ColonsDropped, Warning, "", "colons that are doubled or stand at an end vanish: %q is read as %q", written, joined)
	}
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	own := r.ownArguments(traefik1[i], args)
	if len(own) == 0 {
		r.when = append(r.when, never(part))
		return
	}
	told := len(r.found)
	traefik1[i].read(r, own)
	for i := told; i < len(r.found) && r.failed; i++ {
		r.found[i].Suggestion = r.withPart(semicolons(part)) // Query:a=b,Host:c
	}
}

// unknown tells of a function that does not exist, and guesses what was meant.
func (r *reader) unknown(name string) {
	names := make([]string, len(traefik1))
	for i, f := range traefik1 {
		names[i] = f.name
	}
	if strings.Contains(r.part, "(") && strings.Contains(r.part, "`") {
		other := reader3{text: r.text, words: traefik3}
		rule, _, _ := other.parse()
		text, _ := rule.Traefik1()
		r.fail(OtherDialect, text, "%q is the rule language of Traefik 2 and 3; that of 1.x is Host:a.com;PathPrefix:/api",
			strings.TrimSpace(r.part))
		return
	}
	mended := colon(r.part)
	if near, ok := Nearest(withoutStrange(name), names); ok && mended == "" {
		mended = strings.Replace(r.part, name, near, 1)
	}
	if mended == "" {
		mended = guess(r.part)
	}
	r.fail(UnknownMatcher, r.withPart(mended), "there is no function %q", name)
}

// guess is a part whose author left the function out, or "".
func guess(part string) string {
	part = strings.TrimSpace(part)
	switch {
	case strings.HasPrefix(part, "/"):
		return "PathPrefix:" + part
	case strings.Contains(part, ".") && !strings.ContainsAny(part, ":/ "):
		return "Host:" + part
	}
	return ""
}

// withPart is the whole rule with another text for the part being read; "" when there is none.
func (r *reader) withPart(mended string) string {
	if mended == "" {
		return ""
	}
	return strings.Replace(r.text, r.part, mended, 1)
}

// with is the whole rule with another argument in the part being read.
func (r *reader) with(arg, mended string) string {
	name, args, _ := strings.Cut(r.part, ":")
	pieces := strings.Split(args, ",")
	for i, piece := range pieces {
		if strings.TrimSpace(piece) == arg {
			pieces[i] = mended
		}
	}
	return r.withPart(name + ":" + strings.Join(pieces, ","))
}

// checkBraces looks for separators inside braces. 1.x cuts there, and both halves are broken.
func (r *reader) checkBraces() {
	depth := 0
	for i, c := range r.text {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case depth > 0 && (c == ',' || c == ';'):
			r.cut = true
			r.tell(SeparatorInBrace, Error, "",
				"the %q at %q cuts the regexp in two, as in Traefik 1.x, and neither half matches; "+
					"write repetitions out, as in [0-9][0-9]? for {1,2}",
				c, r.text[max(0, i-8):min(len(r.text), i+8)])
			return
		}
	}
}

// finish tells what only the whole rule shows.
func (r *reader) finish() {
	if !r.failed {
		r.checkAlone()
	}
	switch {
	case r.failed:
	case r.parts == 0:
		r.fail(EmptyRule, "", "the rule is empty")
	case len(r.when) == 0:
		r.tell(MatchesAll, Warning, "", "without a Host or a path the rule matches every request")
	}
	if r.failed || impossible(r.condition()) {
		return
	}
	for i, d := range r.found {
		r.found[i].Severity = min(d.Severity, Warning) // another alternative of the rule is served
	}
}

func (r *reader) condition() condition {
	if len(r.when) == 1 {
		return r.when[0]
	}
	return r.when
}

func (r *reader) tell(code string, severity Severity, suggestion, format string, args ...any) {
	if suggestion == r.text && code != StrayQuotes {
		suggestion = ""
	}
	r.found = append(r.found, Diagnostic{
		Code: code, Severity: severity, Message: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

// fail is for what makes Traefik 1.x skip the route.
func (r *reader) fail(code, suggestion, format string, args ...any) {
	r.failed = true
	r.tell(code, Error, suggestion, format, args...)
}

// dead is for an argument that 1.x accepts and that never matches.
func (r *reader) dead(code, arg, suggestion, format string, args ...any) never {
	r.tell(code, Error, suggestion, format, args...)
	return never(arg)
}
