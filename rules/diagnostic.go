package rules

import "fmt"

// A Diagnostic tells a label's author what is wrong with it and what was probably meant.
// The author sees it in the log (once), under /api/diagnostics, on the dashboard and as a metric.
type Diagnostic struct {
	Service    string   `json:"service"`              // the swarm service's name; empty: the router's own flags
	Label      string   `json:"label,omitempty"`      // the label's name
	Value      string   `json:"value,omitempty"`      // the label's value
	Code       string   `json:"code"`                 // stable, for machines: "unknown-label"
	Severity   Severity `json:"severity"`             // what it costs
	Message    string   `json:"message"`              // one sentence, for people
	Suggestion string   `json:"suggestion,omitempty"` // what was probably meant, as it would be written
}

// Severity says what a diagnostic costs its author.
type Severity uint8

// From a remark to a route that is not served.
const (
	Info    Severity = iota // nothing is lost; worth knowing
	Warning                 // a setting was dropped or mended, the route is served
	Error                   // the route is not served
)

// String is "info", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	}
	return "error"
}

// MarshalText writes the severity as its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the diagnostic as one line of a log.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s %s: ", d.Severity, d.Code)
	if d.Service != "" {
		text += d.Service + ": "
	}
	if d.Label != "" {
		text += fmt.Sprintf("%s=%q: ", d.Label, d.Value)
	}
	text += d.Message
	if d.Suggestion != "" {
		text += "; did you mean " + d.Suggestion + "?"
	}
	return text
}
