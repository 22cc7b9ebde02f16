package rules

import (
	"strings"
	"unicode"
)

// Normalize makes a display name as Traefik 1.x does: runs of what is neither letter nor digit become one "-", and
// vanish at both ends.
func Normalize(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "-")
}
