package labels

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A segment is a group of labels that make one route: traefik.<name>.*, or all of a service's when it has no
// named one.
type segment struct {
	name   string           // "" for the default segment
	labels map[string]entry // by full name without the segment, "traefik.port"
	locks  int              // how many of them are misspelled locks
}

// An entry is a label that was written for a router.
type entry struct {
	name    string // as written, segment and all; without the value, should it hold one
	written string // its value as written
	value   string // the value without stray quotes
	row     *row   // nil: no label has this name
	code    string // what is wrong with the name; "": that no label has it
	meant   string // the name that was probably meant, where this one is wrong; "": not known
	astray  bool   // its prefix is broken or missing: a lock, where the service has other labels of ours
}

// split sorts a service's labels into segments. Labels of no segment are every segment's defaults, and a segment
// of their own only where there is no other. Labels of Traefik 2 and 3 are no segments.
func split(labels map[string]string, notes *notebook) (segments []segment, newer []entry) {
	byName := map[string]segment{"": {labels: map[string]entry{}}}
	var strays []entry
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		e, ours := entryOf(name, labels[name], &notes.guesses)
		switch {
		case !ours:
		case later(e.name), later(properName(e.name)):
			newer = append(newer, e)
		case dialectOf(name) == nil || e.code != "":
			strays = append(strays, e)
		default:
			file(byName, e, notes)
		}
	}
	alone := len(newer) == 0 && len(byName) == 1 && len(byName[""].labels) == 0
	for _, e := range strays {
		if e.astray && alone {
			continue // whose it is nobody knows, and there is no route that it could close
		}
		lose(byName, e, notes)
	}
	return inherit(byName, notes), newer
}

// properName is a label's name with its prefix spelled rightly.
func properName(name string) string {
	prefix, rest := snapshot.Prefix(name)
	return prefix + rest
}

// file puts a label into its segment, or tells why it has no effect.
func file(byName map[string]segment, e entry, notes *notebook) {
	of, plain := cutSegment(e.name)
	s, ok := byName[of]
	if !ok {
		s = segment{name: of, labels: map[string]entry{}}
		byName[of] = s
	}
	if e.row == nil {
		lose(byName, e, notes)
		return
	}
	switch e.row.state {
	case idle:
		notes.add(of, about(e, rules.Info, IdleLabel, "known to Traefik 1.x, which does nothing with it; neither does Appia"))
	case lacking:
		notes.add(of, about(e, rules.Warning, LabelNotServed, "known to Traefik 1.x, not served by Appia yet, so it has no effect"))
	default:
		s.put(plain, e)
	}
}

// lose tells of a label without a row, and locks its segment where it was meant to.
func lose(byName map[string]segment, e entry, notes *notebook) {
	if !e.protects() {
		notes.add("", unknown(e))
		return
	}
	if e.code != "" {
		notes.add("", unknown(e))
	}
	of, _ := cutSegment(e.name)
	s, ok := byName[of]
	if meant, _ := cutSegment(e.meant); !ok || of == "" {
		if s, ok = byName[meant]; !ok {
			s = byName[""]
		}
	}
	if s.locks == mostTold { // one keeps it closed
		notes.leave(ProtectionNotServed, rules.Error)
		return
	}
	e.row = &misspelledLock
	s.labels[e.name] = e
	s.locks++
	byName[s.name] = s
}

// misspelledLock is the row of labels that no dialect has and that were meant to protect something.
var misspelledLock = row{state: lock}

func newEntry(name, value string, row *row) entry {
	inner, _ := unquote(value)
	return entry{name: name, written: value, value: inner, row: row}
}

// put keeps an entry under its plain name. A segment's service is traefik.<segment>.backend in 1.7 and
// traefik.<segment>.frontend.backend in 1.4; either will do, and the newer one counts.
func (s segment) put(plain string, e entry) {
	if e.row.scope != inside {
		s.labels[plain] = e
		return
	}
	if _, ok := s.labels["traefik.backend"]; !ok {
		s.labels["traefik.backend"] = e
	}
}

// mostInherited is how many labels the segments of a service may inherit, all together: as many as a hundred segments of five
// hundred. What each is worth is read for each, and a thousand times a thousand would hold up every other service.
const mostInherited = 50_000

// inherit gives named segments the default segment's labels, but where they have their own.
func inherit(byName map[string]segment, notes *notebook) []segment {
	common := byName[""]
	if len(byName) == 1 {
		return []segment{common}
	}
	delete(byName, "")
	var segments []segment
	if common.answersBeside(byName) {
		segments = append(segments, common)
	}
	names := slices.Sorted(maps.Keys(byName))
	if most := mostInherited / max(len(common.labels), 1); len(names) > most {
		notes.add("", rules.Diagnostic{Code: TooManyLabels, Severity: rules.Error, Message: fmt.Sprintf(
			"%d labels count for each of %d segments, which is too much; these segments are not served: %s", len(common.labels), len(names), some(names[most:]))})
		names = names[:most]
	}
	for _, name := range names {
		labels := maps.Clone(common.labels)
		maps.Copy(labels, byName[name].labels)
		segments = append(segments, segment{name: name, labels: labels})
	}
	return segments
}

// segmentLabel is Traefik 1.7's own pattern: the shortest segment before a property that segments have.
var segmentLabel = regexp.MustCompile(`^traefik\.(.+?)\.(port|portIndex|portName|weight|protocol|backend|frontend\..+)$`)

// cutSegment takes the segment out of a label's name: "traefik.api.port" is "traefik.port" of "api".
func cutSegment(name string) (segment, plain string) {
	if strings.HasPrefix(name, "traefik.frontend.") || strings.HasPrefix(name, "traefik.backend.") {
		return "", name
	}
	found := segmentLabel.FindStringSubmatch(name)
	if found == nil {
		return "", name
	}
	return found[1], "traefik." + found[2]
}

// later reports whether a name is of Traefik 2 or 3. Taken for 1.x, traefik.http.services.x.loadbalancer.server.port
// would be the port of a segment "http.services.x.loadbalancer.server"; a plain traefik.http.port is a segment's indeed.
func later(name string) bool {
	word, _, _ := strings.Cut(strings.TrimPrefix(name, "traefik."), ".")
	switch strings.ToLower(word) {
	case "docker":
		return strings.EqualFold(name, "traefik.docker.lbswarm")
	case "http", "tcp", "udp", "tls", "swarm":
		segment, _ := cutSegment(name)
		return segment != word
	}
	return false
}
