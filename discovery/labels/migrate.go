package labels

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// Migrating is reading and writing: labels become specs, in which nothing is a matter of spelling any more, and specs are
// written in the other dialect. What the other has no words for is a note, never a silent loss.

// A Language is a dialect to migrate to.
type Language uint8

// The two dialects.
const (
	Traefik3 Language = iota
	Traefik1
)

// A Migration is a service's labels in another dialect.
type Migration struct {
	Service string
	Labels  map[string]string
	Notes   []string           // what the other dialect cannot say, or says a little differently
	Found   []rules.Diagnostic // what is wrong with the labels that it was made of
	Left    bool               // there is something to do, and nothing is written: it would not be what it was, or open
}

// Migrate writes the labels of every service that is published in a dialect. The same swarm gives the same labels. variables
// are words in values for what nobody knows yet: they are written where they stood, or their service is left as it is.
func Migrate(seen *snapshot.Swarm, o Options, to Language, variables ...string) []Migration {
	staged := stage(seen, variables)
	specs, found := Read(staged, o)
	all := make([]Migration, len(staged.Services))
	bonds := make([]bond, len(staged.Services))
	for i := range staged.Services {
		s := &staged.Services[i]
		spec := &rules.Spec{}
		if j := slices.IndexFunc(specs, func(spec rules.Spec) bool { return spec.Owner.ID == s.ID }); j >= 0 {
			spec = withoutTCP(&specs[j])
		}
		m := migration{to: to, service: s, all: specs, labels: map[string]string{}, given: seen.Services[i].Labels, variables: variables}
		all[i] = m.migrate(spec, found)
		bonds[i] = bondOf(s.Labels, spec)
	}
	leaveBound(all, bonds)
	return slices.DeleteFunc(all, func(m Migration) bool { return len(m.Labels)+len(m.Notes)+len(m.Found) == 0 })
}

// withoutTCP is what of a spec has words in both dialects; labels of TCP are kept as they are.
func withoutTCP(spec *rules.Spec) *rules.Spec {
	left := *spec
	left.Routes = slices.DeleteFunc(slices.Clone(spec.Routes), func(r rules.RouteSpec) bool { return r.TCP != nil })
	left.Services = slices.DeleteFunc(slices.Clone(spec.Services), func(s rules.ServiceSpec) bool { return strings.HasPrefix(s.Name, "tcp.") })
	return &left
}

// migrate writes the labels of one service, or says why they are left as they are.
func (m *migration) migrate(spec *rules.Spec, found []rules.Diagnostic) Migration {
	done := Migration{Service: m.service.Name}
	m.keep()
	closed, unknown := false, ""
	for _, d := range found {
		switch {
		case d.Service != m.service.Name || d.Severity < rules.Warning:
		case m.blames(d):
			if _, kept := m.labels[d.Label]; !kept || d.Severity == rules.Error {
				unknown = cmp.Or(unknown, d.Label)
			}
		default:
			done.Found = append(done.Found, d)
			closed = closed || d.Severity == rules.Error
		}
	}
	from, already := wordsOf(m.service.Labels, m.to)
	switch {
	case unknown != "" && !(already && !from):
		done.leave(variableHere(unknown))
	case closed:
		// What the labels were to keep out would come in with labels that say nothing of it.
		done.leave("what is wrong with its labels comes first")
	case already && from:
		done.Notes = []string{"left as it is: it has labels of both dialects"}
	case already:
		done.Notes = []string{"left as it is: its labels are of that dialect already"}
	case from && len(spec.Routes)+len(spec.Services) == 0:
		done.Notes = []string{"left as it is: it has no route and no service here"} // switched off, say: its labels are for another day
	default:
		m.write(spec)
		if name := m.dropped(); name != "" && m.stays == "" {
			m.stays = variableHere(name)
		}
		done.Labels, done.Notes = m.labels, m.notes
		if m.stays != "" {
			done.leave(m.stays)
		}
	}
	return done
}

// leave has a service keep the labels that it has.
func (m *Migration) leave(why string) {
	m.Labels, m.Notes, m.Left = nil, []string{"left as it is: " + why}, true
}

// wordsOf tells whether labels are of the dialect that is migrated from, and whether some are of the one migrated to. Those that
// count in both are of neither.
func wordsOf(labels map[string]string, to Language) (from, already bool) {
	for name := range labels {
		rest, ours := strings.CutPrefix(name, traefik1.prefix)
		switch {
		case !ours, rest == "enable", rest == "tags", strings.HasPrefix(rest, "tcp."), strings.HasPrefix(rest, "docker."), strings.HasPrefix(rest, "swarm."):
		case strings.HasPrefix(rest, "http.") == (to == Traefik3):
			already = true
		default:
			from = true
		}
	}
	return from, already
}

