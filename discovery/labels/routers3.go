package labels

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// routers reads the service's routers; a service that declares none has one, with the default rule.
func (t *reading3) routers() {
	t.halve()
	for _, name := range t.names["routers"] {
		t.router(name, t.own["routers."+name].options)
	}
	if len(t.names["routers"]) > 0 || len(t.names["services"]) == 0 {
		return
	}
	if len(t.names["services"]) > 1 {
		t.notes.add("", rules.Diagnostic{Code: NoRouter, Severity: rules.Error, Message: "the service declares " +
			listed(t.names["services"]) + " and no router, so there is no telling which of them the default rule leads to"})
		return
	}
	t.router(rules.Normalize(t.reading.service.Name), nil)
}

func (t *reading3) router(name string, options map[string]entry) {
	prefix := "traefik.http.routers." + name + "."
	// An option nobody knows may be a lock misspelled: the router is as strict as its middlewares.
	o := &options3{at: prefix, options: options, strict: true, tell: t.notServed()}
	o.checkNames("routers", &t.notes.guesses)
	rule, read := t.rule3(o, options["rule"])
	ok := read
	spec := rules.RouteSpec{
		Label: options["rule"].name, Segment: name, Name: name, Rule: rule, EntryPoints: o.list("entrypoints"),
		EntryPointsLabel: options["entrypoints"].name, Priority: o.priority(),
	}
	spec.TLS = o.boolean("tls", false) || o.beneath("tls.")
	spec.Service = t.target(name, options["service"])
	if e, locks := firstOption(options, "middleware"); locks && spec.Service == "" && len(t.names["services"]) == 0 && len(t.spec.Routes) > 0 {
		t.loose = true
		t.notes.add("", about(e, rules.Error, BadMiddleware, "the router "+name+" leads to no service, so that nothing passes its middlewares; "+
			"the service's routes of Traefik 1.x are not served, lest they be open to anybody"))
	}
	spec.PassHost = t.passHost(spec.Service)
	names := o.list("middlewares")
	if o.under("middlewares") && len(names) == 0 {
		o.tell(o.first("middlewares"), rules.Warning, MissingOption, "the list is empty, so the router has no middlewares, and is open", "")
	}
	filters, open := t.chain("middlewares", names, options["middlewares"], nil)
	spec.Filters = filters
	if lost := t.lost(name); lost || !open || o.spoiled {
		spec.Filters = []rules.Filter{rules.Closed{}} // left out, a wider router would let its requests in
		ok = ok && (options["rule"].value != "" || len(t.names["routers"]) == 1)
	}
	if ok && spec.Service != "" {
		t.spec.Routes = append(t.spec.Routes, spec)
		return
	}
	text := options["rule"].value
	if read {
		text = rule.Text
	}
	t.refuse(spec, text, !read)
}

// halve finds routers that a slip in a name made two of: one has the rule, the other the lock. A router with middlewares and
// no rule has the default one, in Traefik 3 as here; that it was meant so is hard to believe beside a router whose name is
// nearly the same, or whose rule stands alone.
func (t *reading3) halve() {
	for _, name := range t.names["routers"] {
		options := t.own["routers."+name].options
		e, locks := firstOption(options, "middleware")
		limits := locks
		if !locks {
			e, limits = firstOption(options, "entrypoint")
		}
		switch {
		case !limits || options["rule"].value != "" || len(t.names["routers"]) == 1:
		case t.notes.guesses.another():
			t.otherHalf(e, name, locks)
		case locks:
			t.stray = &e
		}
	}
}

// otherHalf looks for the router that has the rule of one without.
func (t *reading3) otherHalf(e entry, name string, locks bool) {
	for _, other := range t.names["routers"] {
		options := t.own["routers."+other].options
		if options["rule"].value == "" {
			continue
		}
		_, locked := firstOption(options, "middleware")
		alone := locks && !locked && len(t.names["routers"]) == 2
		if alone || slip(strings.ToLower(name), strings.ToLower(other)) {
			t.tellHalves(e, name, other)
		}
	}
}

// slip reports whether a name is another one mistyped. Short names are near to all others, and r1 and r2 are two.
func slip(name, other string) bool {
	return len(name) > 2 && rules.Typos(name, other, most(name)) <= most(name) && (name == other || unnumbered(name) != unnumbered(other))
}

func unnumbered(name string) string { return strings.Trim(name, "-_0123456789") }

