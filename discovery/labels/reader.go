package labels

import (
	"slices"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A Reader reads one snapshot after another, as Read would. Of 10,000 services one or two differ from the last time:
// for the others it gives what it read then, the very same slices, so nobody may change them. It is for one goroutine.
type Reader struct {
	around surroundings
	kept   []result // of the last snapshot's services, in their order
}

// A result is what a service's labels came to.
type result struct {
	service *snapshot.Service
	twin    string
	asked   []asked
	spec    rules.Spec
	found   []rules.Diagnostic
}

// NewReader makes a reader that has read nothing yet.
func NewReader(o Options) *Reader {
	return &Reader{around: surroundings{options: o, networks: newNetworks(&snapshot.Swarm{})}}
}

// Read turns the labels of every service into specs.
func (r *Reader) Read(s *snapshot.Swarm) ([]rules.Spec, []rules.Diagnostic) {
	around := surroundings{options: r.around.options, networks: newNetworks(s)}
	around.twins, around.named = findTwins(s.Services)
	around.elements = findElements(s.Services, around.options)
	r.kept = r.readAll(s, around)
	r.around = around
	specs := make([]rules.Spec, 0, len(r.kept))
	var found []rules.Diagnostic
	for i := range r.kept {
		if spec := &r.kept[i].spec; len(spec.Services)+len(spec.Routes)+len(spec.Refused) > 0 {
			specs = append(specs, r.kept[i].spec)
		}
		found = append(found, r.kept[i].found...)
	}
	return specs, append(found, idleMiddlewares(around.elements)...)
}

// readAll walks the last services and the new ones together: both are sorted by id. Were they not, they would only be
// read again.
func (r *Reader) readAll(s *snapshot.Swarm, around surroundings) []result {
	old, moved := r.kept, r.around.networks.moved(around.networks)
	all := make([]result, len(s.Services))
	for i := range s.Services {
		service := &s.Services[i]
		for len(old) > 0 && old[0].service.ID < service.ID {
			old = old[1:]
		}
		if len(old) > 0 && old[0].holds(service, around) && !moved.touch(service) {
			all[i] = old[0]
			all[i].service = service // equal, but the old snapshot need not stay in memory
			continue
		}
		all[i] = readService(service, around)
	}
	return all
}

// holds reports whether the service is as it was, and so are the names of others that it depends on.
func (r *result) holds(s *snapshot.Service, around surroundings) bool {
	for _, a := range r.asked {
		if around.holder(a.name) != a.holder {
			return false
		}
	}
	return r.twin == around.twins[s.ID] && r.service.Equal(s)
}

// A move is how the networks of a snapshot differ from those of the one before.
type move struct {
	all bool            // the router's own are others, which may matter to every service
	ids map[string]bool // those that came, went or were renamed
}

func (n *networks) moved(to *networks) move {
	m := move{all: n.known != to.known || !slices.Equal(n.own, to.own), ids: map[string]bool{}}
	for id, name := range n.names {
		if now, ok := to.names[id]; !ok || now != name {
			m.ids[id] = true
		}
	}
	for id := range to.names {
		if _, ok := n.names[id]; !ok {
			m.ids[id] = true
		}
	}
	return m
}

// touch reports whether a service may be read otherwise after the move: a new stack's network matters to that stack.
func (m move) touch(s *snapshot.Service) bool {
	on := func(a snapshot.Address) bool { return m.ids[a.Network] }
	switch {
	case m.all:
		return true
	case len(m.ids) == 0:
		return false
	}
	return slices.ContainsFunc(s.VIPs, on) ||
		slices.ContainsFunc(s.Tasks, func(t snapshot.Task) bool { return slices.ContainsFunc(t.Addresses, on) })
}
