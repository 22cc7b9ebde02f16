package rules

import (
	"regexp"
	"strings"
)

// pathIs holds for one path, or for those a template describes. A path in the other form of the trailing slash is a
// redirect, unless Options.KeepTrailingSlash makes it another path.
type pathIs struct {
	text   string // the template
	body   string // the template without its trailing slash
	slash  bool   // the template ends with a slash
	before string // literal text that every such path begins with
	re     *regexp.Regexp
	like   string // the canonical text of re with its slash
}

func pathTemplate(text string) (condition, error) {
	body, slash := strings.CutSuffix(text, "/")
	t, err := parseTemplate(body, "[^/]+")
	if err != nil {
		return nil, err
	}
	re, err := t.compile("^", "$")
	if re == nil {
		return pathIs{text: text, body: body, slash: slash, before: t.before}, err
	}
	like := likePath("^" + t.expr + text[len(body):] + "$")
	return pathIs{text: text, body: body, slash: slash, before: t.before, re: re, like: like}, nil
}

func (p pathIs) holds(s subject) verdict {
	path := s.q.Path
	body, slash := strings.CutSuffix(path, "/")
	switch {
	case s.keep && p.slash:
		return yesIf(slash && p.fits(body))
	case s.keep:
		return yesIf(p.fits(path))
	case !p.fits(path) && !(slash && p.fits(body)):
		return no
	case slash != p.slash && path != "/": // the root has no other form: 1.x redirects it to itself
		return redirect
	}
	return yes
}

func (p pathIs) fits(body string) bool {
	if p.re == nil {
		return body == p.body
	}
	return p.re.MatchString(body)
}

func (p pathIs) canonical(m manner) string {
	switch {
	case !m.keep:
		return "path(" + p.text + ")"
	case p.re == nil:
		return pathExact(p.text).canonical(m)
	}
	return p.like
}

func (p pathIs) anchors() []anchor           { return []anchor{{path: p.before}} }
func (p pathIs) rest(anchor, bool) condition { return p }

// pathHas holds for paths that begin as a text or a template says. There is no boundary at its end, unless
// Options.StrictPrefix demands one: "/foo" holds for "/foobar", as in Traefik 1.x.
type pathHas struct {
	text    string // the template
	before  string // literal text that every such path begins with
	re      *regexp.Regexp
	bounded *regexp.Regexp // re, ending at a boundary
	like    [2]string      // the canonical texts of the two
}

func prefixTemplate(text string) (condition, error) {
	t, err := parseTemplate(text, "[^/]+")
	if err != nil {
		return nil, err
	}
	re, err := t.compile("^", "")
	if err != nil {
		return nil, err
	}
	bounded, err := t.compile("^", boundary(text))
	if re == nil || err != nil {
		return pathHas{text: text, before: t.before}, err
	}
	like := [2]string{likePath(re.String()), likePath(bounded.String())}
	return pathHas{text: text, before: t.before, re: re, bounded: bounded, like: like}, nil
}

func boundary(text string) string {
	if strings.HasSuffix(text, "/") {
		return ""
	}
	return "(?:/|$)"
}

func (p pathHas) holds(s subject) verdict {
	switch {
	case p.re == nil:
		return yesIf(hasPrefix(s.q.Path, p.text, s.strict))
	case s.strict:
		return yesIf(p.bounded.MatchString(s.q.Path))
	}
	return yesIf(p.re.MatchString(s.q.Path))
}

// hasPrefix says whether a path begins with a prefix, and strictly so when it must end between two segments.
func hasPrefix(path, prefix string, strict bool) bool {
	if !strings.HasPrefix(path, prefix) {
		return false
	}
	return !strict || strings.HasSuffix(prefix, "/") || len(path) == len(prefix) || path[len(prefix)] == '/'
}

func (p pathHas) canonical(m manner) string {
	switch {
	case p.re == nil:
		return "prefix(" + p.text + ")"
	case m.strict:
		return p.like[1]
	}
	return p.like[0]
}

func (p pathHas) anchors() []anchor { return []anchor{{path: p.before}} }

func (p pathHas) rest(at anchor, strict bool) condition {
	open := len(at.path) == len(p.text) && !strings.HasSuffix(p.text, "/") // where the path goes on is not known
	if p.re == nil && hasPrefix(at.path, p.text, strict) && !(strict && open) {
		return nil
	}
	return p
}
