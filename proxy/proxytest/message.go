// Package proxytest is what stands around a proxy in its tests: a Backend and a Relay that record and lint every byte
// forwarded to them, and a Client that lints what comes back. It reads RFC 9112 for itself, knows nothing of the proxy's
// engines and shares no code with them: it is the second opinion. Nothing that is shipped imports it.
package proxytest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A Message is a request or a response as it was on the wire, read by somebody who forgives nothing.
type Message struct {
	Line     string // the first, without its end
	Fields   []Field
	Trailers []Field
	Body     []byte // decoded; of an unfinished message what has come
	Head     []byte // all of the head as it came
	Chunked  bool
	Whole    bool
	Faults   []string // what is wrong with it
}

// A Field is one line of a head.
type Field struct{ Name, Value string }

// Get is the first value under name.
func (m *Message) Get(name string) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// values are all under name.
func (m *Message) values(name string) (all []string) {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			all = append(all, f.Value)
		}
	}
	return all
}

// Method and Target are those of a request.
func (m *Message) Method() string { method, _, _ := strings.Cut(m.Line, " "); return method }

// Target is as Method.
func (m *Message) Target() string {
	_, rest, _ := strings.Cut(m.Line, " ")
	target, _, _ := strings.Cut(rest, " ")
	return target
}

// Status is that of a response.
func (m *Message) Status() int {
	if len(m.Line) < 12 {
		return 0
	}
	code, _ := strconv.Atoi(m.Line[9:12])
	return code
}

func (m *Message) fault(format string, args ...any) {
	m.Faults = append(m.Faults, fmt.Sprintf(format, args...))
}

// reader takes a message off the front of what has come.
type reader struct {
	*Message
	rest []byte
	end  bool // nothing more will come
}

// line takes a line. False: it is not all here.
func (r *reader) line(what string) (string, bool) {
	i := bytes.IndexByte(r.rest, '\n')
	if i < 0 {
		return "", false
	}
	line := r.rest[:i]
	r.rest = r.rest[i+1:]
	if !bytes.HasSuffix(line, []byte("\r")) {
		r.fault("%s ends in a bare LF: %q", what, line)
		return string(line), true
	}
	line = line[:len(line)-1]
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			r.fault("%s holds byte %#x: %q", what, c, line)
		}
	}
	return string(line), true
}

// section takes field lines and the empty line behind them.
func (r *reader) section(what string) (fields []Field, ok bool) {
	for {
		line, ok := r.line(what)
		if !ok {
			return fields, false
		}
		if line == "" {
			return fields, true
		}
		name, value, found := strings.Cut(line, ":")
		switch {
		case line[0] == ' ' || line[0] == '\t':
			r.fault("folded line %q", line)
		case !found || !isToken(name):
			r.fault("no field: %q", line)
		case value != "" && (value[0] != ' ' || strings.Trim(value[1:], " \t") != value[1:]):
			r.fault("value not written as ours are: %q", line)
		}
		fields = append(fields, Field{name, strings.TrimSpace(value)})
	}
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// framing finds out how the message ends: chunked, or a length, or -1 where nothing is said.
func (r *reader) framing() (length int64) {
	lengths, codings := r.values("Content-Length"), r.values("Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		r.fault("ends in several ways: Content-Length %q, Transfer-Encoding %q", lengths, codings)
	case len(codings) == 1 && codings[0] != "chunked":
		r.fault("Transfer-Encoding %q", codings[0])
	}
	r.Chunked = len(codings) > 0
	if len(lengths) == 0 {
		return -1
	}
	n, err := strconv.ParseInt(lengths[0], 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != lengths[0] || n < 0 {
		r.fault("Content-Length %q", lengths[0])
		return 0
	}
	return n
}

func (r *reader) sized(n int64) bool {
	if int64(len(r.rest)) < n {
		r.Body, r.rest = r.rest, nil
		return false
	}
	r.Body, r.rest = r.rest[:n:n], r.rest[n:]
	return true
}

func (r *reader) chunks() bool {
	for {
		line, ok := r.line("a chunk's size")
		if !ok {
			return false
		}
		n, err := strconv.ParseInt(line, 16, 32)
		if err != nil || strconv.FormatInt(n, 16) != line || n < 0 {
			r.fault("chunk size %q", line)
			return false
		}
		if n == 0 {
			r.Trailers, ok = r.section("a trailer")
			r.checkTrailers()
			return ok
		}
		data := r.rest[:min(int(n), len(r.rest))]
		r.Body = append(r.Body, data...)
		r.rest = r.rest[len(data):]
		if len(r.rest) < 2 {
			return false
		}
		if string(r.rest[:2]) != "\r\n" {
			r.fault("a chunk of %d ends in %q", n, r.rest[:2])
			return false
		}
		r.rest = r.rest[2:]
	}
}

func (r *reader) checkTrailers() {
	for _, f := range r.Trailers {
		switch strings.ToLower(f.Name) {
		case "content-length", "transfer-encoding", "host", "connection", "trailer", "te", "upgrade", "keep-alive", "expect", "authorization", "cookie":
			r.fault("a trailer frames or routes: %s", f.Name)
		}
	}
}
