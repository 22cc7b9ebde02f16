package labels

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// The dialect of Traefik 2 and 3, traefik.http.<family>.<name>.<option>, or tcp. Unlike a segment of 1.x, what it declares is
// global: a router may use a middleware or lead to a service that another swarm service's labels declare. So it is read
// in two steps: findElements gathers what there is by name, and each service's routers ask for what they name.

// An element is a router, a service or a middleware as one swarm service declares it.
type element struct {
	key     string // "middlewares.auth"
	service *snapshot.Service
	options map[string]entry // by the option's name in lower case, "basicauth.users"
}

// print is equal for elements that read the same.
func (e *element) print() string {
	var text strings.Builder
	text.WriteString(e.service.ID)
	for _, name := range slices.Sorted(maps.Keys(e.options)) {
		text.WriteString("\x00" + name + "=" + e.options[name].written)
	}
	return text.String()
}

// families3 are the kinds of element that are served.
var families3 = []string{"routers", "services", "middlewares"}

// protocols3 are those that elements are of; those of TCP have it in front of their family.
var protocols3 = map[string]string{"http": "", "tcp": tcp}

// cut3 takes a label's name apart.
func cut3(name string) (family, of, option string, ok bool) {
	words := strings.SplitN(name, ".", 5)
	if len(words) < 4 || !strings.EqualFold(words[0], "traefik") || words[3] == "" {
		return "", "", "", false
	}
	protocol, known := protocols3[strings.ToLower(words[1])]
	if !known {
		return "", "", "", false
	}
	if len(words) == 5 {
		option = strings.ToLower(words[4])
	}
	family = strings.ToLower(words[2])
	return protocol + family, words[3], option, slices.Contains(families3, family)
}

// elementsOf gathers what a service declares, in order of the keys.
func elementsOf(s *snapshot.Service) []*element {
	byKey := map[string]*element{}
	for name, value := range s.Labels {
		family, of, option, ok := cut3(name)
		if !ok {
			continue
		}
		key := family + "." + of
		e := byKey[key]
		if e == nil {
			e = &element{key: key, service: s, options: map[string]entry{}}
			byKey[key] = e
		}
		e.options[option] = newEntry(name, value, nil)
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b *element) int { return cmp.Compare(a.key, b.key) })
}

// A holding is all that declare an element, the oldest first, and a text that changes when any of them does.
type holding struct {
	elements []*element
	print    string
}

// findElements gathers the services and middlewares of all services that are published.
func findElements(services []snapshot.Service, o Options) map[string]*holding {
	all := map[string]*holding{}
	for i := range services {
		s := &services[i]
		if !speaks3(s) || !publishes(s, o) {
			continue
		}
		for _, e := range elementsOf(s) {
			h := all[e.key]
			if h == nil {
				h = &holding{}
				all[e.key] = h
			}
			h.elements = append(h.elements, e)
		}
	}
	for _, h := range all {
		h.bury()
		slices.SortStableFunc(h.elements, func(a, b *element) int {
			if older(a.service, b.service) {
				return -1
			}
			return 1
		})
		for _, e := range h.elements {
			h.print += e.print() + "\x01"
		}
	}
	return all
}

// bury leaves out what services that are gone declare, where one that is there declares it too.
func (h *holding) bury() {
	if slices.ContainsFunc(h.elements, func(e *element) bool { return !e.service.Gone }) {
		h.elements = slices.DeleteFunc(h.elements, func(e *element) bool { return e.service.Gone })
	}
}

// publishes reports whether a service is published, whatever there is to tell about it.
func publishes(s *snapshot.Service, o Options) bool {
	r := &reading{surroundings: surroundings{options: o}, service: s, notes: &notebook{}}
	return r.published()
}

func speaks3(s *snapshot.Service) bool {
	for name := range s.Labels {
		for _, prefix := range []string{"traefik.http.", "traefik.tcp."} {
			if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
				return true
			}
		}
	}
	return false
}

