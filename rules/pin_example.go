package rules

import (
	"encoding/json"
	"strings"
)

// Example is a message that the pin holds for, "{"cmd":"any","role":"user"}": for people to try.
func (p Pin) Example() string {
	var b strings.Builder
	for i, pair := range p.pairs {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		key, _ := json.Marshal(pair.key) // texts always can be
		value, _ := json.Marshal(pair.value.example())
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	return b.String() + "}"
}

// example is a text that a value holds for.
func (v *pinValue) example() string {
	var b strings.Builder
	for _, token := range v.tokens {
		switch {
		case token == oneCharacter:
			b.WriteByte('x')
		case token == anyText && len(v.tokens) == 1:
			b.WriteString("any")
		case token >= 0:
			b.WriteRune(token)
		}
	}
	if !v.wild() {
		return v.exact
	}
	return b.String()
}
