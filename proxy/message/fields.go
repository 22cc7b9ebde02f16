package message

import (
	"slices"
	"strings"
)

// Fields are header fields in the order and spelling in which they came. Names compare without case (RFC 9110, 5.1).
// A message has few of them, so that a scan is faster than a map and allocates nothing.
// The zero value is empty and ready.
type Fields struct{ list []Field }

// A Field is one header line.
type Field struct{ Name, Value string }

// All lists the fields; the slice is not to be kept or changed.
func (f *Fields) All() []Field { return f.list }

// Len is the number of lines.
func (f *Fields) Len() int { return len(f.list) }

// Get is the first value under name, or "".
func (f *Fields) Get(name string) string {
	for i := range f.list {
		if SameName(f.list[i].Name, name) {
			return f.list[i].Value
		}
	}
	return ""
}

// Has tells whether name is there, be it with an empty value.
func (f *Fields) Has(name string) bool {
	for i := range f.list {
		if SameName(f.list[i].Name, name) {
			return true
		}
	}
	return false
}

// Values calls yield for every value under name until it returns false.
func (f *Fields) Values(name string, yield func(value string) bool) {
	for i := range f.list {
		if SameName(f.list[i].Name, name) && !yield(f.list[i].Value) {
			return
		}
	}
}

// Value is the n-th value under name, from 0; false past the last. It makes Fields a rules.Header.
func (f *Fields) Value(name string, n int) (string, bool) {
	for i := range f.list {
		if SameName(f.list[i].Name, name) {
			if n == 0 {
				return f.list[i].Value, true
			}
			n--
		}
	}
	return "", false
}

// Add appends a line.
func (f *Fields) Add(name, value string) { f.list = append(f.list, Field{name, value}) }

// Set puts value under name in place of all there was.
func (f *Fields) Set(name, value string) {
	for i := range f.list {
		if SameName(f.list[i].Name, name) {
			f.list[i].Value = value
			f.list = append(f.list[:i+1], without(f.list[i+1:], name)...)
			return
		}
	}
	f.Add(name, value)
}

// Del removes every line under name.
func (f *Fields) Del(name string) { f.list = without(f.list, name) }

// Reset empties the fields and keeps their memory.
func (f *Fields) Reset() {
	clear(f.list)
	f.list = f.list[:0]
}

// Clone is a copy that shares nothing but strings.
func (f *Fields) Clone() Fields { return Fields{slices.Clone(f.list)} }

// Owned is a copy that shares not even strings, which may be an engine's buffers.
func (f *Fields) Owned() Fields {
	all := Fields{make([]Field, len(f.list))}
	for i, field := range f.list {
		all.list[i] = Field{strings.Clone(field.Name), strings.Clone(field.Value)}
	}
	return all
}

// Joined is all values under name as one list, the way RFC 9110, 5.3 joins lines.
func (f *Fields) Joined(name string) string {
	joined, lines := "", 0
	for i := range f.list {
		if !SameName(f.list[i].Name, name) {
			continue
		}
		if lines++; lines > 1 {
			joined += ", "
		}
		joined += f.list[i].Value
	}
	return joined
}

// Keep removes the lines whose names wanted says no to.
func (f *Fields) Keep(wanted func(name string) bool) {
	kept := f.list[:0]
	for _, field := range f.list {
		if wanted(field.Name) {
			kept = append(kept, field)
		}
	}
	clear(f.list[len(kept):])
	f.list = kept
}

// without moves nothing when there is nothing to remove, as mostly.
func without(list []Field, name string) []Field {
	first := 0
	for first < len(list) && !SameName(list[first].Name, name) {
		first++
	}
	if first == len(list) {
		return list
	}
	kept := list[:first]
	for _, field := range list[first:] {
		if !SameName(field.Name, name) {
			kept = append(kept, field)
		}
	}
	clear(list[len(kept):])
	return kept
}

// SameName compares two field names without case, ASCII only as names are.
func SameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Listed tells whether token is an element of a comma-separated list, without case ("keep-alive, Upgrade").
func Listed(list, token string) bool {
	for start := 0; start <= len(list); {
		end := start
		for end < len(list) && list[end] != ',' {
			end++
		}
		if SameName(trim(list[start:end]), token) {
			return true
		}
		start = end + 1
	}
	return false
}

func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
