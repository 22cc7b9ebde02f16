package http1

import "encoding/binary"

// A class is a set of bytes.
type class [256]bool

func classOf(chars string) *class {
	var c class
	for i := range len(chars) {
		c[chars[i]] = true
	}
	return &c
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

var (
	tokens = classOf(letters + digits + "!#$%&'*+-.^_`|~") // RFC 9110, 5.6.2
	// Of a target: what RFC 3986 allows, and the few that browsers send bare. No fragment, nothing beyond ASCII.
	targets = classOf(letters + digits + "-._~!$&'()*+,;=:@/?%" + "\"<>[]\\^`{|}")
	// Of a host name (RFC 3986, 3.2.2), but for the comma: to some, a list has two.
	hosts = classOf(letters + digits + "-._~%!$&'()*+;=")
)

// all tells whether b consists of the class, and of something.
func (c *class) all(b []byte) bool {
	for _, x := range b {
		if !c[x] {
			return false
		}
	}
	return len(b) > 0
}

// validValue tells whether b may stand in a field: no control byte but the tab. Eight bytes at a time.
func validValue(b []byte) bool {
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		low := (x - 0x2020202020202020) & ^x & 0x8080808080808080 // a byte below 0x20, or a borrow from one
		del := x ^ 0x7f7f7f7f7f7f7f7f
		del = (del - 0x0101010101010101) & ^del & 0x8080808080808080
		if low|del != 0 && !plainValue(b[:8]) {
			return false
		}
		b = b[8:]
	}
	return plainValue(b)
}

func plainValue(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// same compares a name in any case with one in lower case.
func same(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range len(lower) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// decimal reads digits and nothing else; at most 18 of them, so that nothing overflows.
func decimal(b []byte) (n int64, ok bool) { return decimalOf(alias(b)) }

func decimalOf(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
