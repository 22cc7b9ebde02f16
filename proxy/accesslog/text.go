package accesslog

import "strings"

import "unicode/utf8"

const hex = "0123456789abcdef"

// appendText writes text that a client may have chosen so that it can end neither its quotes nor its line, nor command the
// terminal of whoever reads it: \x22 for a quote. Traefik 1.x writes it as it is.
func appendText(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7f || c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[from:i]...)
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
			from = i + 1
		}
	}
	return append(b, s[from:]...)
}

// appendWord is appendText for a place without quotes, where a space would begin the next one. The list of a header, "a, b",
// loses those behind its commas.
func appendWord(b []byte, s string) []byte {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], ' ')
		if i < 0 {
			return appendText(b, s[from:])
		}
		i += from
		b = appendText(b, s[from:i])
		if i == 0 || s[i-1] != ',' {
			b = append(b, `\x20`...)
		}
		from = i + 1
	}
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendText(b, s)
	return append(b, '"')
}

// appendString writes a JSON string. What is not UTF-8 becomes U+FFFD, as encoding/json has it.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendInside(b, s)
	return append(b, '"')
}

func appendInside(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		size := 1
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c <= 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b, size = appendRune(b, s[i:])
		}
		i += size
		from = i
	}
	return append(b, s[from:]...)
}

// appendRune writes a letter beyond ASCII; the control characters among them are escaped.
func appendRune(b []byte, s string) ([]byte, int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return append(b, `\ufffd`...), 1
	case r < 0xa0:
		return append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15]), size
	}
	return append(b, s[:size]...), size
}
