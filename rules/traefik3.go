package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Syntax is which of two readings the words of a rule of Traefik 2 or 3 have: the same operators, but
// HostRegexp(`{sub:[a-z]+}.a.com`) in the one and HostRegexp(`^[a-z]+\.a\.com$`) in the other.
type Syntax uint8

// The values of ruleSyntax.
const (
	V3 Syntax = iota
	V2
)

// String is "v3" or "v2", as the label spells it.
func (s Syntax) String() string {
	if s == V2 {
		return "v2"
	}
	return "v3"
}

// ParseTraefik3 reads a rule in the language of Traefik 2 and 3 ("Host(`a.com`) && PathPrefix(`/api`)"). What only
// the other syntax has is read as that one means it, with a remark. Diagnostics carry no service and no label. ok is
// false when the rule cannot be served; it then matches nothing.
func ParseTraefik3(text string, syntax Syntax) (rule Rule, found []Diagnostic, ok bool) {
	r := reader3{text: text, syntax: syntax, words: traefik3}
	if r.foreign() {
		return Rule{Text: text, when: never(text)}, r.found, false
	}
	return r.parse()
}

func (r *reader3) parse() (rule Rule, found []Diagnostic, ok bool) {
	when := r.read()
	r.suggest()
	if !r.failed {
		when = r.checkAlone(when)
	}
	if r.failed {
		return Rule{Text: r.text, when: never(r.text)}, r.found, false
	}
	return Rule{Text: r.text, when: when}, r.found, true
}

const (
	maxRule  = 64 << 10 // bytes: what follows from a rule costs memory many times its size
	maxDepth = 100      // parentheses in parentheses
	maxTold  = 16       // of one rule; who has more mistakes mends these first
)

// A reader3 reads one rule from left to right.
type reader3 struct {
	text   string
	syntax Syntax
	words  []matcher // of the language
	plain  bool      // of TCP: for connections without TLS
	pos    int
	depth  int
	edits  []edit // what would mend the rule
	failed bool
	broken bool // there is no telling how the rule goes on
	found  []Diagnostic
}

// An edit is another text for a piece of the rule.
type edit struct {
	from, to int
	text     string
}

func (r *reader3) read() condition {
	switch {
	case len(r.text) > maxRule:
		r.stop(RuleTooBig, "the rule has %d bytes of at most %d", len(r.text), maxRule)
		return nil
	case !utf8.ValidString(r.text):
		r.stop(NotUTF8, "the rule is not valid UTF-8")
		return nil
	}
	r.trimQuotes()
	r.checkCharacters()
	r.space()
	if r.broken {
		return nil
	}
	if r.end() {
		r.stop(EmptyRule, "the rule is empty")
		return nil
	}
	when := r.either()
	r.space()
	if !r.broken && !r.end() {
		r.surplus()
	}
	return when
}

// foreign tells of a rule of Traefik 1.x, and how it would be written here.
func (r *reader3) foreign() bool {
	if len(r.text) > maxRule || strings.Contains(r.text, "(`") || !slices.ContainsFunc(strings.Split(r.text, ";"), func(part string) bool { return functionOf(part) != "" }) {
		return false
	}
	rule, _, ok := ParseTraefik1(r.text)
	if !ok {
		return false
	}
	text, _, _ := rule.Traefik3()
	message := "this is the rule language of Traefik 1.x; that of 3 is Host(`a.com`) && PathPrefix(`/api`)"
	if rule.then.any() {
		message += ", and what the rule does to the path is done by a middleware"
	}
	r.stop(OtherDialect, "%s", message)
	r.found[len(r.found)-1].Suggestion = text
	return true
}

// trimQuotes removes what mis-quoted YAML leaves: a rule neither begins nor ends with a quote.
func (r *reader3) trimQuotes() {
	plain := strings.Trim(r.text, "\"' \t\r\n")
	if !strings.ContainsAny(strings.Replace(r.text, plain, "", 1), `"'`) {
		return
	}
	r.text = plain
	r.tell(StrayQuotes, Warning, "quotes around a rule are no part of it and were removed")
	r.found[len(r.found)-1].Suggestion = plain
}

// checkCharacters looks for what an editor or a chat has put in.
func (r *reader3) checkCharacters() {
	if odd := strange(r.text); odd != "" {
		r.stop(StrangeCharacter, "the rule holds typographic quotes or characters without a width (%+q), as no request has", odd)
		r.found[len(r.found)-1].Suggestion = withoutStrange(strings.Map(backtick, r.text))
	}
	if strings.Contains(r.text, "{{") {
		r.fail(NoTemplates, "a rule is taken as it is written, {{ and }} included: a template in a label is filled in by nobody")
	}
}

// backtick puts what was meant in the place of a quote of fine print.
func backtick(c rune) rune {
	if unicode.In(c, unicode.Pi, unicode.Pf) {
		return '`'
	}
	return c
}

