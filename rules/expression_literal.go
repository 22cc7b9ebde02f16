package rules

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// A constant is a value of one of the kinds that expressions know. Kinds are strict, as in Traefik 1.x: 1 is no fraction,
// and 0.5 no whole number.
type constant struct {
	kind   constantKind
	number int64
	part   float64
	text   string
	truth  bool
}

type constantKind uint8

const (
	wholeNumber constantKind = iota
	fraction
	quoted
	truth
)

// String says what to write for a value of the kind.
func (k constantKind) String() string {
	return [...]string{"a whole number, such as 500", "a number with a point, such as 0.5", `a text in quotes, such as "GET"`, "true or false"}[k]
}

func (l constant) String() string {
	switch l.kind {
	case fraction:
		return pointed(strconv.FormatFloat(l.part, 'g', -1, 64))
	case quoted:
		return strconv.Quote(l.text)
	}
	return strconv.FormatInt(l.number, 10)
}

// pointed makes a fraction of a number without a point.
func pointed(number string) string {
	if strings.ContainsAny(number, ".e") {
		return number
	}
	return number + ".0"
}

// literalOf reads a Go literal; false for kinds that expressions don't know.
func literalOf(l *ast.BasicLit) (constant, bool) {
	var value constant
	var err error
	switch l.Kind {
	case token.INT:
		value.kind = wholeNumber
		value.number, err = strconv.ParseInt(l.Value, 0, 32)
	case token.FLOAT:
		value.kind = fraction
		value.part, err = strconv.ParseFloat(l.Value, 64)
	case token.STRING:
		value.kind = quoted
		value.text, err = strconv.Unquote(l.Value)
	default:
		return value, false
	}
	return value, err == nil
}

// as is how a literal would be written as one of another kind, or "".
func (l constant) as(k constantKind) string {
	switch {
	case l.kind == wholeNumber && k == fraction:
		return strconv.FormatInt(l.number, 10) + ".0"
	case l.kind == fraction && k == wholeNumber && l.part == float64(int32(l.part)):
		return strconv.FormatInt(int64(l.part), 10)
	case l.kind == quoted && k != quoted:
		if _, err := strconv.ParseFloat(l.text, 64); err == nil && k == fraction {
			return pointed(l.text)
		} else if err == nil {
			return l.text
		}
	}
	return ""
}
