package demo

import (
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/appia-edge/appia/rules"
)

// requestFor finds a request that leads to a route. It guesses from the rule, as Traefik 3 would write it whichever dialect
// it came in, and asks the table whether the guess is right, so that no line is printed that does not work. Rules are written
// in many ways: it may find none.
func requestFor(t *rules.Table, r *rules.Route, entryPoint, host string) (request, bool) {
	rule, _, _ := r.Rule.Traefik3()
	for _, tail := range []string{"/hello", ""} {
		guess := guessed(rule, tail)
		if guess.host == "" {
			guess.host = host
		}
		found := t.Match(entryPoint, guess.asked())
		if guess.sendable() && found.Route != nil && !found.Redirect && found.Route.Service == r.Service && found.Route.Rule.Text == r.Rule.Text {
			return guess, true
		}
	}
	return request{}, false
}

// sendable: a regexp may be after what no client can put into a field.
func (r request) sendable() bool {
	return !strings.ContainsFunc(r.host, unicode.IsControl) &&
		!slices.ContainsFunc(r.headers, func(h rules.Pair) bool { return strings.ContainsFunc(h.Value, unicode.IsControl) })
}

// guessed takes the first host and path of a rule, all of its fields and parameters, and a tail where paths may go on.
func guessed(rule, tail string) request {
	var r request
	var query []string
	for _, m := range matchers(rule) {
		value := m.args[len(m.args)-1]
		switch m.name {
		case "Host":
			first(&r.host, value)
		case "HostRegexp":
			if value != anything {
				first(&r.host, sample(value))
			}
		case "Path":
			first(&r.path, value)
		case "PathPrefix":
			first(&r.path, strings.TrimSuffix(value, "/")+tail)
		case "PathRegexp":
			first(&r.path, sample(value)+tail)
		case "Method":
			first(&r.method, value)
		case "Header":
			r.headers = append(r.headers, rules.Pair{Name: m.args[0], Value: value})
		case "HeaderRegexp":
			r.headers = append(r.headers, rules.Pair{Name: m.args[0], Value: sample(value)})
		case "Query", "QueryRegexp":
			query = append(query, m.parameter())
		}
	}
	if r.path == "" {
		r.path = "/"
	}
	r.query = strings.Join(query, "&")
	return r
}

// anything is the regexp of hosts in a rule that asks for nothing.
const anything = ".*"

func first(to *string, value string) {
	if *to == "" {
		*to = value
	}
}

// A matcher is a word of a rule with its arguments, one at least.
type matcher struct {
	name string
	args []string
}

// parameter is the matcher's as a client sends it. Query(`a=b`) is how 2 writes Query(`a`, `b`).
func (m matcher) parameter() string {
	key, value, _ := strings.Cut(m.args[0], "=")
	if len(m.args) > 1 {
		key, value = m.args[0], m.args[1]
	}
	if m.name == "QueryRegexp" {
		value = sample(value)
	}
	return url.QueryEscape(key) + "=" + url.QueryEscape(value)
}

var (
	quotedArg = "`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\""
	argument  = regexp.MustCompile(quotedArg)
	token     = regexp.MustCompile(`([A-Za-z]+)\s*\(((?:\s|,|` + quotedArg + `)+)\)|[!()]`)
)

// matchers are those of a rule that stand behind no negation.
func matchers(rule string) (found []matcher) {
	depth, denied := 0, 0 // denied: the depth of a parenthesis behind a negation
	not := false
	for _, t := range token.FindAllStringSubmatch(rule, -1) {
		switch {
		case t[0] == "!":
			not = true
			continue
		case t[0] == "(":
			if depth++; not && denied == 0 {
				denied = depth
			}
		case t[0] == ")":
			if depth == denied {
				denied = 0
			}
			depth--
		case !not && denied == 0:
			if m := (matcher{t[1], unquoted(t[2])}); len(m.args) > 0 {
				found = append(found, m)
			}
		}
		not = false
	}
	return found
}

func unquoted(list string) (args []string) {
	for _, quoted := range argument.FindAllString(list, -1) {
		text, _ := strconv.Unquote(quoted) // "" is as good as another guess
		args = append(args, text)
	}
	return args
}

// sample is a short text that a regexp matches, but for what it says of places in a text.
func sample(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	write(&b, re)
	return b.String()
}

func write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		b.WriteString(text)
	case syntax.OpCharClass:
		b.WriteRune(member(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
	case syntax.OpAlternate, syntax.OpCapture, syntax.OpPlus, syntax.OpStar:
		write(b, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub)
		}
	case syntax.OpRepeat:
		for range min(re.Min, 100) {
			write(b, re.Sub[0])
		}
	}
}

// member is a character of a class, given as pairs of its first and last ones: a letter or a digit, if it has such.
func member(class []rune) rune {
	for _, c := range "a1" {
		for i := 0; i+1 < len(class); i += 2 {
			if class[i] <= c && c <= class[i+1] {
				return c
			}
		}
	}
	if len(class) == 0 {
		return 'a'
	}
	return class[0]
}
