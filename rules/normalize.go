package rules

import (
	"strings"
	"unicode"
)

// Normalize makes a display name as Traefik 1.x does: runs of what is neither letter nor digit become one "-", and
// vanish at both ends. Every endpoint of every service comes here when a swarm is read.
func Normalize(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
