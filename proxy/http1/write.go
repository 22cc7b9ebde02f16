package http1

import (
	"net/http"
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
)

// Heads are written from the message alone, so that nothing of the other side's spelling of frames gets through.

func appendStatus(b []byte, code int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(code)...)
	return append(b, "\r\n"...)
}

// appendField writes a line. Values that we made ourselves, from a decoded path say, were never checked: what would end
// the line becomes a blank.
func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	start := len(b)
	b = append(b, value...)
	if !validValue(b[start:]) {
		blank(b[start:])
	}
	return append(b, "\r\n"...)
}

func blank(b []byte) {
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

// ours tells whether a field is the engine's to write: it frames the message or holds for one connection.
func ours(name string) bool {
	switch len(name) {
	case len("Connection"): // and Keep-Alive
		return message.SameName(name, "Connection") || message.SameName(name, "Keep-Alive")
	case len("Content-Length"):
		return message.SameName(name, "Content-Length")
	case len("Transfer-Encoding"):
		return message.SameName(name, "Transfer-Encoding")
	}
	return false
}

// appendTrailers writes the end of chunked content.
func appendTrailers(b []byte, trailers *message.Fields) []byte {
	b = append(b, "0\r\n"...)
	if trailers != nil {
		for _, f := range trailers.All() {
			if !ours(f.Name) && message.MayTrail(f.Name) {
				b = appendField(b, f.Name, f.Value)
			}
		}
	}
	return append(b, "\r\n"...)
}

var internal = &fault{500, "internal"}

// refusal is a whole answer to what is no request; the connection ends with it.
func (s *Server) refusal(status int) []byte {
	kind, text := refused(status)
	if s.Refuse != nil {
		kind, text = s.Refuse(status)
	}
	b := appendStatus(nil, status)
	b = appendField(b, "Content-Type", kind)
	b = appendField(b, "Connection", "close")
	b = appendLength(b, int64(len(text)))
	return append(append(b, "\r\n"...), text...)
}

// refused says it as net/http does.
func refused(status int) (kind, text string) {
	text = strconv.Itoa(status) + " " + http.StatusText(status)
	if status == http.StatusInternalServerError {
		text = http.StatusText(status) + "\n"
	}
	return "text/plain; charset=utf-8", text
}
