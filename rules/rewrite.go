package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// A Path is a request's path in both its forms.
type Path struct {
	Decoded string // "/a/b", what conditions and modifiers look at
	Raw     string // "/a%2Fb", what is sent
}

// A Trace is what a rewritten request tells the service about the path it had.
type Trace struct {
	Prefix   [2]string // values to add to X-Forwarded-Prefix, in this order; "": none
	Replaced [2]string // values to add to X-Replaced-Path, in this order; "": none
	NotFound bool      // nothing could be stripped: the answer is 404
}

// modifiers change the path of a request whose condition holds. They act in the order of the fields, whatever the
// order in the rule: so does Traefik 1.x.
type modifiers struct {
	stripLike   []*regexp.Regexp // the first that matches is cut off
	strip       []string         // the longest that is there is cut off
	add         string           // put in front
	addRaw      string           // add, escaped
	pattern     *regexp.Regexp   // what it matches becomes replacement
	replacement string
	replace     string // the new path; "": the old one
}

func (m *modifiers) any() bool {
	return m.stripLike != nil || m.strip != nil || m.add != "" || m.pattern != nil || m.replace != ""
}

// Rewrites says whether the route changes paths at all.
func (r *Route) Rewrites() bool { return r.rewrites }

// Rewrite is the path that the service gets.
func (r *Route) Rewrite(p Path) (Path, Trace) {
	if !r.rewrites {
		return p, Trace{}
	}
	p, trace := r.Rule.then.apply(p, r.strict)
	for i := range r.leading {
		var more Trace
		p, more = r.leading[i].apply(p, r.strict)
		trace.also(more)
	}
	return p, trace
}

func (m *modifiers) apply(p Path, strict bool) (Path, Trace) {
	var trace Trace
	if m.stripLike != nil && !m.cutLike(&p, &trace) || m.strip != nil && !m.cut(&p, &trace, strict) {
		return p, Trace{NotFound: true}
	}
	if m.add != "" {
		p = Path{Decoded: m.add + p.Decoded, Raw: m.addRaw + p.Raw}
	}
	if m.pattern != nil && m.pattern.MatchString(p.Decoded) {
		trace.Replaced[0] = headerSafe(p.Decoded)
		p = sameForms(m.pattern.ReplaceAllString(p.Decoded, m.replacement))
	}
	if m.replace != "" {
		trace.Replaced[1] = headerSafe(p.Decoded)
		p = sameForms(m.replace)
	}
	return p.rooted(), trace
}

// cutLike removes what the first matching template matches. It restores no leading slash: AddPrefix may follow.
func (m *modifiers) cutLike(p *Path, trace *Trace) bool {
	for _, re := range m.stripLike {
		if at := re.FindStringIndex(p.Decoded); at != nil {
			trace.Prefix[0] = headerSafe(p.Decoded[:at[1]])
			*p = p.from(at[1])
			return true
		}
	}
	return false
}

func (m *modifiers) cut(p *Path, trace *Trace, strict bool) bool {
	for _, prefix := range m.strip {
		if hasPrefix(p.Decoded, prefix, strict) {
			trace.Prefix[1] = prefix
			*p = p.from(len(prefix)).rooted()
			return true
		}
	}
	return false
}

// from is the path without its first n decoded bytes. In the raw form each of them is one byte or one escape.
func (p Path) from(n int) Path {
	raw := p.Raw
	for range n {
		switch {
		case len(raw) >= 3 && raw[0] == '%':
			raw = raw[3:]
		case raw != "":
			raw = raw[1:]
		}
	}
	return Path{Decoded: p.Decoded[n:], Raw: raw}
}

// sameForms is a path made of decoded text alone.
func sameForms(decoded string) Path {
	return Path{Decoded: decoded, Raw: escaped(decoded)}
}

func escaped(decoded string) string { return (&url.URL{Path: decoded}).EscapedPath() }

// rooted is the path with a leading slash, one and the same in both forms: what "/a" leaves of "/a%2Fb" is "/b".
func (p Path) rooted() Path {
	if !strings.HasPrefix(p.Decoded, "/") {
		return Path{Decoded: "/" + p.Decoded, Raw: "/" + p.Raw}
	}
	switch {
	case strings.HasPrefix(p.Raw, "/"):
		return p
	case strings.HasPrefix(p.Raw, "%") && len(p.Raw) >= len("%2F"):
		return Path{Decoded: p.Decoded, Raw: "/" + p.Raw[len("%2F"):]}
	}
	return sameForms(p.Decoded)
}

// headerSafe is text that can stand in a header. A path may hold %0D%0A, which decoded would end the field.
func headerSafe(decoded string) string {
	if strings.IndexFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return decoded
	}
	return escaped(decoded)
}

// OtherSlash is the raw path with its trailing slash removed, or added when it has none: where a Match with Redirect
// sends the client.
func OtherSlash(raw string) string {
	// "//evil.com/" would become a location on another host.
	raw = "/" + strings.TrimLeft(raw, `/\`)
	switch {
	case raw == "/":
		return raw
	case strings.HasSuffix(raw, "/"):
		return raw[:len(raw)-1]
	}
	return raw + "/"
}

// same says whether two lists of modifiers do the same.
func (m modifiers) same(other modifiers) bool { return m.key() == other.key() }

func (m modifiers) key() string {
	return fmt.Sprintf("%q %q %q %q %q %q", m.stripLike, m.strip, m.add, m.pattern, m.replacement, m.replace)
}
