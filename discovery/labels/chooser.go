package labels

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A chooser picks the network on which each of a service's tasks is spoken to. Traefik 1.x picked at random where
// labels left a choice; a chooser has a rule for it, and says what it had to do without.
type chooser struct {
	networks *networks
	who      string // "the task"
	service  string
	label    entry  // traefik.docker.network; no value: not given
	fallback string // --docker.network
	notes    []rules.Diagnostic
}

func (r *reading) chooser(d *draft, who string) *chooser {
	return &chooser{who: who, networks: r.networks, service: r.service.Name, label: d.network, fallback: r.options.Network}
}

// choose returns the address to speak to.
func (c *chooser) choose(addresses []snapshot.Address) (ip netip.Addr, ok bool) {
	on := c.networks.on(addresses)
	names := slices.Sorted(maps.Keys(on))
	name, ok := c.labelled(names)
	if !ok {
		name, ok = c.common(names)
	}
	return on[name].IP.Unmap(), ok
}

// labelled is the network of the label if the task is on it, also under the name that its stack made of it.
func (c *chooser) labelled(names []string) (string, bool) {
	wanted := c.label.value
	switch {
	case wanted == "":
		return "", false
	case slices.Contains(names, wanted):
		c.warnUnshared(wanted)
		return wanted, true
	}
	i := slices.IndexFunc(names, func(name string) bool { return stacked(name, wanted, c.service) })
	if i < 0 {
		nearest, _ := rules.Nearest(wanted, names)
		c.note(about(c.label, rules.Warning, NetworkNotAttached,
			c.who+" is on "+listed(names)+" and not on this network, so the label is ignored"), nearest)
		return "", false
	}
	c.note(about(c.label, rules.Warning, NetworkRenamed, "the stack's network of this name is called "+names[i]+", which is used"), names[i])
	c.warnUnshared(names[i])
	return names[i], true
}

// warnUnshared tells of a network that the author insists on and the router isn't on.
func (c *chooser) warnUnshared(name string) {
	if c.networks.attached(name) {
		return
	}
	c.note(about(c.label, rules.Warning, NetworkNotShared,
		"the router is on "+listed(c.networks.own)+" and not on "+name+", so requests will time out"), "")
}

// common is the network for a task whose label names none of its own: the router's option, else the first by name
// that both are on.
func (c *chooser) common(names []string) (string, bool) {
	if slices.Contains(names, c.fallback) {
		return c.fallback, true
	}
	if !c.networks.known {
		return c.only(names)
	}
	i := slices.IndexFunc(names, c.networks.attached)
	if i < 0 {
		c.note(rules.Diagnostic{Code: NoCommonNetwork, Severity: rules.Error, Message: c.who + " is on " + listed(names) +
			" and the router on " + listed(c.networks.own) + "; with no network in common it gets no requests"}, "")
		return "", false
	}
	return names[i], true
}

// only is for a router that doesn't know its own networks, one outside of a container.
func (c *chooser) only(names []string) (string, bool) {
	switch len(names) {
	case 1:
		return names[0], true
	case 0:
		c.note(rules.Diagnostic{Code: NoCommonNetwork, Severity: rules.Error,
			Message: c.who + " is on no network but ingress, so it gets no requests"}, "")
		return "", false
	}
	c.note(rules.Diagnostic{Code: AmbiguousNetwork, Severity: rules.Error, Message: c.who + " is on " + listed(names) +
		" and the router doesn't know its own networks, so one must be named; it gets no requests"}, "traefik.docker.network="+names[0])
	return "", false
}

func (c *chooser) note(d rules.Diagnostic, suggestion string) {
	d.Suggestion = suggestion
	c.notes = append(c.notes, d)
}

// report tells what was noted. While other tasks serve the route, a task left out is no more than a warning.
func (c *chooser) report(d *draft, served bool) {
	for _, note := range c.notes {
		if served {
			note.Severity = min(note.Severity, rules.Warning)
		}
		d.tell(note)
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "no network"
	}
	return strings.Join(names, ", ")
}
