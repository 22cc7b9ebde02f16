package rules

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Leaves that only the rules of Traefik 2 and 3 have.

// hostMatches holds for hosts in which a regexp matches, once they are in lower case.
type hostMatches struct {
	re     *regexp.Regexp
	ending string // every such host ends so, from a dot on; "": not known
	same   string // its canonical text
}

// hostExpr reads a regexp for hosts; one that stands for a single host is that host.
func hostExpr(expr string) (condition, error) {
	re, err := compileRegexp(expr)
	if err != nil {
		return nil, err
	}
	start, end, whole := literalEnds(expr)
	switch {
	case anything(expr):
		return all{}, nil
	case whole && lowered(start) == start:
		return hostIs(start), nil
	}
	return hostMatches{re: re, ending: dottedEnding(end), same: likeHost(re)}, nil
}

// holds makes a string of hosts with capitals only, which browsers never send.
func (h hostMatches) holds(s subject) verdict {
	for i := range len(s.host) {
		if s.host[i] != lower(s.host[i]) {
			return yesIf(h.re.MatchString(lowered(s.host)))
		}
	}
	return yesIf(h.re.MatchString(s.host))
}

func (h hostMatches) canonical(manner) string { return h.same }

// likeHost is the canonical text of whatever compares a host with a regexp.
func likeHost(re *regexp.Regexp) string { return "hostlike(" + sameHostExpr(re.String()) + ")" }

func (h hostMatches) anchors() []anchor {
	if h.ending == "" {
		return []anchor{{}}
	}
	return []anchor{{host: h.ending, kind: hostEnding}}
}

func (h hostMatches) rest(anchor, bool) condition { return h }

// queryHas holds when one of the parameters of a name has a value; Traefik 1.x and 2 look at the first alone.
type queryHas struct {
	name, value string
	re          *regexp.Regexp // in the value's place
}

func (p queryHas) holds(s subject) verdict {
	for left := s.q.RawQuery; left != ""; {
		var pair string
		pair, left, _ = strings.Cut(left, "&")
		name, value, _ := strings.Cut(pair, "=")
		if sameUnescaped(name, p.name) && !strings.Contains(pair, ";") && validEscapes(value) && p.fits(value) {
			return yes
		}
	}
	return no
}

func (p queryHas) fits(raw string) bool {
	switch {
	case p.re == nil:
		return sameUnescaped(raw, p.value)
	case !strings.ContainsAny(raw, "%+"):
		return p.re.MatchString(raw)
	}
	value, _ := url.QueryUnescape(raw)
	return p.re.MatchString(value)
}

func (p queryHas) canonical(manner) string {
	if p.re != nil {
		return "querylike(" + p.name + "=" + p.re.String() + ")"
	}
	return "queryhas(" + p.name + "=" + p.value + ")"
}

func (p queryHas) anchors() []anchor           { return []anchor{{}} }
func (p queryHas) rest(anchor, bool) condition { return p }

// clientIn holds for clients of a network, by the address of their connection.
type clientIn netip.Prefix

func (c clientIn) holds(s subject) verdict {
	return yesIf(netip.Prefix(c).Contains(s.q.Client.Unmap().WithZone("")))
}

func (c clientIn) canonical(manner) string     { return "client(" + netip.Prefix(c).String() + ")" }
func (c clientIn) anchors() []anchor           { return []anchor{{}} }
func (c clientIn) rest(anchor, bool) condition { return c }

// network reads an address or a network.
func network(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}
