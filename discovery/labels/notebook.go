package labels

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A notebook holds what is to be told about one service, each thing once: segments share labels, tasks networks. Of
// thousands of mistakes of one kind the first are told, and how many more there are.
type notebook struct {
	service string
	notes   []note
	places  map[rules.Diagnostic]int // where a note is among them; untold: it is not
	codes   []tally
	guesses guesses // how many of the service's names were compared with all that there are
}

// A note is a diagnostic with the segments that it came up in, in order.
type note struct {
	rules.Diagnostic
	segments []string
}

// A tally counts the notes of a code.
type tally struct {
	code     string
	told     int
	more     int            // beyond those
	severity rules.Severity // the highest of these
}

// mostTold is how many notes of a code are told. Nobody reads more before mending some.
const mostTold = 100

const untold = -1

// add notes what came up in a segment; "" is the service as a whole.
func (n *notebook) add(segment string, d rules.Diagnostic) {
	d.Service = n.service
	if d.Suggestion == d.Label || d.Suggestion == d.Value {
		d.Suggestion = "" // it would repeat the mistake
	}
	i, noted := n.places[d]
	if !noted {
		i = n.place(d)
	}
	if i == untold || segment == "" {
		return
	}
	if note := &n.notes[i]; len(note.segments) == 0 || note.segments[len(note.segments)-1] != segment { // each is read at a stretch
		note.segments = append(note.segments, segment)
	}
}

// place makes a new note of a diagnostic, if there is room for it.
func (n *notebook) place(d rules.Diagnostic) (i int) {
	if n.places == nil {
		n.places = map[rules.Diagnostic]int{}
	}
	i = untold
	if t := n.tally(d.Code); t.told == mostTold {
		n.leave(d.Code, d.Severity)
	} else {
		t.told++
		i = len(n.notes)
		n.notes = append(n.notes, note{Diagnostic: d})
	}
	n.places[d] = i
	return i
}

// leave counts a note of a code that is not told.
func (n *notebook) leave(code string, severity rules.Severity) {
	t := n.tally(code)
	t.more++
	t.severity = max(t.severity, severity)
}

func (n *notebook) tally(code string) *tally {
	for i := range n.codes {
		if n.codes[i].code == code {
			return &n.codes[i]
		}
	}
	n.codes = append(n.codes, tally{code: code})
	return &n.codes[len(n.codes)-1]
}

// list is what there is to tell. What is true of some of the service's segments names them, unless the label does.
func (n *notebook) list(segments []segment) []rules.Diagnostic {
	var all []rules.Diagnostic
	for _, note := range n.notes {
		d := note.Diagnostic
		if in := len(note.segments); in > 0 && in < len(segments) && !strings.Contains(d.Label, "."+note.segments[0]+".") {
			d.Message += " (segment " + some(note.segments) + ")"
		}
		all = append(all, d)
	}
	for _, t := range n.codes {
		if t.more > 0 {
			all = append(all, rules.Diagnostic{Service: n.service, Code: t.code, Severity: t.severity,
				Message: fmt.Sprintf("of the service's mistakes of this kind, %d more are not told one by one; mend the first %d", t.more, t.told)})
		}
	}
	return all
}

// some lists words, but not thousands.
func some(words []string) string {
	const most = 20
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

// about starts a diagnostic on a label.
func about(e entry, severity rules.Severity, code, message string) rules.Diagnostic {
	return rules.Diagnostic{Label: e.name, Value: e.shown(), Code: code, Severity: severity, Message: message}
}

// shown is an entry's value as diagnostics may tell it.
func (e *entry) shown() string {
	if snapshot.Secret(e.name) || snapshot.Secret(e.meant) || snapshot.Hashed(e.written) {
		return "(not shown)"
	}
	return snapshot.WithoutQuery(cmp.Or(e.meant, e.name), e.written)
}
