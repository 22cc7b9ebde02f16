package http1

import (
	"bytes"
	"net/netip"
	"net/url"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
)

// readRequest reads a request's head at the front of buf, in place: the strings of q and h alias buf. It returns where
// the head ends, or 0 when there is more to come.
func readRequest(buf []byte, q *message.Request, h *head, l *Limits) (end int, f *fault) {
	pos := 0
	if len(buf) >= 2 && buf[0] == '\r' && buf[1] == '\n' {
		pos = 2 // one empty line in front is ignored (RFC 9112, 2.2)
	}
	i := bytes.IndexByte(buf[pos:], '\n')
	if i < 0 {
		return 0, unfinishedLine(buf[pos:], l)
	}
	if i == 0 || buf[pos+i-1] != '\r' {
		return 0, bareLF
	}
	h.reset()
	target, f := readRequestLine(buf[pos:pos+i-1], q, l)
	if f != nil {
		return 0, f
	}
	end, f = h.read(buf, pos+i+1, l.Fields)
	if end == 0 || f != nil {
		return 0, f
	}
	if f := h.framing(q.Proto); f != nil {
		return 0, f
	}
	q.Host = h.host
	if f := readTarget(target, q); f != nil {
		return 0, f
	}
	if f := checkHost(q, h); f != nil {
		return 0, f
	}
	q.Upgrade = ""
	if h.upgrade && q.Proto == message.HTTP11 {
		q.Upgrade = q.Fields.Joined("Upgrade") // without a copy but of several lines
	}
	return end, nil
}

// unfinishedLine refuses at once what can become no request line, such as a TLS handshake.
func unfinishedLine(line []byte, l *Limits) *fault {
	switch {
	case len(line) > 0 && !tokens[line[0]] && line[0] != '\r':
		return badLine
	case len(line) > l.TargetBytes+64:
		return longTarget
	}
	return nil
}

func readRequestLine(line []byte, q *message.Request, l *Limits) (target []byte, f *fault) {
	method, rest, ok := bytes.Cut(line, space)
	if !ok || !tokens.all(method) {
		return nil, badLine
	}
	target, version, ok := bytes.Cut(rest, space)
	if !ok {
		return nil, badLine
	}
	switch {
	case string(version) == "HTTP/1.1":
		q.Proto = message.HTTP11
	case string(version) == "HTTP/1.0":
		q.Proto = message.HTTP10
	case len(version) == 8 && string(version[:5]) == "HTTP/" && isDigit(version[5]) && version[6] == '.' && isDigit(version[7]):
		return nil, badVersion
	default:
		return nil, badLine
	}
	switch {
	case len(target) > l.TargetBytes:
		return nil, longTarget
	case !targets.all(target):
		return nil, badTarget
	}
	q.Method = alias(method)
	return target, nil
}

var space = []byte{' '}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// readTarget takes the four forms of RFC 9112, 3.2, apart. The path is kept as it was written.
func readTarget(target []byte, q *message.Request) *fault {
	text := alias(target)
	switch {
	case q.Method == "CONNECT":
		return noMethod
	case text[0] == '/':
	case text == "*":
		if q.Method != "OPTIONS" {
			return badTarget
		}
	default:
		rest, f := absolute(text, q)
		if f != nil {
			return f
		}
		if text = rest; text == "" && q.Method == "OPTIONS" {
			text = "*" // RFC 9112, 3.2.4: the server as a whole is meant
		}
	}
	q.RawPath, q.RawQuery, q.Query = strings.Cut(text, "?")
	if q.RawPath == "" {
		q.RawPath = "/"
	}
	q.Path = q.RawPath
	if strings.IndexByte(q.RawPath, '%') < 0 {
		return nil
	}
	var err error
	if q.Path, err = url.PathUnescape(q.RawPath); err != nil {
		return badTarget
	}
	return nil
}

// absolute takes the authority off an absolute-form target. It has to be the one that Host names: RFC 9112, 3.2.2 has a
// server ignore Host then, but who stands behind us may not.
func absolute(text string, q *message.Request) (rest string, f *fault) {
	scheme, after, ok := strings.Cut(text, "://")
	if !ok || !message.SameName(scheme, "http") && !message.SameName(scheme, "https") {
		return "", badTarget
	}
	end := strings.IndexAny(after, "/?")
	if end < 0 {
		end = len(after)
	}
	authority := after[:end]
	if q.Host == "" && q.Proto == message.HTTP10 {
		q.Host = authority
	}
	if !message.SameName(authority, q.Host) {
		return "", otherHost
	}
	return after[end:], nil
}

func checkHost(q *message.Request, h *head) *fault {
	switch {
	case h.hosts > 1:
		return severalHosts
	case h.hosts == 0 && q.Proto == message.HTTP11:
		return missingHost
	case q.Host == "" && q.Proto == message.HTTP10 && h.hosts == 0:
		return nil
	case !validHost(q.Host):
		return badHost
	}
	return nil
}

// validHost accepts a name or address with an optional port (RFC 9110, 7.2).
func validHost(host string) bool {
	name, port := host, ""
	if end := strings.IndexByte(host, ']'); end >= 0 {
		name, port = host[:end+1], host[end+1:]
		if port != "" && port[0] != ':' {
			return false
		}
	} else if i := strings.IndexByte(host, ':'); i >= 0 {
		name, port = host[:i], host[i:]
	}
	if port != "" && !validPort(port[1:]) {
		return false
	}
	if inside, ok := strings.CutPrefix(name, "["); ok {
		inside, closed := strings.CutSuffix(inside, "]")
		return closed && validAddress(inside)
	}
	return validName(name)
}

// validPort accepts what RFC 3986, 3.2.3, does, nothing included, as far as there are ports.
func validPort(port string) bool {
	n := 0
	for i := range len(port) {
		if !isDigit(port[i]) {
			return false
		}
		n = n*10 + int(port[i]-'0')
	}
	return len(port) <= 5 && n <= 65535
}

// validAddress accepts what stands in brackets: IPv6, without a zone, which means nothing to others.
func validAddress(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is6() && a.Zone() == ""
}

// validName accepts labels of the bytes that RFC 3986, 3.2.2, has, none of them empty but the root's behind the last dot.
// Escapes are for what ASCII has not: to escape anything else only makes two names of one.
func validName(name string) bool {
	before := byte('.')
	for i := range len(name) {
		c := name[i]
		if !hosts[c] || c == '.' && before == '.' || c == '%' && !escapesBeyondASCII(name[i:]) {
			return false
		}
		before = c
	}
	return name != ""
}

func escapesBeyondASCII(s string) bool { return len(s) > 2 && hexOf(s[1]) >= 8 && hexOf(s[2]) >= 0 }

func (c *class) has(s string) bool {
	for i := range len(s) {
		if !c[s[i]] {
			return false
		}
	}
	return true
}
