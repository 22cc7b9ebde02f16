package rules

import (
	"net/netip"
	"slices"
	"strings"
)

// Host:a.com,b.com holds for one of the hosts, whatever their case.
func (r *reader) host(args []string) {
	var hosts anyOf
	var names []string
	for _, arg := range args {
		host := r.plainHost(arg)
		hosts = append(hosts, host)
		if name, ok := host.(hostIs); ok {
			names = append(names, string(name))
		}
	}
	r.when = append(r.when, hosts)
	r.narrowHosts(names)
}

func (r *reader) plainHost(arg string) condition {
	bare := strings.Trim(arg, "[]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return hostIs(lowered(bare))
	}
	if r.unheard(arg, arg) {
		return never(arg)
	}
	name, wrong := arg, strings.IndexAny(arg, ":/")
	switch {
	case arg == "":
		return r.dead(MissingArgument, arg, "", "an argument of Host is empty: it matches no request")
	case strings.Contains(arg, "://"):
		_, name, _ = strings.Cut(arg, "://")
		name = bareHost(strings.TrimRight(name, "/"))
	case wrong >= 0:
		name = arg[:wrong]
	case strings.ContainsAny(arg, "*{}"):
		wild := strings.Replace(arg, "*.", "{any:.+}.", 1)
		suggestion := r.with(arg, wild)
		return r.dead(HostNotPlain, arg, strings.Replace(suggestion, "Host:", "HostRegexp:", 1), "Host takes plain names only; %q matches no request", arg)
	case strings.Contains(arg, "|"):
		return r.dead(HostNotPlain, arg, r.with(arg, strings.ReplaceAll(arg, "|", ",")), "a comma joins hosts; %q matches no request", arg)
	case strings.ContainsAny(arg, noHost):
		return r.dead(HostNotPlain, arg, r.with(arg, strings.Trim(arg, noHost)), "%q has a character that no host has, and matches no request", arg)
	case strings.HasSuffix(arg, "."):
		r.tell(HostNotPlain, Warning, r.with(arg, strings.TrimRight(arg, ".")), "%q matches only requests that have the final dot too", arg)
		return hostIs(lowered(arg))
	default:
		return hostIs(lowered(arg))
	}
	return r.dead(HostNotPlain, arg, r.with(arg, name), "Host takes a name without scheme, port or path; %q matches no request", arg)
}

// noHost are characters of ASCII that servers refuse in a Host field.
const noHost = "'`\"<>\\^@#?%"

// narrowHosts notes which hosts are left when one more Host part must hold.
func (r *reader) narrowHosts(names []string) {
	if r.hosts == nil || len(names) == 0 {
		r.hosts = names
		return
	}
	left := slices.DeleteFunc(slices.Clone(r.hosts), func(h string) bool { return !slices.Contains(names, h) })
	if len(left) == 0 {
		both := strings.Join(append(r.hosts, names...), ",")
		r.when = append(r.when, r.dead(DisjointHosts, both, "",
			"two Host parts must both hold, and no host is in both; for either host write Host:%s", both))
	}
	r.hosts = left
}

// HostRegexp:{sub:[a-z]+}.a.com holds for hosts that one of the templates describes.
func (r *reader) hostRegexp(args []string) {
	var hosts anyOf
	for _, arg := range args {
		hosts = append(hosts, r.hostLike(arg))
	}
	r.when = append(r.when, hosts)
}

func (r *reader) hostLike(arg string) condition {
	if r.unheard(arg, outside(arg)) {
		return never(arg)
	}
	host, err := hostTemplate(arg)
	if err != nil {
		return r.badTemplate(arg, err)
	}
	if arg == "" {
		return r.dead(MissingArgument, arg, "", "an argument of HostRegexp is empty: it matches no request")
	}
	if i := strings.IndexAny(outside(arg), `\^$*+?()[]|`); i >= 0 {
		return r.dead(RegexpOutside, arg, r.with(arg, mended(arg)),
			"text outside braces is literal, so %q matches no host; a regexp stands inside, as in {any:.+}.a.com", arg)
	}
	if _, plain := host.(hostIs); plain {
		r.tell(HostLiteral, Info, "", "%q has no braces: it is one host, as with Host", arg)
	}
	return host
}

// outside is the text of a template that stands outside its braces.
func outside(text string) string {
	places, _ := bracePairs(text)
	var literal strings.Builder
	end := 0
	for _, place := range places {
		literal.WriteString(text[end:place.open])
		end = place.close + 1
	}
	return literal.String() + text[end:]
}

// mended is what the author of a regexp outside braces meant, where that is plain.
func mended(text string) string {
	if places, _ := bracePairs(text); len(places) == 0 {
		return "{any:" + strings.TrimSuffix(strings.TrimPrefix(text, "^"), "$") + "}"
	}
	var b strings.Builder
	depth := 0
	for _, c := range text {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 && strings.ContainsRune(`\^$`, c) {
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// badTemplate is a template that cannot be read. 1.x says nothing and never matches.
func (r *reader) badTemplate(arg string, err error) condition {
	if r.cut {
		return never(arg)
	}
	return r.dead(BadTemplate, arg, "", "%q matches no request: %v", arg, err)
}
