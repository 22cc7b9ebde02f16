package labels

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A notebook holds what is to be told about one service, each thing once: segments share labels, tasks networks.
type notebook struct {
	service string
	notes   []note
}

// A note is a diagnostic with the segments that it came up in, in order.
type note struct {
	rules.Diagnostic
	segments []string
}

// add notes what came up in a segment; "" is the service as a whole.
func (n *notebook) add(segment string, d rules.Diagnostic) {
	d.Service = n.service
	if d.Suggestion == d.Label || d.Suggestion == d.Value {
		d.Suggestion = "" // it would repeat the mistake
	}
	i := slices.IndexFunc(n.notes, func(n note) bool { return n.Diagnostic == d })
	if i < 0 {
		i = len(n.notes)
		n.notes = append(n.notes, note{Diagnostic: d})
	}
	if segment != "" && !slices.Contains(n.notes[i].segments, segment) {
		n.notes[i].segments = append(n.notes[i].segments, segment)
	}
}

// list is what there is to tell. What is true of some of the service's segments names them, unless the label does.
func (n *notebook) list(segments []segment) []rules.Diagnostic {
	var all []rules.Diagnostic
	for _, note := range n.notes {
		d := note.Diagnostic
		if some := len(note.segments); some > 0 && some < len(segments) && !strings.Contains(d.Label, "."+note.segments[0]+".") {
			d.Message += " (segment " + strings.Join(note.segments, ", ") + ")"
		}
		all = append(all, d)
	}
	return all
}

// about starts a diagnostic on a label.
func about(e entry, severity rules.Severity, code, message string) rules.Diagnostic {
	return rules.Diagnostic{Label: e.name, Value: e.shown(), Code: code, Severity: severity, Message: message}
}

// shown is an entry's value as diagnostics may tell it.
func (e *entry) shown() string {
	if snapshot.Secret(e.name) || snapshot.Secret(e.meant) {
		return "(not shown)"
	}
	return e.written
}
