package message

import (
	"net/netip"
	"strings"
)

// TellsOfClient tells whether a field says who asks, and how: what routers tell endpoints, and what a client that is not
// trusted may not say of itself. CGI and its heirs (WSGI, Rack, PHP) make one of all marks in a name, so that X_Real_Ip and
// X.Real.Ip are X-Real-Ip to them, and to us.
func TellsOfClient(name string) bool {
	if len(name) < len("Forwarded") {
		return false
	}
	switch lower(name[0]) {
	case 'x':
		return len(name) > len(forwarded) && Alike(name[:len(forwarded)], forwarded) || Alike(name, "x-real-ip") || Alike(name, "x-replaced-path")
	case 'f':
		return Alike(name, "forwarded")
	}
	return false
}

const forwarded = "x-forwarded-"

// Alike tells whether a field's name is another to those who make one of all marks: what is a dash there may be any mark here,
// and case does not count.
func Alike(name, other string) bool {
	if len(name) != len(other) {
		return false
	}
	for i := range len(name) {
		a, b := lower(name[i]), lower(other[i])
		if a != b && (isMark(b) != isMark(a) || !isMark(a)) {
			return false
		}
	}
	return true
}

// Unmarked is a name with a dash for every mark.
func Unmarked(name string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x80 && isMark(lower(byte(c))) {
			return '-'
		}
		return c
	}, name)
}

// isMark tells whether a byte of a name, in lower case, is neither letter nor digit.
func isMark(c byte) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }

// Peer is the address of the client's connection: who asks, as far as nobody in between is believed.
func (r *Request) Peer() netip.Addr { return r.Client.Addr().Unmap().WithZone("") }

// ForwardedFor is every element of X-Forwarded-For, in order.
func (r *Request) ForwardedFor() (elements []string) {
	r.Fields.Values("X-Forwarded-For", func(line string) bool {
		for element := range strings.SplitSeq(line, ",") {
			elements = append(elements, strings.TrimSpace(element))
		}
		return true
	})
	return elements
}

// Within tells whether one of the networks has an address, which is neither mapped nor of a zone.
func Within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}
