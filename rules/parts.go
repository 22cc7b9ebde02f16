package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Services that lead to other services name them; here the names meet what there is. A part that nobody offers is left out,
// where the rest makes sense without it; what is left of a service that makes none is not offered either.

// deepest is how far services may lead to services that lead to services.
const deepest = 8

// resolveParts checks the services that lead to others, and gives all that are left their places.
func (c *compiler) resolveParts() {
	var leading []*Service
	for _, s := range c.ordered {
		if s.Leads() {
			leading = append(leading, s)
		}
	}
	for _, s := range leading {
		if way := c.circle(s); way != nil {
			c.drop(s, CircularService, "the service leads to itself: "+strings.Join(way, " -> "))
		}
	}
	depths := map[string]int{}
	for _, s := range leading {
		if c.services[s.Name] == s && c.depth(s, depths) > deepest {
			c.drop(s, CircularService, fmt.Sprintf("services lead to services more than %d deep from here", deepest))
		}
	}
	for n := 0; n != len(c.services); { // what is dropped may be a part of others
		n = len(c.services)
		for _, s := range leading {
			if c.services[s.Name] == s {
				c.resolve(s)
			}
		}
	}
	c.ordered = slices.DeleteFunc(c.ordered, func(s *Service) bool { return c.services[s.Name] != s })
	for i, s := range c.ordered {
		s.ID = i
	}
}

// circle is a way from a service back to itself, or nil.
func (c *compiler) circle(from *Service) []string {
	before := map[string]string{}
	for todo := []string{from.Name}; len(todo) > 0; todo = todo[1:] {
		s := c.services[todo[0]]
		if !s.Leads() {
			continue
		}
		for _, name := range s.leadsTo() {
			if name == from.Name {
				return wayTo(s.Name, before, from.Name)
			}
			if _, seen := before[name]; !seen {
				before[name] = s.Name
				todo = append(todo, name)
			}
		}
	}
	return nil
}

// wayTo is the way from a service to the last before it comes back.
func wayTo(last string, before map[string]string, from string) []string {
	way := []string{from}
	for name := last; name != from; name = before[name] {
		way = append(way, name)
	}
	way = append(way, from)
	slices.Reverse(way)
	return way
}

// depth is how many services are one above the other from here on; there are no circles any more.
func (c *compiler) depth(s *Service, known map[string]int) int {
	if !s.Leads() {
		return 0
	}
	if d, ok := known[s.Name]; ok {
		return d
	}
	deep := 0
	for _, name := range s.leadsTo() {
		deep = max(deep, c.depth(c.services[name], known))
	}
	known[s.Name] = deep + 1
	return deep + 1
}

// leadsTo names the services that get requests, or copies of them.
func (s *Service) leadsTo() (names []string) {
	for _, p := range s.Weighted {
		names = append(names, p.Service)
	}
	if m := s.Mirroring; m != nil {
		names = append(names, m.Service)
		for _, mirror := range m.Mirrors {
			names = append(names, mirror.Service)
		}
	}
	if s.Failover != nil {
		names = append(names, s.Failover.Main, s.Failover.Fallback)
	}
	return names
}

func (c *compiler) drop(s *Service, code, why string) {
	delete(c.services, s.Name)
	c.tellParts(s, code, why+"; the service is not offered")
}

func (c *compiler) tellParts(s *Service, code, why string) {
	c.tell(s.Sources[0].Owner, Diagnostic{Label: s.partsLabel, Value: s.Name, Code: code, Severity: Error, Message: why})
}

// resolve leaves out the parts that nobody offers.
func (c *compiler) resolve(s *Service) {
	offered := func(name string) bool { return c.services[name] != nil }
	unknown := func(name, then string) {
		c.tell(s.Sources[0].Owner, Diagnostic{
			Label: s.partsLabel, Value: name, Code: UnknownPart, Severity: Error, Suggestion: c.nearestService(name),
			Message: fmt.Sprintf("service %s leads to service %s, which nobody offers; %s", s.Name, name, then),
		})
	}
	switch {
	case s.Mirroring != nil:
		m := *s.Mirroring
		m.Mirrors = nil
		for _, mirror := range s.Mirroring.Mirrors {
			if offered(mirror.Service) {
				m.Mirrors = append(m.Mirrors, mirror)
			} else {
				unknown(mirror.Service, "it gets no copies")
			}
		}
		s.Mirroring = &m
		if !offered(m.Service) {
			c.drop(s, UnknownPart, fmt.Sprintf("service %s leads to service %s, which nobody offers", s.Name, m.Service))
		}
	case s.Failover != nil && !offered(s.Failover.Main):
		c.drop(s, UnknownPart, fmt.Sprintf("service %s leads to service %s, which nobody offers", s.Name, s.Failover.Main))
	case s.Failover != nil && s.Failover.Fallback != "" && !offered(s.Failover.Fallback):
		unknown(s.Failover.Fallback, "there is no fallback")
		s.Failover = &Failover{Main: s.Failover.Main}
	case len(s.Weighted) > 0:
		var parts []Part
		for _, p := range s.Weighted {
			if offered(p.Service) {
				parts = append(parts, p)
			} else {
				unknown(p.Service, "the others get its share")
			}
		}
		if s.Weighted = parts; len(parts) == 0 {
			c.drop(s, UnknownPart, fmt.Sprintf("service %s leads to no service that anybody offers", s.Name))
		}
	}
}

// nearestService is the service whose name is probably meant, or "".
func (c *compiler) nearestService(name string) string {
	var names []string
	for _, s := range c.ordered {
		if c.services[s.Name] == s {
			names = append(names, s.Name)
		}
	}
	meant, _ := Nearest(name, names)
	return meant
}

// sameParts says whether two services lead to the same.
func (s *Service) sameParts(other *Service) bool {
	return slices.Equal(s.Weighted, other.Weighted) && reflect.DeepEqual(s.Mirroring, other.Mirroring) && reflect.DeepEqual(s.Failover, other.Failover)
}

// spellParts is where a service leads, for its line.
func spellParts(weighted []Part, m *Mirroring, f *Failover) string {
	var b strings.Builder
	before := " weighted="
	for _, p := range weighted {
		fmt.Fprintf(&b, "%s%s:%d", before, p.Service, p.Weight)
		before = ","
	}
	if m != nil {
		b.WriteString(" main=" + m.Service)
		for _, mirror := range m.Mirrors {
			fmt.Fprintf(&b, " mirror=%s:%d%%", mirror.Service, mirror.Percent)
		}
		if m.MaxBody > 0 {
			fmt.Fprintf(&b, " maxbody=%d", m.MaxBody)
		}
		if m.NoBody {
			b.WriteString(" nobody")
		}
	}
	if f != nil {
		fmt.Fprintf(&b, " main=%s", f.Main)
		if f.Fallback != "" {
			b.WriteString(" fallback=" + f.Fallback)
		}
	}
	return b.String()
}
