package seneca

import (
	"encoding/json"

	"github.com/appia-edge/appia/rules"
)

// decode does what Scan does, by encoding/json: for what is rare in messages, and to judge the scanner by.
func decode(text []byte, keys rules.Keys, m *rules.Message) error {
	var members map[string]json.RawMessage
	m.Fields = m.Fields[:0]
	switch err := json.Unmarshal(text, &members); {
	case err != nil && json.Valid(text):
		return ErrNotObject
	case err != nil:
		return ErrNotJSON
	case members == nil:
		return ErrNotObject // null
	}
	for key, value := range members {
		if err := forbidden([]byte(key)); err != nil {
			return err
		}
		number, wanted := keys.Number([]byte(key))
		if !wanted {
			continue
		}
		f := rules.Field{Key: number}
		if value[0] == '"' {
			var plain string
			if err := json.Unmarshal(value, &plain); err != nil {
				return ErrNotJSON
			}
			f.Kind, f.Value = rules.Plain, []byte(plain)
		} else {
			f.Kind, f.Value = bare(value)
		}
		m.Fields = append(m.Fields, f)
	}
	m.Compact()
	return nil
}
