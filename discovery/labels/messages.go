package labels

import (
	"cmp"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// What differs for services that answer messages: their port need not be said, and some labels say nothing to them.

// messagePort is where Seneca listens when nobody says otherwise.
const messagePort = 10101

// forMessages reports whether a rule of 1.x asks for messages, or would if its pin could be read.
func forMessages(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "Act:") || strings.HasPrefix(text, "Observe:")
}

// forMessages3 reports the same of a rule of Traefik 3.
func forMessages3(text string) bool {
	if low := strings.ToLower(text); !strings.Contains(low, "act") && !strings.Contains(low, "observe") {
		return false
	}
	rule, _, ok := rules.ParseTraefik3(text, rules.V3)
	return ok && rule.Messages()
}

// answersBeside reports whether the labels without a segment are a route of their own beside segments, which they never are for
// requests: Act:role:order, and Observe:role:user in a segment, is what a service of messages says.
func (s segment) answersBeside(others map[string]segment) bool {
	if !forMessages(s.labels["traefik.frontend.rule"].value) {
		return false
	}
	for _, other := range others {
		if _, has := other.labels["traefik.frontend.rule"]; !has {
			return false // it is this one's rule that it has
		}
	}
	return true
}

// portOfMessages gives a segment whose rule asks for messages the port that Seneca listens on, where it names none.
func (d *draft) portOfMessages() {
	if _, given := d.labels["traefik.port"]; !given && d.port == 0 && forMessages(d.rule.value) {
		d.port = messagePort
	}
}

// idleForMessages tells of labels that are of no use to a route of messages.
func (d *draft) idleForMessages(rule rules.Rule, filters []rules.Filter) {
	if !rule.Messages() {
		return
	}
	if d.priority > 0 {
		d.warn(d.labels["traefik.frontend.priority"], WithoutEffect, "no effect on messages: pins have an order of their own, in which the closer one goes first", "")
	}
	if e, ok := d.first("traefik.backend.loadbalancer.stick"); ok && (d.sticks || d.oldSticky) {
		d.warn(e, WithoutEffect, "no effect on messages: callers of Seneca keep no cookies", "")
	}
	if rule.Observes() && len(filters) > 0 {
		d.warn(d.rule, WithoutEffect, "copies pass no filters, so that those of this route have no effect", "")
	}
}

// messageService makes the service of swarm services that have routers for messages and declare none: a port is not needed.
func (t *reading3) messageService() {
	if len(t.names["services"]) > 0 {
		return
	}
	for _, name := range t.names["routers"] {
		options := t.own["routers."+name].options
		if options["service"].value == "" && forMessages3(options["rule"].value) {
			service := rules.Normalize(t.reading.service.Name)
			t.own["services."+service] = &element{key: "services." + service, service: t.reading.service, options: map[string]entry{}}
			t.names["services"] = []string{service}
			return
		}
	}
}

// answersMessages reports whether one of the service's own routers leads messages to a service of this name.
func (t *reading3) answersMessages(name string) bool {
	for _, router := range t.names["routers"] {
		options := t.own["routers."+router].options
		to := cmp.Or(strings.TrimSuffix(fullName(options["service"].value), "@swarm"), t.names["services"][0])
		if to == name && forMessages3(options["rule"].value) {
			return true
		}
	}
	return false
}
