package proxytest

import (
	"net"
	"regexp"
	"strconv"
	"strings"
)

// ReadRequest takes a request that a router forwarded off the front of b. n is its size; 0: there is more to come. The
// message is nil until its head is there.
func ReadRequest(b []byte) (m *Message, n int) {
	r := reader{Message: new(Message), rest: b}
	ok := false
	if r.Line, ok = r.line("the request line"); !ok {
		return nil, 0
	}
	if r.Fields, ok = r.section("the head"); !ok {
		return nil, 0
	}
	r.Head = b[:len(b)-len(r.rest)]
	r.checkRequestLine()
	r.checkHops()
	r.checkHost()
	length := r.framing()
	switch {
	case r.Chunked:
		ok = r.chunks()
	case length > 0:
		ok = r.sized(length)
	}
	if !ok {
		return r.Message, 0
	}
	r.Whole = true
	return r.Message, len(b) - len(r.rest)
}

func (r *reader) checkRequestLine() {
	parts := strings.Split(r.Line, " ")
	if len(parts) != 3 || parts[2] != "HTTP/1.1" || !isToken(parts[0]) {
		r.fault("request line %q", r.Line)
		return
	}
	target := parts[1]
	if !strings.HasPrefix(target, "/") && !(target == "*" && parts[0] == "OPTIONS") {
		r.fault("target %q", target)
	}
	for _, c := range []byte(target) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			r.fault("target %q holds byte %#x", target, c)
		}
	}
}

// checkHops looks for what was meant for the router alone (RFC 9110, 7.6.1).
func (r *reader) checkHops() {
	upgrade, te := r.Get("Upgrade"), r.Get("Te")
	for _, f := range r.Fields {
		switch strings.ToLower(f.Name) {
		case "connection":
			if (upgrade == "" || f.Value != "Upgrade") && (te == "" || f.Value != "Te") {
				r.fault("%s: %s is forwarded", f.Name, f.Value)
			}
		case "upgrade":
			if r.Get("Connection") == "" {
				r.fault("Upgrade without Connection")
			}
		case "te":
			if f.Value != "trailers" || r.Get("Connection") != "Te" { // RFC 9110, 10.1.4
				r.fault("Te: %s is forwarded, with Connection: %s", f.Value, r.Get("Connection"))
			}
		case "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "trailer", "http2-settings":
			r.fault("%s is forwarded", f.Name)
		}
	}
	for _, name := range []string{"Connection", "Upgrade", "Te", "X-Forwarded-For", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if all := r.values(name); len(all) > 1 {
			r.fault("%s %d times: %q", name, len(all), all)
		}
	}
}

func (r *reader) checkHost() {
	hosts := r.values("Host")
	if len(hosts) != 1 {
		r.fault("Host %q", hosts)
		return
	}
	if hosts[0] != "" && !isAuthority(hosts[0]) { // empty: HTTP/1.0 may have none
		r.fault("Host %q", hosts[0])
	}
}

var (
	portOf   = regexp.MustCompile(`:([0-9]*)$`)
	hostName = regexp.MustCompile(`^(?:(?:[A-Za-z0-9_~!$&'()*+;=-]|%[89A-Fa-f][0-9A-Fa-f])+(?:\.|$))+$`)
)

// isAuthority holds a host to RFC 3986, 3.2.2 and 3.2.3, and to what is strict in it: an escape stands for no ASCII.
func isAuthority(host string) bool {
	name := host
	if port := portOf.FindStringSubmatch(host); port != nil && (strings.HasPrefix(host, "[") && strings.Contains(host, "]:") || strings.Count(host, ":") == 1) {
		name = strings.TrimSuffix(host, port[0])
		if n, err := strconv.Atoi("0" + port[1]); err != nil || n > 65535 || len(port[1]) > 5 {
			return false
		}
	}
	if inside, ok := strings.CutPrefix(name, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		ip := net.ParseIP(inside)
		return ok && ip != nil && strings.Contains(inside, ":")
	}
	return hostName.MatchString(name)
}

// ReadResponse takes a response off the front of b. headOnly: it answers a HEAD. end: nothing more will come.
func ReadResponse(b []byte, headOnly, end bool) (m *Message, n int) {
	r := reader{Message: new(Message), rest: b, end: end}
	ok := false
	if r.Line, ok = r.line("the status line"); !ok {
		return nil, 0
	}
	if r.Fields, ok = r.section("the head"); !ok {
		return nil, 0
	}
	r.Head = b[:len(b)-len(r.rest)]
	r.checkStatusLine()
	length, code := r.framing(), r.Status()
	switch {
	case code < 200 || code == 204:
		if length >= 0 || r.Chunked {
			r.fault("a %d with a length or coding", code)
		}
	case headOnly || code == 304:
	case r.Chunked:
		ok = r.chunks()
	case length >= 0:
		ok = r.sized(length)
	default:
		ok, r.Body, r.rest = end, r.rest, nil
	}
	if !ok {
		return r.Message, 0
	}
	r.Whole = true
	return r.Message, len(b) - len(r.rest)
}

func (r *reader) checkStatusLine() {
	if len(r.Line) < 13 || !strings.HasPrefix(r.Line, "HTTP/1.1 ") || r.Line[12] != ' ' || r.Status() < 100 || r.Status() > 999 {
		r.fault("status line %q", r.Line)
	}
}
