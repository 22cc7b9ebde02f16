package snapshot

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// WithoutSecrets is a copy to be shown, in a bug report say: labels that may hold secrets keep their names only.
func (s *Swarm) WithoutSecrets() *Swarm {
	shown := *s
	shown.Services = make([]Service, len(s.Services))
	for i, service := range s.Services {
		service.Labels = hideSecrets(service.Labels)
		service.ContainerLabels = slices.Clone(service.ContainerLabels)
		for i, name := range service.ContainerLabels {
			service.ContainerLabels[i] = withoutValue(name)
		}
		shown.Services[i] = service
	}
	return &shown
}

func hideSecrets(labels map[string]string) map[string]string {
	shown := maps.Clone(labels)
	for name, value := range labels {
		if Secret(name) || Hashed(value) || Hashed(name) {
			delete(shown, name)
			shown[withoutValue(name)] = notShown
			continue
		}
		shown[name] = WithoutQuery(name, value)
	}
	return shown
}

const notShown = "(not shown)"

// WithoutQuery is a label's value without the query of a health check, in which keys are sent.
func WithoutQuery(name, value string) string {
	path, _, asks := strings.Cut(value, "?")
	if !asks || !strings.Contains(strings.ToLower(name), "healthcheck") {
		return value
	}
	return path + "?" + notShown
}

// withoutValue is the name of a label that may hold a secret, in its name too.
func withoutValue(name string) string {
	if head, _, holds := CutValue(name); holds && (Secret(name) || Hashed(name)) {
		return head + ": " + notShown
	}
	return name
}

// Secret reports whether a label's value may hold passwords, digests or tokens: what is told of labels goes to logs, to
// bug reports, and to a page that anybody on the network may read. It goes by the bare name, as misspelled labels hold
// secrets too.
func Secret(label string) bool {
	label = strings.ToLower(label)
	for _, part := range []string{"auth", "headers", "passw", "secret", "token"} {
		if strings.Contains(label, part) {
			return true
		}
	}
	head, _, _ := CutValue(label)
	for word := range strings.SplitSeq(head, ".") {
		if word == "basic" || word == "digest" || nearAuth(word) || within(word, "headers", 2) ||
			within(word, "customrequestheaders", 4) || within(word, "customresponseheaders", 4) {
			return true
		}
	}
	return secretWord(head[strings.LastIndexByte(head, '.')+1:])
}

// secretWord is for a name's last word alone: those before it may be names that an author chose.
func secretWord(word string) bool {
	return word == "usr" || within(word, "users", 1) || within(word, "passwd", 1) || within(word, "password", 2) || within(word, "htpasswd", 2) ||
		within(word, "secret", 1) || within(word, "token", 1) || strings.HasSuffix(word, "key")
}

// nearAuth leaves out "auto", the one word of a mistake's distance that names something else.
func nearAuth(word string) bool { return len(word) > 2 && word != "auto" && within(word, "auth", 1) }

// Guards reports whether a label's name has a word of Traefik 1.x's protections in it, rightly spelled or nearly.
func Guards(label string) bool {
	for word := range strings.SplitSeq(strings.ToLower(label), ".") {
		switch {
		case strings.Contains(word, "auth"), strings.Contains(word, "whitelist"), word == "basic", word == "digest", nearAuth(word),
			within(word, "whitelist", 2), within(word, "whitelistsourcerange", 4), within(word, "sourcerange", 2),
			strings.Contains(word, "allowlist"), within(word, "allowlist", 2), within(word, "allowedhosts", 3),
			strings.Contains(word, "clientcert"), within(word, "passtlsclientcert", 4):
			return true
		}
	}
	return false
}

// MayGuard reports whether a label's name, which is near no other, has a word that also means something else, such as users or
// redirect. The first word behind the prefix may be a segment's name.
func MayGuard(label string) bool {
	words := strings.Split(strings.ToLower(label), ".")
	for i, word := range words {
		if i < 1 || i == 1 && len(words) > 2 {
			continue
		}
		switch {
		case word == "usr", within(word, "users", 1), strings.Contains(word, "passw"), within(word, "password", 2), within(word, "htpasswd", 2), within(word, "usersfile", 2), word == "forward",
			strings.Contains(word, "redirect"), within(word, "redirect", 1), strings.Contains(word, "https"), strings.Contains(word, "forcessl"):
			return true
		}
	}
	return false
}

// hashed is a name with a hash as htpasswd and htdigest write them, or the hash alone, each $ once or twice.
var hashed = regexp.MustCompile(`\{S?SHA\}|(?:^|[:\s"',])\${1,2}(?:apr1|2[abxy]?|[156])\$|:[0-9A-Fa-f]{32}(?:[,\s"']|$)`)

// Hashed reports whether a value looks like a user with a password's hash, whatever label it stands in.
func Hashed(value string) bool { return hashed.MatchString(value) }
