package rules

import (
	"cmp"
	"slices"
)

// A Message is what a message's top level says, as far as pins ask for it.
type Message struct {
	Fields []Field // by key in order, each once, none Absent; see Keys
}

// A Field is a key of a message with its value.
type Field struct {
	Key   int32 // its number
	Kind  ValueKind
	Value []byte // of Plain
}

// ValueKind is what a value is to pins.
type ValueKind uint8

// The kinds. To Seneca null is no value.
const (
	Absent    ValueKind = iota
	Plain               // text, number, true or false: compared as JavaScript prints it
	Composite           // a list or an object: only * holds for it
)

// Keys are those that pins ask for, and role. They are numbered in their order. The zero value has none.
type Keys struct {
	numbers map[string]int32
	role    int32
}

// Number is a key's, false when no pin asks for it. It keeps nothing of key.
func (k Keys) Number(key []byte) (int32, bool) {
	n, ok := k.numbers[string(key)]
	return n, ok
}

// Role is what the message has in the key role.
func (m *Message) Role(k Keys) Field {
	for i := range m.Fields {
		if m.Fields[i].Key == k.role {
			return m.Fields[i]
		}
	}
	return Field{}
}

// Compact puts the fields in order and keeps the last of each key, unless that is null.
func (m *Message) Compact() {
	fields := m.Fields
	for i := 1; i < len(fields); i++ { // nearly always a few, nearly in order
		if i > 32 {
			slices.SortStableFunc(fields, compareFields)
			break
		}
		for j := i; j > 0 && fields[j].Key < fields[j-1].Key; j-- {
			fields[j], fields[j-1] = fields[j-1], fields[j]
		}
	}
	kept := fields[:0]
	for i, f := range fields {
		if (i+1 == len(fields) || fields[i+1].Key != f.Key) && f.Kind != Absent {
			kept = append(kept, f)
		}
	}
	m.Fields = kept
}

func compareFields(a, b Field) int { return cmp.Compare(a.Key, b.Key) }
