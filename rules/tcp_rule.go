package rules

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// The matchers of Traefik 3's TCP rules. The grammar is that of its other rules.

var traefikTCP = []matcher{
	{"HostSNI", V3, true, 1, 1, (*reader3).hostSNI},
	{"HostSNIRegexp", V3, true, 1, 1, (*reader3).hostSNIRegexp},
	{"ClientIP", V3, true, 1, 1, (*reader3).clientIP},
	{"ALPN", V3, true, 1, 1, (*reader3).alpn},
}

// ParseTCP reads a rule of connections ("HostSNI(`a.com`) || HostSNI(`b.com`)"). tls: they are those that begin as TLS does; others
// name no host. As in ParseTraefik3, diagnostics carry no service and no label, and a rule that is not ok matches nothing.
func ParseTCP(text string, tls bool) (rule Rule, found []Diagnostic, ok bool) {
	r := reader3{text: text, words: traefikTCP, plain: !tls}
	return r.parse()
}

// of tells of a matcher of HTTP in a rule of TCP.
func (r *reader3) ofHTTP(name string, from int) bool {
	i := slices.IndexFunc(traefik3, func(m matcher) bool { return strings.EqualFold(m.name, name) })
	if i < 0 || len(r.words) != len(traefikTCP) {
		return false
	}
	if meant := map[string]string{"Host": "HostSNI", "HostHeader": "HostSNI", "HostRegexp": "HostSNIRegexp"}[traefik3[i].name]; meant != "" {
		r.edits = append(r.edits, edit{from, from + len(name), meant})
	}
	r.fail(UnknownMatcher, "%s is a matcher of HTTP; of a connection HostSNI, HostSNIRegexp, ClientIP and ALPN can be asked", traefik3[i].name)
	return true
}

// secret fails where a rule of connections without TLS asks for what only TLS tells.
func (r *reader3) secret(c call) bool {
	if !r.plain {
		return true
	}
	r.fail(NeedsTLS, "%s is what a client of TLS says, and the router is for connections without TLS; only HostSNI(`*`) is for those: "+
		"give the router tls.passthrough=true where the service speaks TLS itself, or tls=true where Appia is to end it", c.name)
	return false
}

func (r *reader3) hostSNI(c call) condition {
	return r.each(c, func(a arg) condition {
		if a.text == "*" {
			return all{}
		}
		if !r.secret(c) {
			return never(a.text)
		}
		return r.serverName(c, a)
	})
}

// serverName is a name as TLS's clients send it: never an address (RFC 6066, 3).
func (r *reader3) serverName(c call, a arg) condition {
	_, err := netip.ParseAddr(strings.Trim(a.text, "[]"))
	name := bareName(a.text)
	switch {
	case err == nil:
		return r.dead(a, HostNotPlain, "clients of TLS name no addresses, so %q matches no connection", a.text)
	case strings.ContainsFunc(a.text, func(c rune) bool { return c > 0x7f }):
		r.fail(HostNotASCII, "clients ask for a host in its xn-- form (punycode); Traefik refuses %q", a.text)
		return never(a.text)
	case strings.Trim(a.text, ".") == "":
		r.fail(MissingArgument, "an argument of HostSNI is empty")
		return never(a.text)
	case strings.HasPrefix(a.text, "*."):
		r.edits = append(r.edits, edit{c.from, c.to, "HostSNIRegexp(" + quoted3("^.+"+regexp.QuoteMeta(a.text[1:])+"$") + ")"})
		r.fail(HostNotPlain, "HostSNI takes plain names or * alone; Traefik refuses %q", a.text)
		return never(a.text)
	case strings.ContainsAny(a.text, "/: *{}|,()"+noHost):
		if name != a.text && !strings.ContainsAny(name, ":, *{}|()"+noHost) {
			r.instead(a, name)
		}
		r.fail(HostNotPlain, "HostSNI takes a name without scheme, port or path; Traefik refuses %q", a.text)
		return never(a.text)
	}
	return hostIs(lowered(strings.TrimSuffix(a.text, ".")))
}

func (r *reader3) hostSNIRegexp(c call) condition {
	if !r.secret(c) {
		return never("")
	}
	return r.hostRegexp(c)
}

func (r *reader3) alpn(c call) condition {
	if !r.secret(c) {
		return never("")
	}
	return r.each(c, func(a arg) condition {
		if a.text == "acme-tls/1" {
			r.fail(BadALPN, "what a CA speaks to see a challenge is the router's own")
			return never(a.text)
		}
		return alpnHas(a.text)
	})
}

// alpnHas holds for clients that offer a protocol.
type alpnHas string

func (p alpnHas) holds(s subject) verdict     { return yesIf(slices.Contains(s.q.Protocols, string(p))) }
func (p alpnHas) canonical(manner) string     { return "alpn(" + string(p) + ")" }
func (p alpnHas) anchors() []anchor           { return []anchor{{}} }
func (p alpnHas) rest(anchor, bool) condition { return p }
