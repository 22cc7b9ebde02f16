package labels

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// write3 writes a spec in the dialect of Traefik 3.
func (m *migration) write3(spec *rules.Spec) {
	names := map[string]string{} // of services, by the spec's
	for i := range spec.Services {
		s := &spec.Services[i]
		if _, twice := names[s.Name]; twice {
			m.note("segments share the service " + short(s.Name) + " with several weights; in Traefik 3 a service has one, so the first counts")
			continue
		}
		name := short(s.Name)
		names[s.Name] = name
		m.service3(name, s, spec)
	}
	for i := range spec.Routes {
		m.router3(&spec.Routes[i], spec)
	}
}

// short is a service's name without what the dialects put around it.
func short(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name, "backend-"), "@swarm")
}

func (m *migration) service3(name string, s *rules.ServiceSpec, spec *rules.Spec) {
	at := "traefik.http.services." + name + ".loadbalancer."
	port, scheme, ok := portAndScheme(s)
	if !ok {
		m.note("the endpoints of service " + name + " have several ports or none; in Traefik 3 each port is a service of its own")
	}
	m.set(at+"server.port", port)
	if scheme != "http" && scheme != "" {
		m.set(at+"server.scheme", scheme)
	}
	if s.Weight != 1 {
		m.set(at+"server.weight", strconv.Itoa(s.Weight))
	}
	for _, r := range spec.Routes {
		if r.Service == s.Name && !r.PassHost {
			m.set(at+"passhostheader", "false")
		}
	}
	m.tellHosts3(name, s.Name)
	if s.Balance == rules.DRR {
		m.note("Traefik 3 has no drr; wrr is written, as which it is served here too")
	}
	if s.Sticky != nil {
		m.sticky3(at+"sticky.cookie", s.Sticky)
	}
	if s.Check != nil {
		m.check3(at+"healthcheck.", s.Check)
	}
}

// tellHosts3 tells of routes to one service that differ in passHostHeader.
func (m *migration) tellHosts3(name, service string) {
	seen := map[bool]bool{}
	for _, spec := range m.all {
		for _, r := range spec.Routes {
			if r.Service == service {
				seen[r.PassHost] = true
			}
		}
	}
	if len(seen) > 1 {
		m.note("routes to service " + name + " differ in passHostHeader, which in Traefik 3 is the service's: that of the oldest service counts for all")
	}
}

func (m *migration) sticky3(at string, s *rules.Sticky) {
	m.set(at+".name", s.Cookie)
	if s.Secure {
		m.set(at+".secure", "true")
	}
	if s.HTTPOnly {
		m.set(at+".httponly", "true")
	}
	if s.SameSite != "" {
		m.set(at+".samesite", s.SameSite)
	}
}

func (m *migration) check3(at string, c *rules.Check) {
	m.set(at+"path", c.Path)
	m.checked(at, c)
	if c.Host != "" {
		m.set(at+"hostname", c.Host)
	}
	for _, h := range c.Headers {
		m.set(at+"headers."+h.Name, h.Value)
	}
}

func (m *migration) router3(r *rules.RouteSpec, spec *rules.Spec) {
	base := spec.Owner.Name
	if r.Segment != "" {
		base += "-" + r.Segment
	}
	name := m.free(base)
	at := "traefik.http.routers." + name + "."
	text, syntax, exact := r.Rule.Traefik3()
	if !exact {
		m.note("the rule " + r.Rule.Text + " means a little more in 1.x than " + text + " does in Traefik 3, which redirects no trailing slash")
	}
	m.set(at+"rule", text)
	if syntax == rules.V2 {
		m.set(at+"ruleSyntax", "v2")
	}
	m.set(at+"priority", strconv.Itoa(weighed(r)))
	if len(r.EntryPoints) > 0 {
		m.set(at+"entrypoints", strings.Join(r.EntryPoints, ","))
	}
	m.set(at+"service", short(r.Service))
	var used []string
	for _, f := range r.Rule.Rewrites() {
		if f.Kind == "stripPrefix" && strings.Contains(strings.Join(f.Args, ""), "{") {
			m.note("where nothing of the path can be stripped 1.x answers 404, and Traefik 3 lets the request pass")
		}
		used = append(used, m.middleware3(name, f)...)
	}
	for _, f := range r.Filters {
		used = append(used, m.middleware3(name, f)...)
	}
	for _, s := range spec.Services {
		if s.Name == r.Service && s.MaxConn != nil {
			if s.MaxConn.Amount > 0 {
				m.note("Traefik 3 limits the requests of a router, not of a service, and answers 429 from the limit on: inFlightReq is written for traefik.backend.maxconn")
			}
			used = append(used, m.middleware3(name, rules.InFlight{Key: s.MaxConn.Extractor, Amount: s.MaxConn.Amount})...)
		}
	}
	if len(used) > 0 {
		m.set(at+"middlewares", strings.Join(used, ","))
	}
}

// weighed is a route's priority, written out: rules have other lengths in the other language.
func weighed(r *rules.RouteSpec) int {
	if r.Priority > 0 {
		return r.Priority
	}
	return r.Rule.Priority()
}

// middleware3 writes a filter as middlewares, whose names it returns.
func (m *migration) middleware3(router string, f rules.Filter) (used []string) {
	for _, w := range words3(f, m.note) {
		name := m.free(fmt.Sprintf("%s-%s", router, strings.ToLower(w.kind)))
		at := "traefik.http.middlewares." + name + "." + w.kind
		if len(w.options) == 0 {
			m.set(at, "true")
		}
		for _, o := range w.options {
			m.set(at+"."+o.Name, o.Value)
		}
		used = append(used, name)
	}
	return used
}
