package accesslog

import (
	"net/http"
	"strings"
	"time"
)

// A Filter chooses requests: one reason is enough, and no reason at all lets every request in.
type Filter struct {
	Status  []StatusRange // of the answer
	Retried bool          // requests that more than one endpoint was asked for
	Took    time.Duration // requests that took at least that long; 0: no reason
}

// A StatusRange is statuses from First to Last.
type StatusRange struct{ First, Last int }

func (f *Filter) lets(r *Record) bool {
	if len(f.Status) == 0 && !f.Retried && f.Took == 0 {
		return true
	}
	for _, s := range f.Status {
		if s.First <= r.Status && r.Status <= s.Last {
			return true
		}
	}
	return f.Retried && r.Retries > 0 || f.Took > 0 && r.Took >= f.Took
}

// A Mode is what becomes of a field or header.
type Mode uint8

// Fields are kept or dropped; of headers the value can be hidden.
const (
	Keep Mode = iota
	Drop
	Redact
)

// String is the mode as flags have it.
func (m Mode) String() string { return [...]string{"keep", "drop", "redact"}[m] }

const redacted = "REDACTED"

// Fields say which of the record's fields are in a line, by Traefik's names.
type Fields struct {
	Default Mode
	Names   map[string]Mode
}

// KnowsField says whether a name is a field's, and how it is spelled.
func KnowsField(name string) (string, bool) {
	for _, known := range fieldNames {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

func (f Fields) keeps(id field) bool {
	mode, named := f.Names[fieldNames[id]]
	if !named {
		mode = f.Default
	}
	return mode == Keep
}

// Headers say what becomes of header fields in a JSON line, by canonical names; the common format shows two of them.
type Headers struct {
	Default Mode
	Names   map[string]Mode
}

// secret are headers that are only shown to those who ask for them by name.
var secret = map[string]bool{"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true}

// mode is what becomes of the header of a canonical name.
func (h Headers) mode(name string) Mode {
	if mode, named := h.Names[name]; named {
		return mode
	}
	if h.Default == Keep && secret[name] {
		return Redact
	}
	return h.Default
}

// show is a header's value as a mode leaves it.
func show(m Mode, value string) string {
	switch {
	case m == Drop || value == "":
		return ""
	case m == Redact:
		return redacted
	}
	return value
}

// Canonical is a header's name as Headers has it.
func Canonical(name string) string { return http.CanonicalHeaderKey(name) }

// FieldNames are all fields.
func FieldNames() []string { return fieldNames[:] }
