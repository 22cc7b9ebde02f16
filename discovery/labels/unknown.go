package labels

import (
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// unknown tells of a label that has no row, and which one was probably meant.
func unknown(e entry) rules.Diagnostic {
	if e.code == ValueInName {
		d := about(e, rules.Warning, ValueInName, "a colon or a space stands where the = belongs, so the value is a part of the label's name and has no effect")
		d.Suggestion = e.assignment()
		return d
	}
	if plain, ok := perService(e.name); ok {
		d := about(e, rules.Warning, NotPerSegment, "this label counts for the whole service, not for a segment, so it is ignored")
		d.Suggestion = plain
		return d
	}
	d := about(e, rules.Warning, UnknownLabel, "no label of this name is known, so it is ignored"+unseen(e.name))
	d.Suggestion = e.meant
	return d
}

// unseen says what cannot be seen of a name.
func unseen(name string) string {
	if snapshot.Tidy(name) == name {
		return ""
	}
	return "; there is a space or an invisible character in it"
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

// tellContainerLabels tells of labels that stand at the service's containers: in a stack file under "labels:" instead of
// "deploy: labels:". They have no effect, as in Traefik 1.x; without a word it would be the longest of searches.
func (r *reading) tellContainerLabels() {
	var names []string
	var spent guesses
	locks := false
	for _, name := range r.service.ContainerLabels {
		_, both := r.service.Labels[name]
		if e, ours := entryOf(name, "", &spent); ours && !both {
			names = append(names, e.name)
			locks = locks || e.locks()
		}
	}
	if len(names) == 0 || r.hidden() {
		return
	}
	open := ""
	if locks && r.spoken() {
		open = "; what they were to keep out is let in, as by Traefik"
	}
	r.notes.add("", rules.Diagnostic{Code: LabelsOnContainer, Severity: rules.Warning, Suggestion: "deploy.labels",
		Message: "these labels are on the service's containers, where nobody looks for them, so they have no effect" + open + ": " + some(names) +
			`; in the stack file, move them from "labels:" to "labels:" under "deploy:"`})
}

// locks reports whether a label of either dialect would keep somebody out where it counts.
func (e *entry) locks() bool {
	if e.row != nil {
		return e.row.guards || e.row.state == lock
	}
	return e.protects() || later(e.name) && strings.Contains(strings.ToLower(e.name), "middleware")
}

// hidden reports whether the service's own labels say that it is not to be published.
func (r *reading) hidden() bool {
	d := newDraft("", nil, r.options, &notebook{})
	d.enabled = true
	if value, ok := r.service.Labels["traefik.enable"]; ok {
		d.apply(newEntry("traefik.enable", value, rowOf("traefik.enable")))
	}
	return !d.enabled
}
