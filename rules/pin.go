package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Pin is which messages a rule asks for, "role:user,cmd:*": each key must be there with its value. Other keys of a
// message do not matter. The zero Pin holds for every message, and nothing makes one.
type Pin struct {
	pairs []pinPair // sorted by key, each once
	text  string    // equal for pins that hold for the same messages
}

type pinPair struct {
	key   string
	value pinValue
}

var errNoPair = errors.New("a pin is key:value, several joined by commas")

// ParsePin reads a pin as Seneca writes it. Values are compared as JavaScript compares strings, so that v:2.0 is v:2.
func ParsePin(text string) (Pin, error) {
	var p Pin
	for pair := range strings.SplitSeq(text, ",") {
		key, written, found := strings.Cut(pair, ":")
		key, written = unquotedWord(key), strings.TrimSpace(written)
		switch {
		case !found || key == "":
			return Pin{}, fmt.Errorf("%q: %w", strings.TrimSpace(pair), errNoPair)
		case written == "":
			return Pin{}, fmt.Errorf("%s has no value; %s:* stands for any", key, key)
		case written == "null":
			return Pin{}, fmt.Errorf("%s:null holds for no message: for Seneca null is no value", key)
		case strings.HasSuffix(key, "$"):
			return Pin{}, fmt.Errorf("%s is a word of Seneca's own, as all keys that end in $, and names no message", key)
		case strings.ContainsAny(pair, "{}[]"):
			return Pin{}, fmt.Errorf("%q: %w, without braces", strings.TrimSpace(pair), errNoPair)
		}
		p.pairs = append(p.pairs, pinPair{key, newPinValue(written)})
	}
	slices.SortStableFunc(p.pairs, func(a, b pinPair) int { return cmp.Compare(a.key, b.key) })
	for i, pair := range p.pairs {
		if i > 0 && pair.key == p.pairs[i-1].key {
			return Pin{}, fmt.Errorf("%s is there twice, and no message has two values for it", pair.key)
		}
	}
	p.text = p.spell()
	return p, nil
}

// unquotedWord is a key or a value without white space and quotes around it: Seneca's pins may have either kind.
func unquotedWord(text string) string {
	text = strings.TrimSpace(text)
	if len(text) >= 2 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}

func (p Pin) spell() string {
	var b strings.Builder
	for i, pair := range p.pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(spellKey(pair.key) + ":" + pair.value.text)
	}
	return b.String()
}

// spellKey keeps the quotes of a key that needs them; numbers are keys as they stand.
func spellKey(key string) string {
	if unquotedWord(key) == key {
		return key
	}
	return spellWord(key)
}

// String is the pin with its keys in order, "cmd:*,role:user".
func (p Pin) String() string { return p.text }

// Names reports whether the pin asks for exactly this value of a key.
func (p Pin) Names(key, value string) bool {
	return slices.ContainsFunc(p.pairs, func(pair pinPair) bool {
		return pair.key == key && !pair.value.wild() && pair.value.exact == value
	})
}

// ComparePins is the order in which pins are tried, whatever order they came in: pair by pair, the smaller key first, of one key
// the exact value before wildcards, of those the longer; where one pin goes on as the other ends, the longer first. The first
// that holds for a message gets it. It is Seneca's own order, but for what there depends on who came first.
func ComparePins(a, b Pin) int {
	for i := range min(len(a.pairs), len(b.pairs)) {
		if order := cmp.Or(cmp.Compare(a.pairs[i].key, b.pairs[i].key), compareValues(a.pairs[i].value, b.pairs[i].value)); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(b.pairs), len(a.pairs))
}

func compareValues(a, b pinValue) int {
	if a.wild() != b.wild() {
		return compareBool(a.wild(), b.wild())
	}
	if a.wild() {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	}
	return cmp.Compare(a.exact, b.exact)
}
