package labels

import (
	"strings"

	"github.com/appia-edge/appia/rules"
)

// unknown tells of a label that has no row, and which one was probably meant.
func unknown(e entry, segment string) rules.Diagnostic {
	if plain, ok := perService(e.name); ok {
		d := about(e, rules.Warning, NotPerSegment, "this label counts for the whole service, not for a segment, so it is ignored")
		d.Suggestion = plain
		return d
	}
	note := about(e, rules.Warning, UnknownLabel, "no label of this name is known, so it is ignored")
	d := dialectOf(e.name)
	// Without the prefix, which is always right and would make up for a good many typing mistakes.
	nearest, ok := rules.Nearest(strings.TrimPrefix(e.name, d.prefix), d.known(e.name, segment))
	if ok {
		note.Suggestion = d.prefix + nearest
	}
	return note
}

// perService finds the label that was written for a segment though only services have it:
// "traefik.domain" for "traefik.api.domain".
func perService(name string) (plain string, ok bool) {
	rest, ok := strings.CutPrefix(name, traefik1.prefix)
	if !ok {
		return "", false
	}
	_, property, ok := strings.Cut(rest, ".")
	row := byName[traefik1.prefix+property]
	if !ok || row == nil || row.scope != whole || row.state == idle {
		return "", false
	}
	return traefik1.prefix + property, true
}

// known lists the labels, without the prefix, that an unknown name may have been meant for: the dialect's, and those
// of the name's segment, or of what may be one.
func (d *dialect) known(name, segment string) []string {
	if segment == "" {
		segment, _, _ = strings.Cut(strings.TrimPrefix(name, d.prefix), ".")
	}
	var names []string
	for i := range d.rows {
		row := &d.rows[i]
		if row.state == idle || strings.ContainsAny(row.name, "<*") {
			continue
		}
		if row.scope != inside {
			names = append(names, row.name)
		}
		if row.scope != whole {
			names = append(names, segment+"."+row.name)
		}
	}
	return names
}
