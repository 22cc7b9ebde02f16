package labels

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// Names are Traefik 1.7's: people's dashboards, alerts and cookies hold them.

// Labels that plain Compose sets; stacks have neither.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
)

// backendName is the name of a segment's service. Segments' always begin with the swarm service's name.
func (r *reading) backendName(d *draft, segment string) string {
	if segment == "" && d.backend != "" {
		return "backend-" + rules.Normalize(d.backend)
	}
	own := r.ownName()
	switch {
	case d.backend != "":
		own += "-" + d.backend
	case segment != "":
		own = r.segmentName(own, segment)
	}
	return "backend-" + rules.Normalize(own)
}

// ownName is the service's name where labels give none. A service with an older twin gets a digest behind it,
// lest the two are merged, each answering half of the other's requests.
func (r *reading) ownName() string {
	if project, name, ok := r.compose(); ok {
		return name + "_" + project
	}
	twin, ok := r.twins[r.service.ID]
	if !ok {
		return r.service.Name
	}
	own := r.service.Name + "-" + digest(r.service.Name)
	r.notes.add("", rules.Diagnostic{Code: NameCollision, Severity: rules.Info, Message: "written with dashes, the name is that of " + twin +
		", and Traefik 1.x would mix the two; here this one is called backend-" + rules.Normalize(own)})
	return own
}

// segmentName is the name of a segment's service where labels give none. Where another segment, or another service,
// has it already, as far as letters and digits go, it gets a digest behind it.
func (r *reading) segmentName(own, segment string) string {
	name := own + "-" + segment
	plain := rules.Normalize(name)
	holder, taken := r.segments[plain], "segment "
	if holder == "" || holder == segment {
		holder, taken = r.nameTaken(plain), "service "
	}
	if holder == "" {
		if r.segments == nil {
			r.segments = map[string]string{}
		}
		r.segments[plain] = segment
		return name
	}
	name += "-" + digest(segment)
	r.notes.add(segment, rules.Diagnostic{Label: inSegment(segment, "*"), Code: NameCollision, Severity: rules.Info,
		Message: "written with dashes, the name of segment " + segment + " is that of " + taken + holder +
			", and Traefik 1.x would mix the two; here this one is called backend-" + rules.Normalize(name)})
	return name
}

// nameTaken is the service that has a name, or "". What it was asked is kept, as the answer may change.
func (r *reading) nameTaken(plain string) string {
	r.asked = append(r.asked, asked{plain, r.holder(plain)})
	return r.holder(plain)
}

// An asked is a name with the service that had it, or "".
type asked struct{ name, holder string }

// holder answers for an element of Traefik 3 too; no service's name has a point in it.
func (s *surroundings) holder(name string) string {
	if h := s.elements[name]; h != nil {
		return h.print
	}
	if service := s.named[name]; service != nil {
		return service.Name
	}
	return ""
}

func digest(name string) string {
	sum := md5.Sum([]byte(name))
	return hex.EncodeToString(sum[:])[:5]
}

// compose returns plain Compose's names for the service, when it has both.
func (r *reading) compose() (project, service string, ok bool) {
	project, service = r.service.Labels[composeProject], r.service.Labels[composeService]
	return project, service, project != "" && service != ""
}

// frontendName is a route's display name; the default segment's gets a number from rules.Compile.
func frontendName(segment, backend, rule string) string {
	if segment == "" {
		return "frontend-" + rules.Normalize(rule)
	}
	return "frontend-" + rules.Normalize(segment+"-"+strings.TrimPrefix(backend, "backend-"))
}

// serverName is an endpoint's display name: who it is, and a digest of where.
func serverName(task, url string) string {
	sum := md5.Sum([]byte(url))
	return rules.Normalize("server-" + task + "-" + hex.EncodeToString(sum[:]))
}

// cookieName is the sticky cookie of a service whose labels name none.
func cookieName(backend string) string {
	sum := sha1.Sum([]byte("_TRAEFIK_BACKEND_" + backend))
	return "_" + hex.EncodeToString(sum[:])[:5]
}

// legalCookie replaces what a cookie's name may not hold.
func legalCookie(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.ContainsRune("!#$%&'*+-.^`|~", c):
			return c
		}
		return '_'
	}, name)
}

// hostLabel makes a service's name a part of a host name.
func hostLabel(name string) string {
	return strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(name, "/"))
}
