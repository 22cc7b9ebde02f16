package labels

import (
	"cmp"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A reading is one service on its way to a spec.
type reading struct {
	surroundings
	service *snapshot.Service
	notes   *notebook
	spec    rules.Spec

	segments map[string]string // the segments that have a service of their own, by its name
	excluded bool              // it is another router's, by this one's constraints
	asked    []asked           // what reading depended on of the names of other services
	astray   *entry            // a lock of 1.x that has no route of 1.x to close; nil: none
}

// readService reads one service; the spec is empty when the service is not published.
func readService(s *snapshot.Service, around surroundings) result {
	r := &reading{surroundings: around, service: s, notes: &notebook{service: s.Name}}
	r.spec.Owner = rules.Owner{ID: s.ID, Name: s.Name, Created: s.Created, Gone: s.Gone}
	r.tellContainerLabels()
	var segments []segment
	switch {
	case r.published():
		segments = r.readAll()
	case r.excluded:
		r.refuseAll()
	}
	read := result{service: s, twin: around.twins[s.ID], asked: r.asked, spec: r.spec, found: r.notes.list(segments)}
	if s.Gone {
		read.found = nil // there is nobody left to tell it to
	}
	return read
}

// readAll reads the labels of both dialects.
func (r *reading) readAll() []segment {
	segments, newer := split(r.service.Labels, r.notes)
	old, shared := split3(segments, newer)
	for _, segment := range old {
		r.readSegment(segment)
	}
	if len(newer) > 0 {
		r.read3(newer, shared)
	}
	r.tellIdleHeader()
	return segments
}

// closeAll keeps the service's routes of 1.x closed, as a label of Traefik 3 was to keep somebody out of them.
func (r *reading) closeAll(old []rules.RouteSpec) {
	for i := range old {
		old[i].Filters = []rules.Filter{rules.Closed{}}
	}
}

// refuseAll keeps in mind the routes of a service that is another router's. What is wrong with its labels is told by that one.
func (r *reading) refuseAll() {
	there := &reading{surroundings: r.surroundings, service: r.service, notes: &notebook{service: r.service.Name}}
	there.readAll()
	r.asked, r.spec.Refused = there.asked, there.spec.Refused
	for _, route := range there.spec.Routes {
		r.spec.Refused = append(r.spec.Refused, route.Refuse())
	}
}

// published reports whether this router serves the service at all: switched on, and tagged as the constraints want.
func (r *reading) published() bool {
	d := newDraft("", nil, r.options, r.notes)
	for _, name := range []string{"traefik.enable", "traefik.tags"} {
		if value, ok := r.service.Labels[name]; ok {
			d.apply(newEntry(name, value, rowOf(name)))
		}
	}
	if !d.enabled {
		return false
	}
	constraint, found := unmet(r.options.Constraints, d.tags)
	r.excluded = found && r.spoken()
	if r.excluded {
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
	var spent guesses
	for name, value := range r.service.Labels {
		if dialectOf(name) != nil {
			return true
		}
		if e, ours := entryOf(name, value, &spent); ours && !e.astray {
			return true
		}
	}
	return false
}

// readSegment adds a segment's route and its share of a service to the spec. Where one label keeps the route from being
// served, the others are read all the same: their author hears of all that is wrong at once.
func (r *reading) readSegment(s segment) {
	d := newDraft(s.name, s.labels, r.options, r.notes)
	d.applyAll()
	d.makeFilters()
	d.portOfMessages()
	r.requirePort(d, s.name)
	text := r.ruleText(d, s.name)
	share := r.share(d, s.name)
	rule, ok := r.parse(d, text)
	filters := d.routeFilters()
	d.shutEmpty(filters)
	d.idleForMessages(rule, filters)
	if _, given := d.labels["traefik.port"]; !given && !rule.Messages() || text == "" {
		r.astray = cmp.Or(r.astray, d.lock())
	}
	route := r.route(d, s.name, rule, text, share.Name, filters)
	switch {
	case d.refused && ok && d.locked():
		r.close(route, share)
		return
	case d.refused || !ok:
		r.refuse(route, text, !ok)
	}
	if d.refused {
		return
	}
	share.Endpoints = r.endpoints(d)
	r.addShare(share)
	if ok {
		r.spec.Routes = append(r.spec.Routes, route)
	}
}

// close keeps the route of a segment that is not served and was to keep somebody out: it answers 503, where a wider route would
// let its requests in. Its tasks get none, by other routes to a service of this name neither.
func (r *reading) close(route rules.RouteSpec, share rules.ServiceSpec) {
	r.addShare(share)
	route.Filters = []rules.Filter{rules.Closed{}}
	r.spec.Routes = append(r.spec.Routes, route)
}

// refuse keeps in mind what is asked for by labels and not served. Services that never heard of a router ask for nothing.
func (r *reading) refuse(route rules.RouteSpec, text string, unread bool) {
	if text == "" || !r.spoken() {
		return
	}
	left := route.Refuse()
	if unread {
		left.Unread, left.Rule = true, rules.Rule{Text: text}
		left.Priority = max(route.Priority, len(text))
	}
	r.spec.Refused = append(r.spec.Refused, left)
}
