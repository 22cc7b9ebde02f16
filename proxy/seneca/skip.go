package seneca

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// mostDeep is how many containers may stand in one another; deeper ones are left to encoding/json, which has a limit, too.
const mostDeep = 64

// skip passes one value, whatever it is, in one go: most of a message is passed here. Containers in containers are a bit each:
// whether it is an object.
func (s *scanner) skip() error {
	text, pos := s.text, s.pos
	objects, depth := uint64(0), 0
	for {
		if pos >= len(text) {
			return ErrNotJSON
		}
		switch c := text[pos]; c {
		case '"':
			pos = textEnd(text, pos+1)
		case '{', '[':
			if depth == mostDeep {
				return errDoubt
			}
			depth++
			if objects <<= 1; c == '{' {
				objects |= 1
			}
			if pos = blank(text, pos+1); pos == len(text) || text[pos] != closing(objects) {
				if objects&1 != 0 {
					if pos = nameEnd(text, pos); pos < 0 {
						return ErrNotJSON
					}
				}
				continue // with its first value
			}
			pos++
			depth--
			objects >>= 1
		default:
			if s.pos = pos; !s.bare(c) {
				return ErrNotJSON
			}
			pos = s.pos
		}
		if pos < 0 {
			return ErrNotJSON
		}
		for { // a value is over
			if depth == 0 {
				s.pos = pos
				return nil
			}
			if pos = blank(text, pos); pos == len(text) {
				return ErrNotJSON
			}
			if text[pos] == ',' {
				if pos = blank(text, pos+1); objects&1 != 0 {
					if pos = nameEnd(text, pos); pos < 0 {
						return ErrNotJSON
					}
				}
				break
			}
			if text[pos] != closing(objects) {
				return ErrNotJSON
			}
			pos++
			depth--
			objects >>= 1
		}
	}
}

func closing(objects uint64) byte {
	if objects&1 != 0 {
		return '}'
	}
	return ']'
}

// bare passes a word or a number that begins so.
func (s *scanner) bare(c byte) bool {
	switch c {
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

// blank is where white space ends.
func blank(text []byte, pos int) int {
	for pos < len(text) && text[pos] <= ' ' && (text[pos] == ' ' || text[pos] == '\n' || text[pos] == '\t' || text[pos] == '\r') {
		pos++
	}
	return pos
}

// nameEnd is where a key ends with its colon and what white space there is; -1: there is none.
func nameEnd(text []byte, pos int) int {
	if pos >= len(text) || text[pos] != '"' {
		return -1
	}
	if pos = textEnd(text, pos+1); pos < 0 {
		return -1
	}
	if pos = blank(text, pos); pos == len(text) || text[pos] != ':' {
		return -1
	}
	return blank(text, pos+1)
}

// textEnd is where a text ends, its quote included; -1: it does not.
func textEnd(text []byte, pos int) int {
	for pos+8 <= len(text) { // eight bytes at a time
		n := plainBytes(binary.LittleEndian.Uint64(text[pos:]))
		if pos += n; n == 8 {
			continue
		}
		if text[pos] == '"' {
			return pos + 1
		}
		if pos = special(text, pos); pos < 0 {
			return -1
		}
	}
	for pos < len(text) {
		if text[pos] == '"' {
			return pos + 1
		}
		if pos = special(text, pos); pos < 0 {
			return -1
		}
	}
	return -1
}

// special passes one byte of a text, or an escape; -1: it is none.
func special(text []byte, pos int) int {
	switch c := text[pos]; {
	case c < ' ':
		return -1
	case c == '\\':
		n := escapeLength(text[pos+1:])
		if n == 0 {
			return -1
		}
		return pos + 1 + n
	}
	return pos + 1
}

// plainBytes is how many of eight bytes, the lowest first, stand for themselves in a text: they are no quote, no backslash and not
// below a space. The lowest that is none sets the high bit of its byte; what it may set above does not matter.
func plainBytes(eight uint64) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, slash := eight^each*'"', eight^each*'\\'
	found := ((eight-each*' ')&^eight | (quote-each)&^quote | (slash-each)&^slash) & high
	if found == 0 {
		return 8
	}
	return bits.TrailingZeros64(found) / 8
}

func (s *scanner) word(text string) bool {
	if len(s.text)-s.pos < len(text) || string(s.text[s.pos:s.pos+len(text)]) != text {
		return false
	}
	s.pos += len(text)
	return true
}

// str passes a text in quotes and returns what is between them.
func (s *scanner) str() (inner []byte, escaped, ok bool) {
	if !s.take('"') {
		return nil, false, false
	}
	end := textEnd(s.text, s.pos)
	if end < 0 {
		return nil, false, false
	}
	inner = s.text[s.pos : end-1]
	s.pos = end
	return inner, bytes.IndexByte(inner, '\\') >= 0, true
}

// escapeLength is how long what follows a backslash is; 0: it is no escape.
func escapeLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(text) < 5 {
			return 0
		}
		for _, c := range text[1:5] {
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return 0
			}
		}
		return 5
	}
	return 0
}

// number passes one (RFC 8259, 6).
func (s *scanner) number() bool {
	text, pos := s.text, s.pos
	if pos < len(text) && text[pos] == '-' {
		pos++
	}
	if pos < len(text) && text[pos] == '0' {
		pos++
	} else if pos = digits(text, pos); pos < 0 {
		return false
	}
	if pos < len(text) && text[pos] == '.' {
		if pos = digits(text, pos+1); pos < 0 {
			return false
		}
	}
	if pos < len(text) && text[pos]|0x20 == 'e' {
		if pos++; pos < len(text) && (text[pos] == '+' || text[pos] == '-') {
			pos++
		}
		if pos = digits(text, pos); pos < 0 {
			return false
		}
	}
	s.pos = pos
	return true
}

// digits is where they end; -1: there are none.
func digits(text []byte, pos int) int {
	from := pos
	for pos < len(text) && '0' <= text[pos] && text[pos] <= '9' {
		pos++
	}
	if pos == from {
		return -1
	}
	return pos
}
