package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// The syntax is Go's, as it was in Traefik 1.x; Go's own parser reads it. What Go can say and the language can't is refused
// piece by piece, each with what to write instead.

// An ExpressionError says what is wrong with an expression.
type ExpressionError struct {
	Message    string // in a clause
	Suggestion string // the whole expression as it was probably meant, or ""
}

// Error implements error.
func (e *ExpressionError) Error() string { return e.Message }

// longestExpression bounds what is parsed.
const longestExpression = 4096

// An expressionParser reads one expression of one set of functions.
type expressionParser struct {
	text      string
	functions []*figure
	offset    int // of the parsed file in its token set
}

func parseExpression(text string, functions []*figure) (*Expression, error) {
	p := &expressionParser{text: text, functions: functions, offset: 1}
	if len(text) > longestExpression {
		return nil, p.wrong("the expression is longer than %d bytes", longestExpression)
	}
	tree, err := parser.ParseExprFrom(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, p.syntax()
	}
	when, err := p.term(tree)
	if err != nil {
		return nil, err
	}
	return &Expression{Text: text, when: when}, nil
}

func (p *expressionParser) wrong(format string, args ...any) *ExpressionError {
	return &ExpressionError{Message: fmt.Sprintf(format, args...)}
}

// meant suggests the text with a part of it replaced.
func (p *expressionParser) meant(e *ExpressionError, part ast.Node, with string) *ExpressionError {
	e.Suggestion = p.replaced(part, with)
	return e
}

func (p *expressionParser) replaced(part ast.Node, with string) string {
	from, to := int(part.Pos())-p.offset, int(part.End())-p.offset
	if with == "" || from < 0 || to > len(p.text) || from > to {
		return ""
	}
	return p.text[:from] + with + p.text[to:]
}

// syntax is for what is no Go at all; the words that other languages have for && and || are the likeliest slips.
func (p *expressionParser) syntax() *ExpressionError {
	e := p.wrong("not an expression: write comparisons such as %s, joined by && and ||", p.example())
	fixed := strings.NewReplacer(" and ", " && ", " AND ", " && ", " or ", " || ", " OR ", " || ", "'", `"`, `\"`, `"`, "“", `"`, "”", `"`).Replace(p.text)
	if _, err := parser.ParseExpr(fixed); err == nil && fixed != p.text {
		e.Suggestion = fixed
	}
	return e
}

func (p *expressionParser) example() string {
	if p.functions[0].result == truth {
		return "Attempts() <= 2"
	}
	return p.functions[0].name + "() > 0.5"
}

func (p *expressionParser) term(e ast.Expr) (assertion, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.term(e.X)
	case *ast.BinaryExpr:
		return p.binary(e)
	case *ast.CallExpr:
		return p.truth(e)
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return nil, p.wrong("there is no !: write the opposite comparison")
		}
	}
	return nil, p.wrong("%s is no condition: write a comparison such as %s", p.source(e), p.example())
}

// source is a part of the text, shortened for a message.
func (p *expressionParser) source(n ast.Node) string {
	from, to := int(n.Pos())-p.offset, int(n.End())-p.offset
	if from < 0 || to > len(p.text) || from > to {
		return "this"
	}
	if to-from > 40 {
		return p.text[from:from+40] + "…"
	}
	return p.text[from:to]
}

func (p *expressionParser) binary(e *ast.BinaryExpr) (assertion, error) {
	switch e.Op {
	case token.LAND, token.LOR:
		a, err := p.term(e.X)
		if err != nil {
			return nil, err
		}
		b, err := p.term(e.Y)
		if err != nil {
			return nil, err
		}
		if e.Op == token.LAND {
			return conjunction{a, b}, nil
		}
		return alternative{a, b}, nil
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
		return p.comparison(e)
	}
	return nil, p.wrong("%s is no operator here: there are <, <=, >, >=, ==, !=, && and ||", e.Op)
}

func (p *expressionParser) comparison(e *ast.BinaryExpr) (assertion, error) {
	asked, ok := ast.Unparen(e.X).(*ast.CallExpr)
	if !ok {
		return nil, p.turned(e)
	}
	c, err := p.call(asked)
	if err != nil {
		return nil, err
	}
	with, err := p.literal(e.Y, c.function.result, c.function.name+"() compares with")
	if err != nil {
		return nil, err
	}
	if with.kind == quoted && e.Op != token.EQL && e.Op != token.NEQ {
		return nil, p.wrong("texts compare by == and != only")
	}
	if with.kind == truth {
		return nil, p.wrong("%s() is a condition by itself", c.function.name)
	}
	return comparison{c, e.Op.String(), with}, nil
}

// turned is for comparisons written the other way round.
func (p *expressionParser) turned(e *ast.BinaryExpr) error {
	wrong := p.wrong("the function stands on the left of a comparison, the literal on the right")
	if _, ok := ast.Unparen(e.Y).(*ast.CallExpr); ok {
		mirrored := map[token.Token]string{token.LSS: ">", token.LEQ: ">=", token.GTR: "<", token.GEQ: "<=", token.EQL: "==", token.NEQ: "!="}
		p.meant(wrong, e, p.source(e.Y)+" "+mirrored[e.Op]+" "+p.source(e.X))
	}
	return wrong
}

// truth is a call that is a condition by itself.
func (p *expressionParser) truth(e *ast.CallExpr) (assertion, error) {
	c, err := p.call(e)
	if err != nil {
		return nil, err
	}
	if c.function.result != truth {
		return nil, p.wrong("%s() is no condition by itself: compare it with %s", c.function.name, c.function.result)
	}
	return c, nil
}

func (p *expressionParser) call(e *ast.CallExpr) (inquiry, error) {
	name, ok := e.Fun.(*ast.Ident)
	if !ok {
		return inquiry{}, p.wrong("%s is no function that is known here: there are %s", p.source(e.Fun), p.known())
	}
	var f *figure
	for _, known := range p.functions {
		if known.name == name.Name {
			f = known
		}
	}
	if f == nil {
		meant, _ := Nearest(name.Name, p.names())
		return inquiry{}, p.meant(p.wrong("there is no function %s: there are %s", name.Name, p.known()), e.Fun, meant)
	}
	if len(e.Args) != len(f.params) || e.Ellipsis.IsValid() {
		return inquiry{}, p.wrong("%s takes %s, not %d", f.name, counted(len(f.params), "argument"), len(e.Args))
	}
	c := inquiry{function: f}
	for i, arg := range e.Args {
		value, err := p.literal(arg, f.params[i], f.name+" takes")
		if err != nil {
			return inquiry{}, err
		}
		c.args = append(c.args, value)
	}
	return c, nil
}

func (p *expressionParser) names() []string {
	var names []string
	for _, f := range p.functions {
		names = append(names, f.name)
	}
	return names
}

func (p *expressionParser) known() string { return strings.Join(p.names(), ", ") }

// literal reads a value that has to be of a kind; what names who wants it.
func (p *expressionParser) literal(e ast.Expr, want constantKind, what string) (constant, error) {
	basic, ok := ast.Unparen(e).(*ast.BasicLit)
	if !ok {
		return constant{}, p.wrong("%s %s, not %s", what, want, p.source(e))
	}
	value, ok := literalOf(basic)
	if !ok || value.kind != want {
		wrong := p.wrong("%s %s, not %s", what, want, p.source(e))
		if ok {
			p.meant(wrong, basic, value.as(want))
		}
		return constant{}, wrong
	}
	return value, nil
}