// find is the element of a name that counts, nil when nobody declares it. The question is kept, as its answer may change.
func (r *reading) find(key string) *element {
	r.asked = append(r.asked, asked{key, r.holder(key)})
	h := r.elements[key]
	if h == nil {
		return nil
	}
	return h.elements[0]
}

// A reading3 is the part of a service's labels that is Traefik 2's or 3's.
type reading3 struct {
	*reading
	base  *draft // the labels that both dialects share
	own   map[string]*element
	names map[string][]string // of own elements, by family, in order
	shut  map[string]entry    // by router: the label that was to name its middlewares
	stray *entry              // a label that was to name some router's; nil: none

	halves map[string]bool // the routers that a slip in a name made two of
	loose  bool            // a router that can't be has middlewares, which were meant for the routes of 1.x
}

// read3 reads what the service declares in this dialect.
func (r *reading) read3(later []entry, common segment) {
	t := &reading3{reading: r, own: map[string]*element{}, names: map[string][]string{}, shut: map[string]entry{}, halves: map[string]bool{}}
	t.base = newDraft("", common.labels, r.options, r.notes)
	t.base.applyAll()
	for _, e := range later {
		t.outside(e)
	}
	for _, e := range elementsOf(r.service) {
		family, name, _ := strings.Cut(e.key, ".")
		t.own[e.key] = e
		t.names[family] = append(t.names[family], name)
		t.tellClash(e)
	}
	t.messageService()
	for _, family := range []string{"middlewares", "tcpmiddlewares"} {
		for _, name := range t.names[family] {
			t.middleware(t.own[family+"."+name], t.noteTo(""))
		}
	}
	for _, name := range t.names["services"] {
		t.service3(name)
	}
	for _, name := range t.names["tcpservices"] {
		t.tcpService(name)
	}
	if e, found := t.astray(); found {
		t.stray = &e
	}
	old := len(t.spec.Routes)
	t.routers()
	if t.loose {
		t.closeAll(t.spec.Routes[:old])
	}
	t.tcpRouters()
}

// outside reads a label that belongs to no element.
func (t *reading3) outside(e entry) {
	if proper := properName(e.name); e.code == ValueInName || !strings.EqualFold(proper, e.name) { // Traefik 3 reads any case
		t.misspelled(e, proper)
		return
	}
	low := strings.ToLower(e.name)
	switch {
	case low == "traefik.swarm.network":
		t.base.network = e
	case low == "traefik.swarm.lbswarm", low == "traefik.docker.lbswarm":
		o := options3{tell: t.noteTo(""), options: map[string]entry{"lbswarm": e}}
		t.base.vip = o.boolean("lbswarm", false)
	case strings.HasPrefix(low, "traefik.udp."):
		t.notes.add("", about(e, rules.Warning, LabelNotServed, "Appia serves HTTP and TCP, not UDP, so this has no effect"))
	case strings.HasPrefix(low, "traefik.tls."), strings.HasPrefix(low, "traefik.http.serverstransports."), strings.HasPrefix(low, "traefik.tcp.serverstransports."):
		t.notes.add("", about(e, rules.Warning, LabelNotServed, "in Traefik 3 this is said in a file; as a label it is not served and has no effect"))
	default:
		if _, _, _, ok := cut3(e.name); ok {
			return
		}
		d := about(e, rules.Warning, UnknownLabel, "no label of this name is known, so it is ignored")
		if words := strings.SplitN(e.name, ".", 4); len(words) == 4 {
			if meant, ok := rules.Nearest(words[2], families3); ok {
				d.Suggestion = strings.Join([]string{words[0], words[1], meant, words[3]}, ".")
			}
		}
		t.notes.add("", d)
	}
}

