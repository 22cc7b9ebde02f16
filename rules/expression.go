package rules

import (
	"cmp"
	"fmt"
	"strings"
)

// An Expression is a condition on how a service has answered lately, or on how one attempt went, in the language that
// Traefik 1.x has for circuit breakers and for buffering's retries: comparisons of a function with a literal, joined by
// && and ||, with parentheses.
type Expression struct {
	Text string // as its author wrote it

	when assertion
}

// ParseBreaker reads a circuit breaker's expression. An error is an *ExpressionError.
func ParseBreaker(text string) (*Expression, error) { return parseExpression(text, pastFunctions) }

// ParseReplay reads the expression that says when a buffered request is sent again. An error is an *ExpressionError.
func ParseReplay(text string) (*Expression, error) { return parseExpression(text, attemptFunctions) }

// String is the expression in one spelling for all that mean the same to the letter.
func (e *Expression) String() string {
	if e.when == nil {
		return e.Text
	}
	return e.when.String()
}

// A Past is how a service has answered lately.
type Past interface {
	// NetworkErrorRatio is the share of 502 and 504 among all answers.
	NetworkErrorRatio() float64
	// ResponseCodeRatio is the answers from fromA to below toA for each of those from fromB to below toB.
	ResponseCodeRatio(fromA, toA, fromB, toB int) float64
	// LatencyAtQuantileMS is the time within which so many percent of the answers came, in milliseconds.
	LatencyAtQuantileMS(percent float64) int
}

// Trips says whether a breaker's expression holds.
func (e *Expression) Trips(p Past) bool { return e.when.holds(p) }

// An Attempt is how one try to answer a request went.
type Attempt interface {
	IsNetworkError() bool  // 502 or 504
	Attempts() int         // so far, this one included
	ResponseCode() int     // of this one
	RequestMethod() string // of the request
}

// Repeats says whether a request is to be sent again.
func (e *Expression) Repeats(a Attempt) bool { return e.when.holds(a) }

// An assertion is a part of an expression. about is a Past or an Attempt, as its functions want.
type assertion interface {
	holds(about any) bool
	String() string
}

type conjunction struct{ a, b assertion }

func (t conjunction) holds(about any) bool { return t.a.holds(about) && t.b.holds(about) }
func (t conjunction) String() string       { return grouped(t.a) + " && " + grouped(t.b) }

// grouped puts parentheses around what binds less than &&.
func grouped(t assertion) string {
	if _, looser := t.(alternative); looser {
		return "(" + t.String() + ")"
	}
	return t.String()
}

type alternative struct{ a, b assertion }

func (t alternative) holds(about any) bool { return t.a.holds(about) || t.b.holds(about) }
func (t alternative) String() string       { return t.a.String() + " || " + t.b.String() }

// An inquiry is a function with its arguments.
type inquiry struct {
	function *figure
	args     []constant
}

func (c inquiry) holds(about any) bool { return c.value(about).truth }

func (c inquiry) value(about any) constant {
	return c.function.of(about, c.args)
}

func (c inquiry) String() string {
	args := make([]string, len(c.args))
	for i, a := range c.args {
		args[i] = a.String()
	}
	return c.function.name + "(" + strings.Join(args, ", ") + ")"
}

// A comparison is of a function with a constant of its kind.
type comparison struct {
	inquiry
	operator string
	with     constant
}

func (c comparison) holds(about any) bool {
	order := c.value(about).compare(c.with)
	switch c.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "!=":
		return order != 0
	}
	return order == 0
}

func (c comparison) String() string {
	return fmt.Sprintf("%s %s %s", c.inquiry, c.operator, c.with)
}

// A figure is what expressions may ask.
type figure struct {
	name   string
	params []constantKind
	result constantKind
	of     func(about any, args []constant) constant
}

var pastFunctions = []*figure{
	{"NetworkErrorRatio", nil, fraction, func(about any, _ []constant) constant {
		return constant{kind: fraction, part: about.(Past).NetworkErrorRatio()}
	}},
	{"ResponseCodeRatio", []constantKind{wholeNumber, wholeNumber, wholeNumber, wholeNumber}, fraction, func(about any, args []constant) constant {
		of := func(i int) int { return int(args[i].number) }
		return constant{kind: fraction, part: about.(Past).ResponseCodeRatio(of(0), of(1), of(2), of(3))}
	}},
	{"LatencyAtQuantileMS", []constantKind{fraction}, wholeNumber, func(about any, args []constant) constant {
		return constant{kind: wholeNumber, number: int64(about.(Past).LatencyAtQuantileMS(args[0].part))}
	}},
}

var attemptFunctions = []*figure{
	{"IsNetworkError", nil, truth, func(about any, _ []constant) constant {
		return constant{kind: truth, truth: about.(Attempt).IsNetworkError()}
	}},
	{"Attempts", nil, wholeNumber, func(about any, _ []constant) constant {
		return constant{kind: wholeNumber, number: int64(about.(Attempt).Attempts())}
	}},
	{"ResponseCode", nil, wholeNumber, func(about any, _ []constant) constant {
		return constant{kind: wholeNumber, number: int64(about.(Attempt).ResponseCode())}
	}},
	{"RequestMethod", nil, quoted, func(about any, _ []constant) constant {
		return constant{kind: quoted, text: about.(Attempt).RequestMethod()}
	}},
}

// compare orders two values of one kind.
func (l constant) compare(other constant) int {
	switch l.kind {
	case fraction:
		return cmp.Compare(l.part, other.part)
	case quoted:
		return cmp.Compare(l.text, other.text)
	}
	return cmp.Compare(l.number, other.number)
}