// firstOption is the first that has a value of the options that begin like this, the numbered and the misspelled ones too.
func firstOption(options map[string]entry, start string) (entry, bool) {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if strings.HasPrefix(name, start) && options[name].value != "" {
			return options[name], true
		}
	}
	return entry{}, false
}

func (t *reading3) tellHalves(e entry, name, other string) {
	t.halves[name], t.halves[other] = true, true
	d := about(e, rules.Error, BadMiddleware, "the router "+name+" has no rule, and "+other+" lacks what this label says; if they are one, neither should be open, "+
		"so neither is served; if they are two, give "+name+" a rule")
	d.Suggestion = "traefik.http.routers." + other + "." + e.name[len("traefik.http.routers.")+len(name)+1:]
	t.notes.add("", d)
}

// lost tells of a label that was to give a router its middlewares and does not.
func (t *reading3) lost(name string) bool {
	if t.halves[name] {
		return true
	}
	if e, lost := t.shut[name]; lost {
		t.notes.add("", about(e, rules.Error, BadMiddleware, "written so, the router "+strings.TrimPrefix(name, "tcp ")+" has no middlewares; it is not served, lest it be open to anybody"))
		return true
	}
	if t.stray != nil {
		t.notes.add("", about(*t.stray, rules.Error, BadMiddleware, "this label is no router's and gives none its middlewares; the service's routers are not served, lest one be open to anybody"))
	}
	if e := t.reading.astray; e != nil {
		t.notes.add("", about(*e, rules.Error, ProtectionNotServed, "this label is of Traefik 1.x and protects none of Traefik 3's routers, and without traefik.port and a rule "+
			"there is no route that it could; the service's routers are not served, lest they be open to anybody"))
	}
	return t.stray != nil || t.reading.astray != nil
}

// rule3 reads the router's rule, or makes the default one: the service's name as a host.
func (t *reading3) rule3(o *options3, e entry) (rules.Rule, bool) {
	syntax := rules.V3
	switch s := o.text("rulesyntax"); strings.ToLower(s) {
	case "", "v3", "default":
	case "v2":
		syntax = rules.V2
	default:
		o.tell(o.options["rulesyntax"], rules.Warning, BadChoice, "neither v3 nor v2, so v3 holds", "")
	}
	text := e.value
	if text == "" {
		text = "Host(`" + rules.Normalize(t.reading.service.Name) + "`)"
	}
	rule, found, ok := rules.ParseTraefik3(text, syntax)
	for _, d := range found {
		d.Label, d.Value = e.name, e.shown()
		t.notes.add("", d)
	}
	return rule, ok
}

// priority is above 0, or the rule's length.
func (o *options3) priority() int {
	e, ok := o.options["priority"]
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(e.value, 10, 64)
	switch {
	case err != nil:
		o.tell(e, rules.Warning, BadNumber, "not a whole number, so the length of the rule counts", meantNumber(e.value))
	case n <= 0:
		o.tell(e, rules.Info, WithoutEffect, "a priority of 0 or below means the length of the rule", "")
	}
	return int(max(n, 0))
}

// target is the service that a router leads to, the only one that is declared beside it where it names none; "": told.
func (t *reading3) target(router string, e entry) string {
	own := t.names["services"]
	switch {
	case e.value != "":
		return t.other(e)
	case len(own) == 1:
		return fullName(own[0])
	}
	message := "the router names no service, and none is declared beside it"
	if len(own) > 1 {
		message = "the router names no service, and " + listed(own) + " are declared beside it, so it must say which"
	}
	if len(own) == 0 && len(t.base.labels) > 0 {
		message += "; a port alone makes none, traefik.http.services." + router + ".loadbalancer.server.port does"
	}
	t.notes.add("", rules.Diagnostic{Label: "traefik.http.routers." + router + ".service", Code: NoService, Severity: rules.Error, Message: message})
	return ""
}

// other is a service by its name, with or without its provider's.
func (t *reading3) other(e entry) string {
	if name, provider, found := strings.Cut(e.value, "@"); found && provider != "swarm" && provider != "docker" {
		t.notes.add("", about(e, rules.Error, NoService, fmt.Sprintf("%s is a service of the provider %s, and there is none but swarm", name, provider)))
		return ""
	}
	return fullName(e.value)
}

// passHost is said by the service's labels, whoever declares it.
func (t *reading3) passHost(service string) bool {
	e := t.find("services." + strings.TrimSuffix(service, "@swarm"))
	if e == nil {
		return true
	}
	o := options3{tell: func(entry, rules.Severity, string, string, string) {}, options: e.options}
	return o.boolean("loadbalancer.passhostheader", true)
}
