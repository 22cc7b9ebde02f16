package rules

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A pinValue is what a pin asks of one key: a text, or a wildcard in which * stands for any text and ? for one character; **
// and *? are the two characters themselves.
type pinValue struct {
	text   string  // as it is spelled
	exact  string  // of no wildcard
	tokens []int32 // of a wildcard: characters, anyText and oneCharacter; nil: it is none
}

const (
	anyText      = -1
	oneCharacter = -2
)

func newPinValue(written string) pinValue {
	bare := unquotedWord(written)
	if bare == written {
		bare = scriptNumber(written)
	}
	var v pinValue
	var exact strings.Builder
	wild := false
	for rest := bare; rest != ""; {
		c, size := utf8.DecodeRuneInString(rest)
		token := c
		switch {
		case strings.HasPrefix(rest, "**"):
			size = 2
		case strings.HasPrefix(rest, "*?"):
			token, size = '?', 2
		case c == '*':
			token, wild = anyText, true
		case c == '?':
			token, wild = oneCharacter, true
		}
		if token >= 0 {
			exact.WriteRune(token)
		}
		if token != anyText || len(v.tokens) == 0 || v.tokens[len(v.tokens)-1] != anyText {
			v.tokens = append(v.tokens, token)
		}
		rest = rest[size:]
	}
	v.text = spellWord(bare)
	if !wild {
		v.tokens, v.exact = nil, exact.String()
	}
	return v
}

// spellWord is a key or a value as it is read back: in quotes where it would be read as something else without.
func spellWord(word string) string {
	if unquotedWord(word) == word && (bareWord(word) || word == "") {
		return word
	}
	if strings.Contains(word, "'") {
		return `"` + word + `"`
	}
	return "'" + word + "'"
}

func bareWord(word string) bool { return scriptNumber(word) == word && word != "null" }

func (v *pinValue) wild() bool { return v.tokens != nil }

// any: a value of any kind will do, a list or an object too.
func (v *pinValue) any() bool { return len(v.tokens) == 1 && v.tokens[0] == anyText }

// holds says whether a field has such a value.
func (v *pinValue) holds(f *Field) bool {
	switch {
	case f.Kind == Absent:
		return false
	case v.any():
		return true
	case f.Kind == Composite:
		return false
	case !v.wild():
		return string(f.Value) == v.exact
	}
	return v.like(f.Value)
}

// like compares from left to right. Where it fails it goes on from the last * with one more character for that: earlier ones
// need no second look.
func (v *pinValue) like(text []byte) bool {
	at, star, back := 0, -1, 0
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case at < len(v.tokens) && v.tokens[at] == anyText:
			star, back = at, i
			at++
			continue
		case at < len(v.tokens) && (v.tokens[at] == oneCharacter || v.tokens[at] == c):
			at++
			i += size
			continue
		case star < 0:
			return false
		}
		_, size = utf8.DecodeRune(text[back:])
		back += size
		at, i = star+1, back
	}
	for at < len(v.tokens) && v.tokens[at] == anyText {
		at++
	}
	return at == len(v.tokens)
}

// scriptNumber is a number of JSON as JavaScript prints it, which is how Seneca compares it; any other text stays as it is.
func scriptNumber(text string) string {
	if plainInteger(text) || !isNumber(text) {
		return text
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && n > 0:
		return "Infinity"
	case err != nil:
		return "-Infinity"
	case n == 0:
		return "0"
	}
	digits := strconv.FormatFloat(n, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(digits, "e")
	e, _ := strconv.Atoi(exponent)
	switch {
	case -7 < e && e < 21:
		return strconv.FormatFloat(n, 'f', -1, 64)
	case e < 0:
		return mantissa + "e" + strconv.Itoa(e)
	}
	return mantissa + "e+" + strconv.Itoa(e)
}

// ScriptNumber appends a number of JSON as JavaScript prints it.
func ScriptNumber(b []byte, number []byte) []byte { return append(b, scriptNumber(string(number))...) }

// PlainNumber reports whether a number of JSON is what JavaScript prints of it already, as nearly all are.
func PlainNumber(number []byte) bool { return plainInteger(string(number)) }

func plainInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 15 || digits[0] == '0' && text != "0" {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// isNumber: what Go reads beyond JSON's numbers (0x10, 1_000, Inf, .5, +1) is text for Seneca.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	whole, _, _ := strings.Cut(strings.ReplaceAll(digits, "E", "e"), "e")
	whole, fraction, pointed := strings.Cut(whole, ".")
	if whole == "" || len(whole) > 1 && whole[0] == '0' || pointed && fraction == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || isRange(err)
}

func isRange(err error) bool { return strings.Contains(err.Error(), strconv.ErrRange.Error()) }
