package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A template is literal text with places, "{name}" or "{name:regexp}", that stand for any text the regexp matches.
type template struct {
	text   string
	before string // the literal text before the first place
	after  string // the literal text after the last place
	expr   string // the whole as a regular expression without anchors; "" when there is no place
}

// parseTemplate reads a template. A place without a regexp gets usual.
func parseTemplate(text, usual string) (template, error) {
	places, err := bracePairs(text)
	if err != nil || len(places) == 0 {
		return template{text: text, before: text}, err
	}
	var expr strings.Builder
	end := 0
	for _, place := range places {
		pattern, err := placePattern(text[place.open+1:place.close], usual)
		if err != nil {
			return template{}, err
		}
		expr.WriteString(regexp.QuoteMeta(text[end:place.open]) + "(?:" + pattern + ")")
		end = place.close + 1
	}
	expr.WriteString(regexp.QuoteMeta(text[end:]))
	return template{text: text, before: text[:places[0].open], after: text[end:], expr: expr.String()}, nil
}

// compile is the template as a regexp between two pieces of regexp, such as "^" and "$"; nil when it has no place.
func (t template) compile(head, tail string) (*regexp.Regexp, error) {
	if t.expr == "" {
		return nil, nil
	}
	return compileRegexp(head + t.expr + tail)
}

func placePattern(place, usual string) (string, error) {
	name, pattern, given := strings.Cut(place, ":")
	if !given {
		pattern = usual
	}
	if name == "" || pattern == "" {
		return "", fmt.Errorf("{%s} lacks a name or a regexp", place)
	}
	if _, err := compileRegexp(pattern); err != nil { // alone first, or "a)(b" would pass
		return "", fmt.Errorf("{%s}: %w", place, err)
	}
	return pattern, nil
}

// A braces is where a place opens and closes.
type braces struct{ open, close int }

var errBraces = errors.New("its braces are not in pairs")

// bracePairs finds the outer pairs; inner ones, as in {id:[0-9]{2}}, belong to the regexp.
func bracePairs(text string) ([]braces, error) {
	var found []braces
	depth, open := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			if depth++; depth == 1 {
				open = i
			}
		case '}':
			if depth--; depth == 0 {
				found = append(found, braces{open, i})
			}
			if depth < 0 {
				return nil, errBraces
			}
		}
	}
	if depth != 0 {
		return nil, errBraces
	}
	return found, nil
}
