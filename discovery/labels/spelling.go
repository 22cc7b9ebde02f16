package labels

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A name is read with its author's slips in mind: another case, a space at its end, a typing mistake, a word too many,
// or a colon where the = belongs, so that the value became a part of it. As in Traefik 1.x such a label has no effect,
// but its author hears of it, and what looks like a protection is not taken for none.

// mostGuessed is how many of a service's labels are compared with all that there are. Whoever has more of them wrong mends
// these first, and ten thousand hold nobody up.
const mostGuessed = 100

// guesses counts them.
type guesses int

// another is one more guess, or false when there have been enough.
func (g *guesses) another() bool {
	if *g == mostGuessed {
		return false
	}
	*g++
	return true
}

// entryOf reads a label's name. ours is false when it was never meant for a router.
func entryOf(name, value string, spent *guesses) (e entry, ours bool) {
	if row := exact(name); row != nil {
		return newEntry(name, value, row), true
	}
	head, held, holds := cutValue(name)
	prefix, rest := snapshot.Prefix(head)
	if prefix == "" {
		e = newEntry(name, value, nil)
		e.meant = snapshot.Astray(name, value)
		e.astray = e.meant != ""
		return e, e.astray
	}
	proper := prefix + rest
	e = newEntry(name, value, nil)
	switch {
	case later(proper) && !holds:
		return e, true // elements say by themselves which of their options was meant
	case holds:
		e = newEntry(head, heldValue(held, value), nil)
		e.code = ValueInName
	case proper == name:
		segment, plain := cutSegment(name)
		if e.row = rowOf(plain); e.row != nil && e.row.scope == inside && segment == "" {
			e.row = nil
		}
	}
	if e.row == nil || e.row.state == lock {
		e.meant = meantName(proper, spent)
	}
	word, _, _ := strings.Cut(snapshot.Tidy(head), ".")
	return e, e.meant != "" || strings.EqualFold(word+".", prefix)
}

// cutValue takes the value out of a name such as "traefik.port: 80". In "traefik. port" a space is just too much.
func cutValue(name string) (head, held string, holds bool) {
	if closed := strings.Join(strings.Fields(snapshot.Tidy(name)), ""); closed != name && exact(closed) != nil {
		return closed, "", false
	}
	return snapshot.CutValue(name)
}

// heldValue is the value that was meant: docker cut it at its first =, if it has one.
func heldValue(held, value string) string {
	if held == "" || value == "" {
		return held + value
	}
	return held + "=" + value
}

// exact is the row of just this name, segment apart, or nil. A row for many names would take what it is given.
func exact(name string) *row {
	if row := byName[name]; row != nil && row.scope != inside {
		return row
	}
	segment, plain := cutSegment(name)
	row := byName[plain]
	if row == nil || row.scope == inside && segment == "" {
		return nil
	}
	return row
}

// meantName is the label that a name was probably meant for, or "". The prefix is right by now: it would make up for a
// good many typing mistakes. When enough has been guessed, only what protects is still looked for.
func meantName(name string, spent *guesses) string {
	if exact(name) != nil {
		return name
	}
	d := dialectOf(name)
	if plain, ok := perService(name); ok {
		return plain
	}
	rest := strings.TrimPrefix(name, d.prefix)
	for _, other := range dialects {
		if exact(other.prefix+rest) != nil {
			return other.prefix + rest
		}
	}
	segment, _ := cutSegment(name)
	if segment == "" {
		segment, _, _ = strings.Cut(rest, ".")
	}
	among := d.rows
	if !spent.another() {
		among = locks[d.prefix]
	}
	best, least := nearest(among, rest, "")
	if after, ok := strings.CutPrefix(rest, segment+"."); ok && d == &traefik1 && group(segment+".") == "" {
		if inner, distance := nearest(among, after, segment); distance < least {
			best, least = segment+"."+inner, distance
		}
	}
	if best == "" {
		return ""
	}
	return d.prefix + best
}

// far is more typing mistakes than any name has.
const far = 1 << 10

// nearest is the row whose name takes the fewest typing mistakes to come from a name, both without prefix and segment.
func nearest(among []row, name, segment string) (best string, least int) {
	least = far
	for i := range among {
		row := &among[i]
		elsewhere := segment == "" && row.scope == inside || segment != "" && row.scope == whole
		if row.state == idle || strings.HasSuffix(row.name, "*") || elsewhere {
			continue
		}
		rowName := row.called(name)
		if distance := distance(name, rowName); distance < least {
			best, least = rowName, distance
		}
	}
	return best, least
}

// called is a row's name, with the word that another name has at its <name>.
func (r *row) called(name string) string {
	before, _, found := strings.Cut(r.name, "<name>")
	if !found {
		return r.name
	}
	words := strings.Split(name, ".")
	if at := strings.Count(before, "."); at < len(words) && words[at] != "" {
		return strings.Replace(r.name, "<name>", words[at], 1)
	}
	return r.name
}

// distance counts the mistakes that turn a name into a row's: letters, or one for the wrong group, as in frontend.port
// for port, or two for several words left out, as in sticky for backend.loadbalancer.sticky.
func distance(name, row string) int {
	name, row = strings.ToLower(name), strings.ToLower(row)
	in, of := group(name), group(row)
	tail, rowTail := name[len(in):], row[len(of):]
	if tail == "" {
		return far
	}
	moved := allowed(rules.Typos(tail, rowTail, most(tail)), most(tail))
	if in == of {
		return moved
	}
	if len(tail) >= len("users") && strings.HasSuffix(rowTail, "."+tail) { // shorter words end too many names
		moved = min(moved, 1)
	}
	return min(moved+1, allowed(rules.Typos(name, row, most(name)), most(name)))
}

// most is how many typing mistakes a name of this length may have: one in four letters, as two make a port of a host.
func most(name string) int {
	if len(name) < 2 {
		return 0
	}
	return max(1, len(name)/4)
}

func allowed(typos, limit int) int {
	if typos > limit {
		return far
	}
	return typos
}

// group is the word that most labels begin with, or "".
func group(name string) string {
	for _, g := range []string{"frontend.", "backend.", "docker."} {
		if strings.HasPrefix(strings.ToLower(name), g) {
			return name[:len(g)]
		}
	}
	return ""
}

// protects reports whether a label without a row was probably meant to keep somebody out. One that is switched off was not,
// but among those of client certificates, any of which has the client's own word removed.
func (e *entry) protects() bool {
	if e.astray {
		return true
	}
	if on, err := strconv.ParseBool(e.value); err == nil && !on && !strings.Contains(e.meant, ".passTLSClientCert.") {
		return false
	}
	meant := cmp.Or(e.meant, e.name)
	segment, plain := cutSegment(meant)
	if row := rowOf(plain); row != nil && (row.guards || row.state == lock) {
		return true
	}
	if _, perService := perService(e.name); perService {
		return false
	}
	name := e.name
	if segment != "" {
		name = strings.Replace(name, "."+segment+".", ".", 1) // a segment may be called auth
	}
	return snapshot.Guards(name) || e.meant == "" && (snapshot.MayGuard(name) || snapshot.Hashed(e.value))
}

// assignment is a label as it would be written.
func (e *entry) assignment() string {
	if e.meant == "" {
		return ""
	}
	if value := e.shown(); value != "" {
		return e.meant + "=" + value
	}
	return e.meant
}
