package rules

import (
	"net/netip"
	"regexp"
	"strings"
)

// Traefik3 is the rule's condition in the language of Traefik 3, or of 2 where only that has words for it. exact is
// false where the nearest there is means a little less or more: Path of 3 redirects no trailing slash. The rule's path
// modifiers are not in it; see Rewrites.
func (r Rule) Traefik3() (text string, syntax Syntax, exact bool) {
	w := writer3{}
	text = w.write(r.when, false)
	if again, _, ok := ParseTraefik3(text, w.syntax); ok {
		exact = again.canonical(manner{}) == r.canonical(manner{})
	}
	return text, w.syntax, exact
}

// A writer3 writes a condition, in v3 as long as that will do.
type writer3 struct{ syntax Syntax }

func (w *writer3) write(c condition, inner bool) string {
	switch c := c.(type) {
	case nil:
		return "HostRegexp(`.*`)"
	case all:
		if len(c) == 0 {
			return "HostRegexp(`.*`)"
		}
		return w.join(c, " && ", false)
	case anyOf:
		return w.join(c, " || ", inner)
	case not:
		return "!" + w.operand(c.condition)
	}
	return w.leaf(c)
}

// operand is a condition that a ! stands before.
func (w *writer3) operand(c condition) string {
	switch of := c.(type) {
	case all:
		if len(of) > 1 {
			return "(" + w.write(c, false) + ")"
		}
	case anyOf:
		return w.write(c, true)
	}
	return w.write(c, true)
}

func (w *writer3) join(of []condition, operator string, brackets bool) string {
	texts := make([]string, len(of))
	for i, c := range of {
		texts[i] = w.write(c, len(of) > 1 || brackets)
	}
	text := strings.Join(texts, operator)
	if brackets && len(of) > 1 {
		return "(" + text + ")"
	}
	return text
}

func (w *writer3) leaf(c condition) string {
	call := func(name string, args ...string) string {
		for i, a := range args {
			args[i] = quoted3(a)
		}
		return name + "(" + strings.Join(args, ", ") + ")"
	}
	switch c := c.(type) {
	case hostIs:
		return call("Host", string(c))
	case hostLike:
		return call("HostRegexp", plainHostExpr(c.re.String()))
	case hostMatches:
		return call("HostRegexp", c.re.String())
	case pathExact:
		return call("Path", string(c))
	case pathIs:
		if c.re == nil {
			return call("Path", c.text)
		}
		return call("PathRegexp", strings.TrimSuffix(c.re.String(), "$")+slashIf(c.slash)+"$")
	case pathHas:
		if c.re == nil {
			return call("PathPrefix", c.text)
		}
		return call("PathRegexp", c.re.String())
	case pathLike:
		return call("PathRegexp", c.re.String())
	case methodIs:
		return call("Method", string(c))
	case headerIs:
		if c.value == "" {
			return call("HeaderRegexp", c.name, ".*")
		}
		return call("Header", c.name, c.value)
	case headerLike:
		return call("HeaderRegexp", c.name, c.re.String())
	case queryIs:
		w.syntax = V2
		return call("Query", c.name+"="+c.value)
	case queryHas:
		if c.re != nil {
			return call("QueryRegexp", c.name, c.re.String())
		}
		return w.queryHas(c)
	case clientIn:
		return call("ClientIP", netip.Prefix(c).String())
	case acts:
		texts := make([]string, len(c.pins))
		for i, p := range c.pins {
			texts[i] = call(c.word(), p.text)
		}
		return strings.Join(texts, " || ")
	}
	return "!HostRegexp(`.*`)" // of what no request can meet
}

// queryHas names its value, an empty one too: alone in v2 it would stand for any.
func (w *writer3) queryHas(c queryHas) string {
	return "Query(" + quoted3(c.name) + ", " + quoted3(c.value) + ")"
}

func slashIf(slash bool) string {
	if slash {
		return "/"
	}
	return ""
}

// plainHostExpr is a regexp of 1.x for hosts without its (?i), which hosts in lower case rarely need.
func plainHostExpr(expr string) string {
	plain := strings.TrimPrefix(expr, "(?i)")
	if sameHostExpr(plain) == sameHostExpr(expr) {
		return plain
	}
	return expr
}

// Traefik1 is the rule's condition in the language of Traefik 1.x; exact is false when that has no words for it.
func (r Rule) Traefik1() (text string, exact bool) {
	text, ok := write1(r.when)
	if !ok {
		return "", false
	}
	again, found, ok := ParseTraefik1(text)
	for _, d := range found {
		ok = ok && d.Severity < Warning
	}
	lenient := manner{keep: true} // a slash that 1.x redirects is no reason to keep quiet
	if !ok || again.canonical(lenient) != r.canonical(lenient) {
		return "", false
	}
	return text, again.canonical(manner{}) == r.canonical(manner{})
}

func write1(c condition) (string, bool) {
	every, ok := c.(all)
	if !ok {
		every = all{c}
	}
	var parts []string
	for _, c := range every {
		part, ok := part1(c)
		if !ok {
			return "", false
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ";"), len(parts) > 0
}

// part1 is a function with its arguments, alternatives of one kind.
func part1(c condition) (string, bool) {
	either, ok := c.(anyOf)
	if !ok {
		either = anyOf{c}
	}
	text := ""
	for _, c := range either {
		name, arg := leaf1(c)
		switch {
		case name == "":
			return "", false
		case text == "":
			text = name + ":" + arg
		case strings.HasPrefix(text, name+":") && !strings.HasPrefix(name, "Header") && name != "Query":
			text += "," + arg
		default:
			return "", false
		}
	}
	return text, text != ""
}

func leaf1(c condition) (name, arg string) {
	switch c := c.(type) {
	case hostIs:
		return "Host", string(c)
	case hostLike:
		return "HostRegexp", c.text
	case hostMatches:
		return "HostRegexp", "{any:" + inner(c.re) + "}"
	case pathExact:
		return "Path", string(c)
	case pathIs:
		return "Path", c.text
	case pathHas:
		return "PathPrefix", c.text
	case pathLike:
		return "PathPrefix", "/{any:" + strings.TrimPrefix(inner(c.re), "/") + "}"
	case methodIs:
		return "Method", string(c)
	case headerIs:
		return "Headers", c.name + "," + c.value
	case headerLike:
		return "HeadersRegexp", c.name + "," + c.re.String()
	case queryIs:
		return "Query", c.name + "=" + c.value
	case acts:
		if len(c.pins) == 1 {
			return c.word(), c.pins[0].text
		}
	}
	return "", ""
}

// inner is a regexp without the anchors that a template of 1.x has by itself.
func inner(re *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(re.String(), "^"), "$")
}
