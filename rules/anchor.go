package rules

import "strings"

// An anchor is a place of the index: a host, an ending of hosts or no host, with the beginning of a path.
type anchor struct {
	host string   // lower case
	kind hostKind // what host is
	path string   // every path begins with ""
}

type hostKind uint8

const (
	anyHost    hostKind = iota
	hostEnding          // ".litup.me"
	exactHost           // "blog.litup.me"
)

// maxAnchors bounds what one rule of many hosts and many paths costs the index; beyond it paths are checked, not looked up.
const maxAnchors = 1024

// narrow is the places where a request may be that is sure to be at one of a and at one of b.
func narrow(a, b []anchor) []anchor {
	if len(a)*len(b) > maxAnchors {
		if len(a) > len(b) {
			return a
		}
		return b
	}
	var both []anchor
	for _, x := range a {
		for _, y := range b {
			if z, ok := x.and(y); ok {
				both = append(both, z)
			}
		}
	}
	return both
}

// and is the narrower of two anchors in host and in path; false when no request can be at both.
func (a anchor) and(b anchor) (anchor, bool) {
	if a.kind == exactHost && b.kind == exactHost && a.host != b.host {
		return anchor{}, false
	}
	if b.kind > a.kind {
		a.kind, a.host = b.kind, b.host
	}
	if len(b.path) > len(a.path) {
		a.path, b.path = b.path, a.path
	}
	return a, strings.HasPrefix(a.path, b.path)
}
