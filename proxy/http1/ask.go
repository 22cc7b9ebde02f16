package http1

import (
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
)

// appendRequest writes the head of the request that an endpoint gets.
func appendRequest(b []byte, q *message.Request) []byte {
	b = append(b, q.Method...)
	b = append(b, ' ')
	b = appendTarget(b, q.RawPath)
	if q.Query {
		b = append(b, '?')
		b = appendTarget(b, q.RawQuery)
	}
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", q.Host)
	sized, te := false, false
	for _, f := range q.Fields.All() {
		switch {
		case len(f.Name) == len("Te") && message.SameName(f.Name, "Te"):
			te = true
			b = appendField(b, f.Name, f.Value)
		case !ours(f.Name), q.Upgrade != "" && message.SameName(f.Name, "Connection"):
			b = appendField(b, f.Name, f.Value)
		case len(f.Name) == len("Content-Length"):
			sized = true
		}
	}
	if te { // RFC 9110, 10.1.4: it is for one hop, and says so
		b = append(b, "Connection: Te\r\n"...)
	}
	switch {
	case q.Body == nil && (sized || takesBody(q.Method)):
		b = appendLength(b, 0)
	case q.Body == nil:
	case q.Body.Length() < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	default:
		b = appendLength(b, q.Body.Length())
	}
	return append(b, "\r\n"...)
}

// takesBody: servers may wait for a length where the method expects content (RFC 9110, 8.6).
func takesBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// appendTarget escapes what a rewritten path may hold and a client's could not.
func appendTarget(b []byte, s string) []byte {
	if targets.has(s) {
		return append(b, s...)
	}
	for i := range len(s) {
		if targets[s[i]] {
			b = append(b, s[i])
			continue
		}
		b = append(b, '%')
		if s[i] < 16 {
			b = append(b, '0')
		}
		b = strconv.AppendUint(b, uint64(s[i]), 16)
	}
	return b
}

// untouched tells whether a body can still be sent from its start.
func untouched(body message.Body) bool {
	c := inside(body)
	return c == nil || !c.touched
}