// either reads conditions joined by ||.
func (r *reader3) either() condition {
	var any anyOf
	for {
		any = append(any, r.both())
		if !r.operator('|') {
			break
		}
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// both reads conditions joined by &&, which binds closer.
func (r *reader3) both() condition {
	var every all
	for {
		c := r.unary()
		if inner, nested := c.(all); nested && len(inner) > 0 {
			every = append(every, inner...)
		} else {
			every = append(every, c)
		}
		if !r.operator('&') {
			break
		}
	}
	if len(every) == 1 {
		return every[0]
	}
	return every
}

func (r *reader3) unary() condition {
	r.space()
	if r.depth++; r.depth > maxDepth {
		r.stop(RuleTooBig, "the rule is nested more than %d deep", maxDepth)
	}
	defer func() { r.depth-- }()
	switch {
	case r.broken:
		return never("")
	case r.take("!"):
		return not{r.unary()}
	case r.take("("):
		return r.group(r.pos - 1)
	}
	return r.call()
}

func (r *reader3) group(open int) condition {
	inner := r.either()
	r.space()
	if !r.broken && !r.take(")") {
		r.edits = append(r.edits, edit{len(r.text), len(r.text), ")"})
		r.stop(MissingParenthesis, "the parenthesis at %s is not closed", r.place(open))
	}
	return inner
}

// operator takes && or ||, and tells what stands in its place by mistake.
func (r *reader3) operator(c byte) bool {
	r.space()
	if r.broken || r.end() {
		return false
	}
	double := string(c) + string(c)
	if r.take(double) {
		return true
	}
	word := map[byte]string{'&': "and", '|': "or"}[c]
	from := r.pos
	if r.take(string(c)) || len(r.text) > r.pos+len(word) && strings.EqualFold(r.text[r.pos:r.pos+len(word)], word) && !isName(r.text[r.pos+len(word)]) {
		r.pos = max(r.pos, from+1)
		if r.pos == from+1 && r.text[from] != c {
			r.pos = from + len(word)
		}
		r.edits = append(r.edits, edit{from, r.pos, double})
		r.fail(RuleSyntax, "at %s an operator is written %s", r.place(from), double)
		return true
	}
	return false
}

// surplus tells of what follows a complete rule.
func (r *reader3) surplus() {
	switch c := r.text[r.pos]; {
	case c == ')':
		r.edits = append(r.edits, edit{r.pos, r.pos + 1, ""})
		r.stop(MissingParenthesis, "the parenthesis at %s closes none", r.place(r.pos))
	case c == ',' || c == ';':
		r.edits = append(r.edits, edit{r.pos, r.pos + 1, " &&"})
		r.stop(RuleSyntax, "at %s stands %q; matchers are joined by && or ||", r.place(r.pos), c)
	case isName(c) || c == '(' || c == '!':
		r.edits = append(r.edits, edit{r.pos, r.pos, "&& "})
		r.stop(RuleSyntax, "at %s an && or || is missing", r.place(r.pos))
	default:
		r.stop(RuleSyntax, "at %s stands what is no part of a rule: %s", r.place(r.pos), r.ahead())
	}
}

func (r *reader3) end() bool { return r.pos >= len(r.text) }

func (r *reader3) space() {
	for !r.end() && strings.IndexByte(" \t\r\n", r.text[r.pos]) >= 0 {
		r.pos++
	}
}

func (r *reader3) take(text string) bool {
	if !strings.HasPrefix(r.text[r.pos:], text) {
		return false
	}
	r.pos += len(text)
	return true
}

// name takes a word.
func (r *reader3) name() string {
	from := r.pos
	for !r.end() && isName(r.text[r.pos]) {
		r.pos++
	}
	return r.text[from:r.pos]
}

func isName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// place is where something stands, as an editor counts.
func (r *reader3) place(pos int) string {
	return fmt.Sprintf("character %d", utf8.RuneCountInString(r.text[:pos])+1)
}

// ahead is what comes next, for messages.
func (r *reader3) ahead() string {
	if r.end() {
		return "the end of the rule"
	}
	return fmt.Sprintf("%.12q", r.text[r.pos:])
}

func (r *reader3) tell(code string, severity Severity, format string, args ...any) {
	if len(r.found) < maxTold {
		r.found = append(r.found, Diagnostic{Code: code, Severity: severity, Message: fmt.Sprintf(format, args...)})
	}
}

// fail refuses the rule and reads on: its author hears of all mistakes at once.
func (r *reader3) fail(code, format string, args ...any) {
	r.failed = true
	r.tell(code, Error, format, args...)
}

// stop refuses the rule where there is no telling how it goes on.
func (r *reader3) stop(code, format string, args ...any) {
	if !r.broken {
		r.fail(code, format, args...)
	}
	r.broken = true
}

// suggest gives each diagnostic without a suggestion the rule with all its mistakes mended.
func (r *reader3) suggest() {
	if len(r.edits) == 0 || len(r.edits) > maxTold {
		return
	}
	mended, end := "", 0
	slices.SortStableFunc(r.edits, func(a, b edit) int { return a.from - b.from })
	for _, e := range r.edits {
		if e.from < end {
			return
		}
		mended += r.text[end:e.from] + e.text
		end = e.to
	}
	mended += r.text[end:]
	if mended == r.text {
		return
	}
	for i := range r.found {
		if r.found[i].Suggestion == "" {
			r.found[i].Suggestion = mended
		}
	}
}
