package labels

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape reads a value as the inside of a TOML basic string, as Traefik 1.x did, so that `\\.` is the `\.` its
// authors meant. What TOML would refuse, and 1.x stopped all services for, is taken as it is written.
func unescape(value string) string {
	var decoded strings.Builder
	for rest := value; rest != ""; {
		plain, after, found := strings.Cut(rest, `\`)
		if strings.ContainsAny(plain, "\"\n\r") {
			return value
		}
		decoded.WriteString(plain)
		if !found {
			break
		}
		char, size := escape(after)
		if size == 0 {
			return value
		}
		decoded.WriteRune(char)
		rest = after[size:]
	}
	return decoded.String()
}

// escape reads what follows a backslash; size is 0 when TOML has no such escape.
func escape(s string) (char rune, size int) {
	if s == "" {
		return 0, 0
	}
	switch s[0] {
	case 'u':
		return hexEscape(s, 1+4)
	case 'U':
		return hexEscape(s, 1+8)
	}
	i := strings.IndexByte(`btnfr"\`, s[0])
	if i < 0 {
		return 0, 0
	}
	return rune("\b\t\n\f\r\"\\"[i]), 1
}

func hexEscape(s string, size int) (rune, int) {
	if len(s) < size {
		return 0, 0
	}
	code, err := strconv.ParseUint(s[1:size], 16, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return 0, 0
	}
	return rune(code), size
}
