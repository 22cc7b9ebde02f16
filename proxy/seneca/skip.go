package seneca

// mostDeep is how many containers may stand in one another; deeper ones are left to encoding/json, which has a limit, too.
const mostDeep = 64

// skip passes one value, whatever it is. Containers in containers are a bit each: whether it is an object.
func (s *scanner) skip() error {
	var objects uint64
	for depth := 0; ; {
		opened, ok := s.begin()
		switch {
		case !ok:
			return ErrNotJSON
		case opened != 0:
			if depth == mostDeep {
				return errDoubt
			}
			objects = objects << 1
			if opened == '{' {
				objects |= 1
			}
			depth++
			if s.space(); !s.take(closing(objects)) {
				if objects&1 != 0 && !s.name() {
					return ErrNotJSON
				}
				continue // with its first value
			}
			depth--
			objects >>= 1
		}
		for { // a value is over
			if depth == 0 {
				return nil
			}
			s.space()
			if s.take(',') {
				if s.space(); objects&1 != 0 && !s.name() {
					return ErrNotJSON
				}
				break
			}
			if !s.take(closing(objects)) {
				return ErrNotJSON
			}
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

// begin passes a value that is no container, or the opening of one.
func (s *scanner) begin() (opened byte, ok bool) {
	switch c := s.peek(); c {
	case '{', '[':
		s.pos++
		return c, true
	case '"':
		_, _, ok = s.str()
		return 0, ok
	case 't':
		return 0, s.word("true")
	case 'f':
		return 0, s.word("false")
	case 'n':
		return 0, s.word("null")
	}
	return 0, s.number()
}

// name passes a key with its colon.
func (s *scanner) name() bool {
	if _, _, ok := s.str(); !ok {
		return false
	}
	s.space()
	if !s.take(':') {
		return false
	}
	s.space()
	return true
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
	from := s.pos
	for {
		rest := s.text[s.pos:]
		n := 0
		for n < len(rest) && !special[rest[n]] { // most of a message is read here
			n++
		}
		s.pos += n
		switch {
		case n == len(rest):
			return nil, false, false
		case rest[n] == '"':
			s.pos++
			return s.text[from : s.pos-1], escaped, true
		case rest[n] < ' ':
			return nil, false, false
		}
		if escaped = true; !s.escape() {
			return nil, false, false
		}
	}
}

// special are the bytes that are not themselves in a text: its end, escapes, and what must not be there.
var special = func() (table [256]bool) {
	for c := range byte(' ') {
		table[c] = true
	}
	table['"'], table['\\'] = true, true
	return table
}()

func (s *scanner) escape() bool {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return true
	case 'u':
		if len(s.text)-s.pos < 5 {
			return false
		}
		for _, c := range s.text[s.pos+1 : s.pos+5] {
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
		s.pos += 5
		return true
	}
	return false
}

// number passes one (RFC 8259, 6).
func (s *scanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > from
}
