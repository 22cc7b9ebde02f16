package stdhttp

import (
	"net/http"
	"strings"
)

// Requests of HTTP/2 and 3 have no lines that could be cut, but what they are made of goes into lines of HTTP/1.1: what could be
// none there is refused here, in the words of our own engine (RFC 9113, 8.3.1 and 10.3). Names and values of fields net/http has checked.

const (
	badHost     = "host"
	twoHosts    = "host-differs-from-target"
	manyFields  = "fields-too-many"
	noExtension = "protocol"
	shortBody   = "content-length"
)

// strict says why a request may not go on; "": it may.
func strict(r *http.Request, mostFields int) string {
	if !validTarget(r.RequestURI) {
		return badTarget
	}
	if !validHost(r.Host) {
		return badHost
	}
	for _, host := range r.Header["Host"] {
		if !strings.EqualFold(host, r.Host) {
			return twoHosts
		}
	}
	if length := r.Header.Get("Content-Length"); r.ContentLength == 0 && strings.Trim(length, "0") != "" {
		return shortBody // RFC 9113, 8.1.1; net/http lets it pass where the head ends the stream
	}
	fields := 0
	for _, values := range r.Header {
		fields += len(values)
	}
	if mostFields > 0 && fields > mostFields {
		return manyFields
	}
	return ""
}

// validTarget: RFC 3986 knows nothing else than these, and no fragment goes over the wire.
func validTarget(target string) bool {
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return strings.HasPrefix(target, "/") || target == "*"
}

// validHost is a name or an address with an optional port, with no more than RFC 3986, 3.2.2 lets it have.
func validHost(host string) bool {
	for i := range len(host) {
		c := host[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("-._~!$&'()*+,;=:[]%", rune(c)) {
			return false
		}
	}
	return host != "" && !strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}