// misspelled tells of a label that has no effect by a slip in its name. Where it was to give a router its middlewares, the
// router is not served without them.
func (t *reading3) misspelled(e entry, proper string) {
	family, of, option, ok := cut3(proper)
	if e.code == ValueInName {
		e.meant = proper
		t.notes.add("", unknown(e))
	} else {
		d := about(e, rules.Warning, UnknownLabel, "no label of this name is known, so it is ignored"+unseen(e.name))
		d.Suggestion = proper
		t.notes.add("", d)
	}
	if ok && strings.HasPrefix(option, "middleware") {
		switch family {
		case "routers":
			t.shut[of] = e
		case "tcprouters":
			t.shut["tcp "+of] = e
		}
	}
}

// astray is a label that was to name middlewares and belongs to no router, nor to a middleware: a slip in its path, as in
// traefik.http.router.a.middlewares. Nobody can tell which router was meant, so that none is open without it.
func (t *reading3) astray() (entry, bool) {
	for _, name := range slices.Sorted(maps.Keys(t.service.Labels)) {
		low := strings.ToLower(name)
		if !strings.HasPrefix(low, "traefik.") || !strings.Contains(low, "middleware") || t.service.Labels[name] == "" {
			continue
		}
		family, _, option, ok := cut3(properName(name))
		if family = strings.TrimPrefix(family, tcp); !ok || family != "middlewares" && option == "" ||
			family == "services" && strings.HasPrefix(option, "middleware") {
			return newEntry(name, t.service.Labels[name], nil), true
		}
	}
	return entry{}, false
}

// tellClash tells of a middleware that an older service declares too. Shares of a service are joined instead, and of
// routers of one name each counts.
func (t *reading3) tellClash(e *element) {
	if !strings.HasPrefix(strings.TrimPrefix(e.key, tcp), "middlewares.") {
		return
	}
	first := t.find(e.key)
	h := t.elements[e.key]
	if first == nil || len(h.elements) < 2 {
		return
	}
	label := entry{name: labelOf(e.key) + ".*"}
	if first.service.ID != e.service.ID {
		t.notes.add("", about(label, rules.Warning, NameCollision, "a middleware of this name is declared by "+first.service.Name+
			" too, which is older: its options count, for this service's routers as well"))
		return
	}
	t.notes.add("", about(label, rules.Info, NameCollision, "a middleware of this name is declared by "+h.elements[1].service.Name+
		" too; this one is older, and counts for both"))
}

// noteTo makes the way in which options are told about: what is wrong with them, to this service's author.
func (t *reading3) noteTo(end string) teller {
	return func(e entry, severity rules.Severity, code, message, suggestion string) {
		d := about(e, severity, code, message+end)
		d.Suggestion = suggestion
		t.notes.add("", d)
	}
}

// names3 are the suffixes of a name that mean this router's own provider.
var names3 = regexp.MustCompile(`@(swarm|docker)$`)

// fullName is a service's name in the table.
func fullName(name string) string { return names3.ReplaceAllString(name, "") + "@swarm" }

// common are the labels that count in both dialects.
var common = []string{"traefik.enable", "traefik.tags", "traefik.docker.network", "traefik.domain"}

// split3 takes what is of both dialects out of the segments of 1.x, if that is all there is of 1.x.
func split3(segments []segment, later []entry) (only1 []segment, shared segment) {
	shared = segment{labels: map[string]entry{}}
	for _, s := range segments {
		for name, e := range s.labels {
			if slices.Contains(common, name) || strings.HasPrefix(name, appia.prefix) {
				shared.labels[name] = e
			}
		}
	}
	if len(later) > 0 && len(segments) == 1 && segments[0].name == "" && len(segments[0].labels) == len(shared.labels) &&
		slices.ContainsFunc(later, func(e entry) bool {
			low := strings.ToLower(e.name)
			return strings.HasPrefix(low, "traefik.http.") || strings.HasPrefix(low, "traefik.tcp.")
		}) {
		return nil, shared
	}
	return segments, shared
}
