package http1

import (
	"bytes"

	"github.com/appia-edge/appia/proxy/message"
)

// A head is the field lines of a message, read strictly (RFC 9112, 5), and what they say of its framing.
type head struct {
	fields *message.Fields // but for Transfer-Encoding, and Host in a request
	server bool            // we are the server: the message is a request

	length  int64 // of Content-Length; -1: it is not there
	chunked bool
	host    string
	hosts   int
	closing bool // Connection: close
	keeping bool // Connection: keep-alive
	upgrade bool // Connection: upgrade
	expects bool // Expect: 100-continue
}

func (h *head) reset() {
	h.fields.Reset()
	*h = head{fields: h.fields, server: h.server, length: -1}
}

// read takes lines from buf[pos:] up to the empty one. It returns the position behind that, or 0 when there is more to come.
func (h *head) read(buf []byte, pos, maxFields int) (end int, f *fault) {
	for n := 0; ; n++ {
		i := bytes.IndexByte(buf[pos:], '\n')
		if i < 0 {
			return 0, nil
		}
		if i == 0 || buf[pos+i-1] != '\r' {
			return 0, bareLF
		}
		if i == 1 {
			return pos + 2, nil
		}
		if n == maxFields {
			return 0, manyFields
		}
		if f := h.line(buf[pos : pos+i-1]); f != nil {
			return 0, f
		}
		pos += i + 1
	}
}

func (h *head) line(line []byte) *fault {
	k := 0
	for k < len(line) && tokens[line[k]] {
		k++
	}
	switch {
	case k == 0 && (line[0] == ' ' || line[0] == '\t'):
		return folded
	case k == 0 || k == len(line) || line[k] != ':':
		return badName
	}
	name, value := line[:k], trimBlanks(line[k+1:])
	if !validValue(value) {
		return badValue
	}
	keep, f := h.note(name, value)
	if keep && f == nil {
		h.fields.Add(alias(name), alias(value))
	}
	return f
}

// note looks at the fields that matter to an engine. It tells whether the line is kept among the others.
func (h *head) note(name, value []byte) (keep bool, f *fault) {
	switch len(name) {
	case len("host"):
		if h.server && same(name, "host") {
			h.hosts++
			h.host = alias(value)
			return false, nil
		}
	case len("expect"):
		if h.server && same(name, "expect") {
			return true, h.expectation(value)
		}
	case len("connection"):
		if same(name, "connection") {
			h.connection(alias(value))
		}
	case len("content-length"):
		if same(name, "content-length") {
			return true, h.contentLength(value)
		}
	case len("transfer-encoding"):
		if same(name, "transfer-encoding") {
			return false, h.transferEncoding(value)
		}
	}
	return true, nil
}

func (h *head) connection(value string) {
	h.closing = h.closing || message.Listed(value, "close")
	h.keeping = h.keeping || message.Listed(value, "keep-alive")
	h.upgrade = h.upgrade || message.Listed(value, "upgrade")
}

func (h *head) expectation(value []byte) *fault {
	if !same(value, "100-continue") {
		return badExpect
	}
	h.expects = true
	return nil
}

func (h *head) contentLength(value []byte) *fault {
	if h.length >= 0 {
		return severalLengths
	}
	n, ok := decimal(value)
	if !ok {
		return badLength
	}
	h.length = n
	return nil
}

func (h *head) transferEncoding(value []byte) *fault {
	if h.chunked || !same(value, "chunked") {
		return badCoding
	}
	h.chunked = true
	return nil
}

// framing checks the two ways to say a length against each other (RFC 9112, 6.3).
func (h *head) framing(proto message.Proto) *fault {
	switch {
	case h.chunked && h.length >= 0:
		return bothFramings
	case h.chunked && proto == message.HTTP10:
		return oldCoding
	}
	return nil
}

// persists tells whether the connection outlives the message (RFC 9112, 9.3).
func (h *head) persists(proto message.Proto) bool {
	return !h.closing && (proto == message.HTTP11 || h.keeping)
}
