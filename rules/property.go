package rules

import (
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
)

// Leaves that look neither at host nor path: method, header fields, query parameters. The index does not know them;
// they are checked where host and path have led.

// methodIs holds for one method.
type methodIs string

func (m methodIs) holds(s subject) verdict     { return yesIf(s.q.Method == string(m)) }
func (m methodIs) canonical(manner) string     { return "method(" + string(m) + ")" }
func (m methodIs) anchors() []anchor           { return []anchor{{}} }
func (m methodIs) rest(anchor, bool) condition { return m }

// headerIs holds when one of a field's values is equal; without a value, when the field is there.
type headerIs struct{ name, value string }

func newHeaderIs(name, value string) headerIs {
	return headerIs{textproto.CanonicalMIMEHeaderKey(name), value}
}

func (h headerIs) holds(s subject) verdict {
	if s.q.Header == nil {
		return no
	}
	for n := 0; ; n++ {
		value, ok := s.q.Header.Value(h.name, n)
		if !ok {
			return no
		}
		if h.value == "" || value == h.value {
			return yes
		}
	}
}

func (h headerIs) canonical(manner) string     { return "header(" + h.name + "=" + h.value + ")" }
func (h headerIs) anchors() []anchor           { return []anchor{{}} }
func (h headerIs) rest(anchor, bool) condition { return h }

// headerLike holds when a regexp matches somewhere in one of a field's values.
type headerLike struct {
	name string
	re   *regexp.Regexp
}

func (h headerLike) holds(s subject) verdict {
	if s.q.Header == nil {
		return no
	}
	for n := 0; ; n++ {
		value, ok := s.q.Header.Value(h.name, n)
		if !ok {
			return no
		}
		if h.re.MatchString(value) {
			return yes
		}
	}
}

func (h headerLike) canonical(manner) string {
	return "headerlike(" + h.name + "=" + h.re.String() + ")"
}
func (h headerLike) anchors() []anchor           { return []anchor{{}} }
func (h headerLike) rest(anchor, bool) condition { return h }

// queryIs holds when the first parameter of a name has a value that a template describes.
type queryIs struct {
	name  string
	value string         // the template; "": any value
	re    *regexp.Regexp // nil: literal
}

func newQueryIs(name, value string) (queryIs, error) {
	t, err := parseTemplate(value, ".*")
	if err != nil {
		return queryIs{}, err
	}
	re, err := t.compile("^", "$")
	return queryIs{name: name, value: value, re: re}, err
}

func (p queryIs) holds(s subject) verdict {
	for left := s.q.RawQuery; left != ""; {
		var pair string
		pair, left, _ = strings.Cut(left, "&")
		name, value, _ := strings.Cut(pair, "=")
		if !sameUnescaped(name, p.name) || strings.Contains(pair, ";") || !validEscapes(value) {
			continue
		}
		return yesIf(p.fits(value)) // only the first of the name counts
	}
	return no
}

func (p queryIs) fits(raw string) bool {
	switch {
	case p.value == "":
		return true
	case p.re == nil:
		return sameUnescaped(raw, p.value)
	case !strings.ContainsAny(raw, "%+"):
		return p.re.MatchString(raw)
	}
	value, _ := url.QueryUnescape(raw) // the one place of matching that allocates: a regexp over an escaped value
	return p.re.MatchString(value)
}

func (p queryIs) canonical(manner) string     { return "query(" + p.name + "=" + p.value + ")" }
func (p queryIs) anchors() []anchor           { return []anchor{{}} }
func (p queryIs) rest(anchor, bool) condition { return p }

// sameUnescaped says whether a piece of a raw query stands for text, without making the string it stands for.
func sameUnescaped(raw, text string) bool {
	for raw != "" {
		if text == "" {
			return false
		}
		c, size, ok := unescape(raw)
		if !ok || c != text[0] {
			return false
		}
		raw, text = raw[size:], text[1:]
	}
	return text == ""
}

func validEscapes(raw string) bool {
	for raw != "" {
		_, size, ok := unescape(raw)
		if !ok {
			return false
		}
		raw = raw[size:]
	}
	return true
}

// unescape is the first byte that a raw query stands for, and how long it is there.
func unescape(raw string) (c byte, size int, ok bool) {
	switch raw[0] {
	case '+':
		return ' ', 1, true
	case '%':
		if len(raw) < 3 {
			return 0, 0, false
		}
		high, ok1 := hexDigit(raw[1])
		low, ok2 := hexDigit(raw[2])
		return high<<4 | low, 3, ok1 && ok2
	}
	return raw[0], 1, true
}

func hexDigit(c byte) (byte, bool) {
	switch c = lower(c); {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
