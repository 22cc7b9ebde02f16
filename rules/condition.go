package rules

import (
	"slices"
	"strings"
)

// A condition is a tree of all, any and not over leaves that each look at one property of a request. Every rule
// language compiles to it.
type condition interface {
	holds(s subject) verdict
	// canonical is equal for conditions that differ in spelling only, to a router of this manner.
	canonical(m manner) string
	// anchors are places of the index, one of which any request that meets the condition is sure to pass.
	anchors() []anchor
	// rest is what is left to check of the condition at an anchor; nil: nothing.
	rest(at anchor, strict bool) condition
}

// A manner is the router's own settings that change what paths are.
type manner struct {
	strict bool // Options.StrictPrefix
	keep   bool // Options.KeepTrailingSlash
}

// A verdict is a condition's answer.
type verdict uint8

const (
	no       verdict = iota
	yes              // the condition holds
	redirect         // it would hold if the path had its trailing slash, or had it not
)

func yesIf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// all holds when each of its conditions holds. Empty, it holds for every request.
type all []condition

func (a all) holds(s subject) verdict {
	sum := yes
	for _, c := range a {
		v := c.holds(s)
		if v == no {
			return no
		}
		sum = max(sum, v)
	}
	return sum
}

func (a all) canonical(m manner) string { return canonicalOf("all", a, m) }

func (a all) anchors() []anchor {
	found := []anchor{{}}
	for _, c := range a {
		found = narrow(found, c.anchors())
	}
	return found
}

func (a all) rest(at anchor, strict bool) condition {
	var left all
	for _, c := range a {
		if r := c.rest(at, strict); r != nil {
			left = append(left, r)
		}
	}
	switch len(left) {
	case 0:
		return nil
	case 1:
		return left[0]
	}
	return left
}

// anyOf holds when one of its conditions holds; the first that does decides, as in Traefik 1.x, whether a slash is
// to be redirected. Empty, it never holds.
type anyOf []condition

func (a anyOf) holds(s subject) verdict {
	for _, c := range a {
		if v := c.holds(s); v != no {
			return v
		}
	}
	return no
}

func (a anyOf) canonical(m manner) string {
	if len(a) == 1 {
		return a[0].canonical(m)
	}
	return canonicalOf("any", a, m)
}

func (a anyOf) anchors() []anchor {
	var found []anchor
	for _, c := range a {
		found = append(found, c.anchors()...)
	}
	return found
}

func (a anyOf) rest(at anchor, strict bool) condition {
	for _, c := range a {
		if c.rest(at, strict) == nil {
			return nil
		}
	}
	return a
}

// not holds when its condition does not.
type not struct{ condition }

func (n not) holds(s subject) verdict     { return yesIf(n.condition.holds(s) == no) }
func (n not) canonical(m manner) string   { return "not(" + n.condition.canonical(m) + ")" }
func (n not) anchors() []anchor           { return []anchor{{}} }
func (n not) rest(anchor, bool) condition { return n }

// never is a leaf that Traefik 1.x accepts and that no request can meet. It keeps its text: two of them are equal only
// when their authors wrote the same.
type never string

func (n never) holds(subject) verdict       { return no }
func (n never) canonical(manner) string     { return "never(" + string(n) + ")" }
func (n never) anchors() []anchor           { return nil }
func (n never) rest(anchor, bool) condition { return n }

// impossible says whether no request at all can meet a condition.
func impossible(c condition) bool {
	switch c := c.(type) {
	case never:
		return true
	case all:
		return slices.ContainsFunc(c, impossible)
	case anyOf:
		return !slices.ContainsFunc(c, func(c condition) bool { return !impossible(c) })
	}
	return false
}

func canonicalOf(name string, of []condition, m manner) string {
	texts := make([]string, len(of))
	for i, c := range of {
		texts[i] = c.canonical(m)
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	if len(texts) == 1 {
		return texts[0]
	}
	return name + "(" + strings.Join(texts, " ") + ")"
}
