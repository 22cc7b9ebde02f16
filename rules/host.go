package rules

import (
	"regexp"
	"strings"
)

// hostIs holds for one host, written in lower case.
type hostIs string

func (h hostIs) holds(s subject) verdict { return yesIf(h != "" && equalLower(s.host, string(h))) }
func (h hostIs) canonical(manner) string { return "host(" + string(h) + ")" }
func (h hostIs) anchors() []anchor       { return []anchor{{host: string(h), kind: exactHost}} }

func (h hostIs) rest(at anchor, _ bool) condition {
	if at.kind == exactHost && at.host == string(h) {
		return nil
	}
	return h
}

// hostLike holds for hosts that a template describes.
type hostLike struct {
	text   string // the template
	ending string // every such host ends so, from a dot on; "": not known
	re     *regexp.Regexp
	same   string // its canonical text
}

// hostTemplate reads a template for hosts; one without places is a host. Case never counts.
func hostTemplate(text string) (condition, error) {
	t, err := parseTemplate(text, "[^.]+")
	if err != nil {
		return nil, err
	}
	re, err := t.compile("(?i)^", "$")
	if err != nil {
		return nil, err
	}
	if re == nil {
		return hostIs(lowered(text)), nil
	}
	return hostLike{text: lowered(text), ending: dottedEnding(t.after), re: re, same: likeHost(re)}, nil
}

// dottedEnding is the part of a literal ending that can be looked up: from its first dot on.
func dottedEnding(text string) string {
	dot := strings.IndexByte(text, '.')
	if dot < 0 {
		return ""
	}
	return lowered(text[dot:])
}

func (h hostLike) holds(s subject) verdict { return yesIf(h.re.MatchString(s.host)) }
func (h hostLike) canonical(manner) string { return h.same }

func (h hostLike) anchors() []anchor {
	if h.ending == "" {
		return []anchor{{}}
	}
	return []anchor{{host: h.ending, kind: hostEnding}}
}

func (h hostLike) rest(anchor, bool) condition { return h }
