package http1

import (
	"bytes"

	"github.com/appia-edge/appia/proxy/message"
)

// A status is the first line of a response.
type status struct {
	code  int
	proto message.Proto
}

// readResponse reads a response's head at the front of buf, in place. It returns where the head ends, or 0 when there
// is more to come.
func readResponse(buf []byte, s *status, h *head, l *Limits) (end int, f *fault) {
	i := bytes.IndexByte(buf, '\n')
	if i < 0 {
		return 0, nil
	}
	if i == 0 || buf[i-1] != '\r' {
		return 0, bareLF
	}
	h.reset()
	if f := s.read(buf[:i-1]); f != nil {
		return 0, f
	}
	end, f = h.read(buf, i+1, l.Fields)
	if end == 0 || f != nil {
		return 0, f
	}
	return end, h.framing(s.proto)
}

// read takes "HTTP/1.1 200 OK". A reason may be missing, with or without its blank: servers differ.
func (s *status) read(line []byte) *fault {
	if len(line) < len("HTTP/1.1 200") || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return badLine
	}
	switch string(line[:8]) {
	case "HTTP/1.1":
		s.proto = message.HTTP11
	case "HTTP/1.0":
		s.proto = message.HTTP10
	default:
		return badVersion
	}
	code, ok := decimal(line[9:12])
	if !ok || code < 100 || !validValue(line[12:]) {
		return badStatus
	}
	s.code = int(code)
	return nil
}
