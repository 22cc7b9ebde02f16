// Package seneca is what the router knows of Seneca's messages: what their top level says, the answers that Seneca's callers
// understand, and the fields by which they know whose answer it is. Messages are JSON objects over HTTP; their dialects differ
// in where they keep what is about the message, in header fields or in the key meta$.
package seneca

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/appia-edge/appia/rules"
)

// What a message may be refused for, before anybody is asked who takes it.
var (
	ErrEmpty     = errors.New("there is no message: the body is empty")
	ErrNotJSON   = errors.New("the message is not JSON")
	ErrNotUTF8   = errors.New("the message is not UTF-8")
	ErrNotObject = errors.New("the message is not a JSON object")
	ErrFatal     = errors.New("fatal$ is not accepted: an error would end the service's process")
	ErrPrototype = errors.New("__proto__ is not accepted: a service in JavaScript may take it for more than a key")
)

// Scan reads a message's top level into m, as far as keys want it, and checks that all of it is JSON. Of a key that is there
// twice the last counts, as for JavaScript. What m holds is good as long as text is not changed. A message of plain keys costs
// no allocation.
func Scan(text []byte, keys rules.Keys, m *rules.Message) error {
	m.Fields = m.Fields[:0]
	if !utf8.Valid(text) {
		return ErrNotUTF8
	}
	s := scanner{text: text, keys: keys, message: m, limit: mostFields}
	switch err := s.read(); {
	case errors.Is(err, errDoubt):
		return decode(text, keys, m)
	case err != nil:
		return err
	}
	m.Compact()
	return nil
}

// mostFields is how many are gathered before doubles are looked for: a message may repeat its keys a hundred thousand times.
const mostFields = 64

// errDoubt leaves a message to encoding/json: a key or a value that counts has escapes, or something is nested deep.
var errDoubt = errors.New("not for this scanner")

// A scanner goes through a message once.
type scanner struct {
	text    []byte
	pos     int
	keys    rules.Keys
	message *rules.Message
	limit   int
}

func (s *scanner) read() error {
	s.space()
	switch {
	case s.pos == len(s.text):
		return ErrEmpty
	case s.text[s.pos] != '{':
		if json.Valid(s.text) {
			return ErrNotObject
		}
		return ErrNotJSON
	}
	s.pos++
	if err := s.members(); err != nil {
		return err
	}
	s.space()
	if s.pos != len(s.text) {
		return ErrNotJSON
	}
	return nil
}

// members are those of the message itself, the closing brace included.
func (s *scanner) members() error {
	if s.space(); s.take('}') {
		return nil
	}
	for {
		if err := s.member(); err != nil {
			return err
		}
		s.space()
		switch {
		case s.take('}'):
			return nil
		case !s.take(','):
			return ErrNotJSON
		}
		s.space()
	}
}

func (s *scanner) member() error {
	key, escaped, ok := s.str()
	switch {
	case !ok:
		return ErrNotJSON
	case escaped:
		return errDoubt
	}
	if err := forbidden(key); err != nil {
		return err
	}
	if s.space(); !s.take(':') {
		return ErrNotJSON
	}
	s.space()
	number, wanted := s.keys.Number(key)
	if !wanted {
		return s.skip()
	}
	return s.field(number)
}

// forbidden keys are refused whatever their value.
func forbidden(key []byte) error {
	switch string(key) {
	case "fatal$":
		return ErrFatal
	case "__proto__":
		return ErrPrototype
	}
	return nil
}

// field keeps a value that somebody asks for.
func (s *scanner) field(number int32) error {
	from := s.pos
	f := rules.Field{Key: number, Kind: rules.Plain}
	switch c := s.peek(); {
	case c == '"':
		value, escaped, ok := s.str()
		switch {
		case !ok:
			return ErrNotJSON
		case escaped:
			return errDoubt
		}
		f.Value = value
	default:
		if err := s.skip(); err != nil {
			return err
		}
		f.Kind, f.Value = bare(s.text[from:s.pos])
	}
	if len(s.message.Fields) >= s.limit {
		s.message.Compact()
		s.limit = max(mostFields, 2*len(s.message.Fields))
	}
	s.message.Fields = append(s.message.Fields, f)
	return nil
}

// bare is a value that is no text: it begins with what it is.
func bare(value []byte) (rules.ValueKind, []byte) {
	switch c := value[0]; {
	case c == 'n':
		return rules.Absent, nil
	case c == '{', c == '[':
		return rules.Composite, value
	case c == 't', c == 'f', rules.PlainNumber(value):
		return rules.Plain, value
	}
	return rules.Plain, rules.ScriptNumber(nil, value)
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) space() {
	if s.pos < len(s.text) && s.text[s.pos] <= ' ' {
		s.blanks()
	}
}

func (s *scanner) blanks() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}
