package rules

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// A Query is what a request says about where it wants to go.
type Query struct {
	Method   string
	Host     string     // as received: any case, perhaps with a port
	Path     string     // percent-decoded
	RawQuery string     // as received
	Header   Header     // nil: no fields
	Client   netip.Addr // of the connection; the zero Addr is in no network

	Protocols []string // that the client offers by ALPN, of a connection that is no request yet
}

// A Header is a request's fields, asked one value at a time so that asking costs no allocation.
type Header interface {
	// Value is the n-th value (from 0) among the fields called name, whatever their case; false past the last.
	Value(name string, n int) (string, bool)
}

// maxHost is the longest host that is looked up: DNS has no longer names, and the lower-case copy fits the stack.
const maxHost = 255

// A subject is a query made ready for conditions. It is passed by value: behind an interface a pointer would escape.
type subject struct {
	q      *Query
	host   string // without port or brackets; case as received
	strict bool   // Options.StrictPrefix
	keep   bool   // Options.KeepTrailingSlash
}

// bareHost is a Host header without its port and without the brackets of an IPv6 address; "" when it can be no host,
// so that indexes and regexps need not agree on how to fold the case of "K", the Kelvin sign.
func bareHost(host string) string {
	host = withoutPort(host)
	if len(host) > maxHost {
		return ""
	}
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf {
			return ""
		}
	}
	return host
}

func withoutPort(host string) string {
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			return host[1:end]
		}
		return host
	}
	colon := strings.IndexByte(host, ':')
	if colon < 0 || strings.IndexByte(host[colon+1:], ':') >= 0 { // several: an IPv6 address without brackets
		return host
	}
	return host[:colon]
}

// appendLower appends s in ASCII lower case; hosts know no other.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return b
}

func lowered(s string) string { return string(appendLower(nil, s)) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalLower says whether s, in lower case, is want.
func equalLower(s, want string) bool {
	if len(s) != len(want) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != want[i] {
			return false
		}
	}
	return true
}
