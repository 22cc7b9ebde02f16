package labels

import "github.com/appia-edge/appia/rules"

// requirePort refuses a segment without a port: in a swarm nothing tells what a task listens on.
func (r *reading) requirePort(d *draft, segment string) {
	switch {
	case d.port != 0 || d.refused:
	case r.spoken():
		message := "the port that the tasks listen on must be given, so the route is not served"
		if hasNewer(r.service.Labels) {
			message = "the labels of Traefik 1.x ask for a route beside those of Traefik 3, and the port that its tasks listen on must be given, so it is not served"
		}
		d.refuse(entry{name: inSegment(segment, "port")}, NoPort, message, "")
	default:
		d.refused = true
	}
}

// hasNewer reports whether labels of Traefik 3 stand among these.
func hasNewer(labels map[string]string) bool {
	for name := range labels {
		if later(properName(name)) {
			return true
		}
	}
	return false
}

func inSegment(segment, name string) string {
	if segment == "" {
		return traefik1.prefix + name
	}
	return traefik1.prefix + segment + "." + name
}

// ruleText is the segment's rule, not parsed yet.
func (r *reading) ruleText(d *draft, segment string) string {
	text := d.rule.value
	if text == "" {
		text = r.defaultRule(d)
	}
	if text == "" && !d.refused {
		d.refuse(entry{name: inSegment(segment, "frontend.rule")}, NoRule,
			"neither a rule nor a domain for the default rule is given, so the route is not served", "")
	}
	return text
}

// parse reads the segment's rule and tells what is wrong with it.
func (r *reading) parse(d *draft, text string) (rule rules.Rule, ok bool) {
	if text == "" {
		return rule, false
	}
	rule, found, ok := rules.ParseTraefik1(text)
	for _, note := range found {
		note.Label, note.Value = d.rule.name, text
		if note.Code == rules.HostNotASCII {
			note.Suggestion = punycode(text)
		}
		d.tell(note)
	}
	return rule, ok
}

// route is the segment's route to a service.
func (r *reading) route(d *draft, segment string, rule rules.Rule, text, service string, filters []rules.Filter) rules.RouteSpec {
	return rules.RouteSpec{
		Label: d.rule.name, Segment: segment, Name: frontendName(segment, service, text), Rule: rule, Priority: d.priority,
		EntryPoints: d.entryPoints, EntryPointsLabel: d.labels["traefik.frontend.entryPoints"].name,
		Service: service, PassHost: d.passHost, Filters: filters,
	}
}

// defaultRule is for segments without a rule: the service's name as a host of the domain. It is empty without a domain.
func (r *reading) defaultRule(d *draft) string {
	domain := d.domain
	if domain != "" {
		domain = "." + domain
	}
	if project, service, ok := r.compose(); ok {
		return "Host:" + hostLabel(service+"."+project) + domain
	}
	if domain == "" {
		return ""
	}
	return "Host:" + hostLabel(r.service.Name) + domain
}
