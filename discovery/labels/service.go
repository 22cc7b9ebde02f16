package labels

import (
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A reading is one service on its way to a spec.
type reading struct {
	surroundings
	service *snapshot.Service
	notes   *notebook
	spec    rules.Spec
}

// readService reads one service; the spec is empty when the service is not published.
func readService(s *snapshot.Service, around surroundings) (rules.Spec, []rules.Diagnostic) {
	r := &reading{surroundings: around, service: s, notes: &notebook{service: s.Name}}
	r.spec.Owner = rules.Owner{ID: s.ID, Name: s.Name, Created: s.Created}
	if r.published() {
		for _, segment := range split(s.Labels, r.notes) {
			r.readSegment(segment)
		}
	}
	return r.spec, r.notes.list
}

// published reports whether this router serves the service at all: switched on, and tagged as the constraints want.
func (r *reading) published() bool {
	d := newDraft(nil, r.options, r.notes)
	for _, name := range []string{"traefik.enable", "traefik.tags"} {
		if value, ok := r.service.Labels[name]; ok {
			d.apply(newEntry(name, value, rowOf(name)))
		}
	}
	if !d.enabled {
		return false
	}
	constraint, found := unmet(r.options.Constraints, d.tags)
	if found && r.spoken() {
		d.tell(rules.Diagnostic{
			Label: "traefik.tags", Value: r.service.Labels["traefik.tags"], Code: Constrained, Severity: rules.Info,
			Message: "not served by this router, whose constraint " + constraint.String() + " does not hold for these tags",
		})
	}
	return !found
}

// spoken reports whether the author wrote any label for a router. Services that never heard of one, a database
// say, are published by default too, and need no word about what they lack.
func (r *reading) spoken() bool {
	for name := range r.service.Labels {
		if dialectOf(name) != nil {
			return true
		}
	}
	return false
}

// readSegment adds a segment's route and its share of a service to the spec.
func (r *reading) readSegment(s segment) {
	d := newDraft(s.labels, r.options, r.notes)
	d.applyAll()
	r.requirePort(d, s.name)
	rule := r.ruleText(d, s.name)
	share := r.share(d, s.name)
	if d.refused {
		return
	}
	share.Endpoints = r.endpoints(d)
	r.addShare(share)
	r.addRoute(d, s.name, rule, share.Name)
}