// stage is a swarm in which each service has a task to be reached, so that labels alone decide what is read. Those that a variable
// may switch on are on.
func stage(seen *snapshot.Swarm, variables []string) *snapshot.Swarm {
	staged := *seen
	staged.Own = nil
	staged.Networks = append(slices.Clone(seen.Networks), snapshot.Network{ID: "\xffmigrate", Name: "\xffmigrate"})
	for _, n := range staged.Networks {
		if !n.Ingress {
			staged.Own = append(staged.Own, n.ID)
		}
	}
	staged.Services = slices.Clone(seen.Services)
	for i := range staged.Services {
		s := &staged.Services[i]
		if holds(s.Labels["traefik.enable"], variables) {
			s.Labels = maps.Clone(s.Labels)
			s.Labels["traefik.enable"] = "true"
		}
		if len(s.Tasks) == 0 || len(s.Tasks[0].Addresses) == 0 {
			s.Tasks = []snapshot.Task{{ID: s.ID, Slot: 1, Addresses: []snapshot.Address{{Network: "\xffmigrate", IP: netip.AddrFrom4([4]byte{192, 0, 2, 1})}}}}
		}
	}
	return &staged
}

// A migration is one service on its way.
type migration struct {
	to      Language
	service *snapshot.Service
	all     []rules.Spec
	labels  map[string]string
	notes   []string
	taken   map[string]bool   // names of routers, services and middlewares
	given   map[string]string // its labels as they were
	stays   string            // why the service keeps its labels: what is written would let in others, or lead nowhere; "": it would not

	variables []string // words that stand for some
}

func (m *migration) note(text string) {
	if !slices.Contains(m.notes, text) {
		m.notes = append(m.notes, text)
	}
}

// set writes a label. One of the whole service is written for each of its parts, which may want different values.
func (m *migration) set(name, value string) {
	if before, there := m.labels[name]; there && before != value {
		m.note("the service's parts want different values of " + name + ", which there is one of: the first is written")
		return
	}
	m.labels[name] = value
}

// keep takes over what both dialects read, and what is ours alone.
func (m *migration) keep() {
	for _, name := range slices.Sorted(maps.Keys(m.given)) {
		value, low := m.given[name], strings.ToLower(name)
		switch {
		case strings.HasPrefix(name, appia.prefix), low == "traefik.enable", low == "traefik.tags", low == "traefik.docker.network":
			m.labels[name] = value
		case strings.HasPrefix(low, "traefik.tcp."):
			m.labels[name] = value
			if m.to == Traefik1 {
				m.note("labels of traefik.tcp are kept as they are: Traefik 1.x has none, and Appia reads them beside either dialect")
			}
		case low == "traefik.swarm.network":
			m.labels["traefik.docker.network"] = value
		case low == "traefik.backend.loadbalancer.swarm", low == "traefik.swarm.lbswarm", low == "traefik.docker.lbswarm":
			if on, err := strconv.ParseBool(value); err == nil && on {
				m.set(map[Language]string{Traefik3: "traefik.swarm.lbswarm", Traefik1: "traefik.backend.loadbalancer.swarm"}[m.to], "true")
			}
		}
	}
}

func (m *migration) write(spec *rules.Spec) {
	m.taken = map[string]bool{}
	for _, r := range spec.Routes {
		if m.stays = m.opens(r.Filters); m.stays != "" {
			return
		}
	}
	if m.to == Traefik3 {
		m.write3(spec)
		return
	}
	if m.stays = m.unsaid1(spec); m.stays == "" {
		m.write1(spec)
	}
}

// opens is why a route would let in others if it were written in the other dialect; "": it would not.
func (m *migration) opens(filters []rules.Filter) string {
	switch {
	case slices.Contains(filters, rules.Filter(rules.Closed{})):
		return "a lock that it asks for cannot be made, and no dialect has words for that"
	case m.to == Traefik1:
		return unguarded(filters)
	}
	return ""
}

// free is a name that nothing else of the service has.
func (m *migration) free(name string) string {
	base := rules.Normalize(name)
	name = base
	for n := 2; m.taken[name]; n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	m.taken[name] = true
	return name
}

// portAndScheme are those of a share's endpoints; ok is false when they have several.
func portAndScheme(s *rules.ServiceSpec) (port, scheme string, ok bool) {
	for i, e := range s.Endpoints {
		_, p, _ := cutPort(e.Addr)
		if i > 0 && (p != port || e.Scheme != scheme) {
			return port, scheme, false
		}
		port, scheme = p, e.Scheme
	}
	return port, scheme, port != ""
}

func cutPort(addr string) (host, port string, ok bool) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr, "", false
	}
	return addr[:i], addr[i+1:], true
}
