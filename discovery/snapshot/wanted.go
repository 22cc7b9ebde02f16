package snapshot

import (
	"strings"
	"unicode"
)

// prefixes are what the names of a router's labels begin with, and how many typing mistakes still make one of them:
// at two from appia are words as common as api and app.
var prefixes = []struct {
	word  string
	typos int
}{{"traefik", 2}, {"appia", 1}}

// Wanted reports whether a router reads the label of this name, or its author may have meant one to. All others stay
// out of snapshots: a label that nobody reads must not make two of them differ. The value tells a lock whose name is broken.
func Wanted(name, value string) bool {
	if strings.HasPrefix(name, "traefik.") || strings.HasPrefix(name, "appia.") {
		return true
	}
	prefix, _ := Prefix(name)
	return prefix != "" || Astray(name, value) != "" || name == "com.docker.compose.project" || name == "com.docker.compose.service"
}

// Prefix is the prefix of a router's labels that a name begins with, "traefik." or "appia.", also in another case, with
// spaces around it or misspelled; "" for the labels of others. rest is the name without it.
func Prefix(name string) (prefix, rest string) {
	word, rest, found := strings.Cut(Tidy(name), ".")
	if !found {
		return "", ""
	}
	for _, p := range prefixes {
		if d := len(word) - len(p.word); d <= p.typos && -d <= p.typos && within(strings.ToLower(word), p.word, p.typos) {
			return p.word + ".", rest
		}
	}
	return "", ""
}

// Astray is the name that a lock was meant to have whose prefix is broken or missing, so that it is nobody's label:
// "traefik_frontend_auth_basic_users", "frontend.auth.basic.users"; "" for all others. Others have locks of their own, so it takes a
// password's hash, or a name with all of ours but its prefix.
func Astray(name, value string) (meant string) {
	if prefix, _ := Prefix(name); prefix != "" {
		return ""
	}
	dotted := strings.NewReplacer("_", ".", "/", ".").Replace(Tidy(name))
	hashed := Hashed(value)
	if hashed {
		dotted = strings.NewReplacer("-", ".", ":", ".").Replace(dotted)
	}
	low := strings.ToLower(dotted)
	prefix, rest := Prefix(dotted)
	switch {
	case prefix != "" && (hashed || strings.Contains("."+strings.ToLower(rest), ".frontend.") && Guards(rest)):
		return prefix + rest
	case strings.HasPrefix(low, "frontend.") && (hashed || Guards(low)), strings.HasPrefix(low, "http.middlewares.") && hashed:
		return "traefik." + dotted
	case hashed && (strings.HasSuffix(low, "basic.users") || strings.HasSuffix(low, "basicauth.users")):
		return "traefik.frontend.auth.basic.users"
	case hashed && (strings.HasSuffix(low, "digest.users") || strings.HasSuffix(low, "digestauth.users")):
		return "traefik.frontend.auth.digest.users"
	}
	return ""
}

// Tidy is a name without what cannot be seen: spaces around it, and characters that have no width.
func Tidy(name string) string {
	if strings.ContainsFunc(name, invisible) {
		name = strings.Map(func(c rune) rune {
			if invisible(c) {
				return -1
			}
			return c
		}, name)
	}
	return strings.TrimSpace(name)
}

func invisible(c rune) bool { return c > unicode.MaxASCII && unicode.Is(unicode.Cf, c) }

// CutValue takes the value out of a name such as "traefik.port: 80", in which a colon or a space stands where the =
// belongs. A name without one it leaves as it is.
func CutValue(name string) (head, held string, holds bool) {
	tidy := Tidy(name)
	i := strings.IndexFunc(tidy, separates)
	if i <= 0 {
		return name, "", false
	}
	return tidy[:i], strings.TrimLeftFunc(tidy[i:], separates), true
}

func separates(c rune) bool { return c == ':' || c == '=' || unicode.IsSpace(c) }

// within reports whether a becomes b by so many letters inserted, left out, changed or swapped with their neighbour.
func within(a, b string, typos int) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	switch {
	case a == "" || b == "":
		return len(a)+len(b) <= typos
	case typos == 0:
		return false
	}
	swapped := len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0]
	return within(a[1:], b, typos-1) || within(a, b[1:], typos-1) || within(a[1:], b[1:], typos-1) ||
		swapped && within(a[2:], b[2:], typos-1)
}
