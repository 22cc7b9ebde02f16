package labels

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// service3 adds a service of Traefik 3 to the spec: this swarm service's tasks, or a way to lead to other services.
func (t *reading3) service3(name string) {
	prefix := "traefik.http.services." + name + "."
	o := &options3{tell: t.noteTo(""), at: prefix, options: t.own["services."+name].options}
	o.checkNames("services", &t.notes.guesses)
	spec := rules.ServiceSpec{Name: fullName(name), Weight: 1, Presence: t.base.presence}
	ok := true
	kinds := 0
	for _, kind := range []struct {
		start string
		read  func(*options3, *rules.ServiceSpec) bool
	}{{"weighted.", t.weighted}, {"mirroring.", t.mirroring}, {"failover.", t.failover}} {
		if o.under(kind.start) {
			kinds++
			ok = kind.read(o, &spec) && ok
		}
	}
	switch {
	case kinds == 0:
		ok = t.loadBalancer(o, &spec, name)
	case kinds > 1, o.under("loadbalancer."):
		t.notes.add("", rules.Diagnostic{Label: prefix + "*", Code: BadService, Severity: rules.Error,
			Message: "a service is one of loadbalancer, weighted, mirroring and failover, and this is several, so it is not offered"})
		ok = false
	}
	if ok {
		t.addShare(spec)
	}
}

// loadBalancer makes the service of the swarm service's tasks.
func (t *reading3) loadBalancer(o *options3, s *rules.ServiceSpec, name string) bool {
	d := *t.base
	ok := t.port3(o, &d, name) && t.scheme3(o, &d)
	s.Weight = int(o.number("loadbalancer.server.weight", 1, 0, maxWeight))
	s.PerService = d.perService
	s.Sticky = sticky3(o, "loadbalancer.sticky", s.Name)
	s.Check = check3(o, d.check)
	o.boolean("loadbalancer.passhostheader", true) // read by passHost, for routers of others too; told here
	if e := o.options["loadbalancer.strategy"]; e.value != "" && !strings.EqualFold(e.value, "wrr") {
		o.tell(e, rules.Warning, BadChoice, "no strategy but wrr is served, so wrr holds", "wrr")
	}
	if !ok {
		return false
	}
	s.Endpoints = t.endpoints(&d)
	return true
}

func (t *reading3) port3(o *options3, d *draft, name string) bool {
	e, given := o.options["loadbalancer.server.port"]
	if !given && t.answersMessages(name) {
		d.port = messagePort
		return true
	}
	if !given {
		t.notes.add("", rules.Diagnostic{Label: o.at + "loadbalancer.server.port", Code: NoPort, Severity: rules.Error,
			Message: "the port that the tasks of the service " + name + " listen on must be given, so it is not offered"})
		return false
	}
	port, err := strconv.Atoi(e.value)
	if err != nil || port < 1 || port > 65535 {
		o.tell(e, rules.Error, BadPort, "not a port from 1 to 65535, so the service is not offered", meantPort(e.value))
		return false
	}
	d.port = port
	return true
}

func (t *reading3) scheme3(o *options3, d *draft) bool {
	e, given := o.options["loadbalancer.server.scheme"]
	if !given || e.value == "" {
		return true
	}
	scheme, suggestion, ok := parseChoice(e.value, schemes)
	if !ok {
		o.tell(e, rules.Error, BadProtocol, "endpoints can't be spoken to by this protocol (http, https, h2c), so the service is not offered", suggestion)
		return false
	}
	d.scheme = scheme
	return true
}

// sticky3 is nil unless an option of the cookie is there.
func sticky3(o *options3, start, service string) *rules.Sticky {
	if !o.under(start+".") || !o.boolean(start, true) || !o.boolean(start+".cookie", true) {
		return nil
	}
	s := &rules.Sticky{
		Cookie: legalCookie(o.text(start + ".cookie.name")), Secure: o.boolean(start+".cookie.secure", false),
		HTTPOnly: o.boolean(start+".cookie.httponly", false), SameSite: strings.ToLower(o.text(start + ".cookie.samesite")),
	}
	if s.Cookie == "" {
		s.Cookie = cookieName(service)
	}
	switch s.SameSite {
	case "", "none", "lax", "strict":
	default:
		o.tell(o.options[start+".cookie.samesite"], rules.Warning, BadChoice, "not none, lax or strict, so no SameSite is sent", "")
		s.SameSite = ""
	}
	return s
}

// check3 is nil without a path.
func check3(o *options3, usual rules.Check) *rules.Check {
	const start = "loadbalancer.healthcheck."
	path := o.text(start + "path")
	if path == "" {
		return nil
	}
	d := draft{notes: &notebook{}}
	setCheckPath(&d, o.options[start+"path"])
	if d.check.Path == "" {
		o.tell(o.options[start+"path"], rules.Warning, BadPath, "not a path, so there are no health checks", "")
		return nil
	}
	c := usual
	c.Path = d.check.Path
	c.Port = int(o.number(start+"port", 0, 1, 65535))
	c.Host = o.text(start + "hostname")
	c.Interval = max(o.period(start+"interval", usual.Interval), shortest)
	c.Timeout = max(o.period(start+"timeout", usual.Timeout), shortest)
	if scheme := o.text(start + "scheme"); scheme != "" {
		known, suggestion, ok := parseChoice(scheme, schemes)
		if !ok {
			o.tell(o.options[start+"scheme"], rules.Warning, BadChoice, "not http, https or h2c, so the endpoint's own is used", suggestion)
		}
		c.Scheme = known
	}
	for _, p := range o.table(start + "headers") {
		c.Headers = append(c.Headers, rules.Pair{Name: textproto.CanonicalMIMEHeaderKey(p.Name), Value: p.Value})
	}
	return &c
}

// weighted leads to other services by weights: services=blue:90,green:10, or as in Traefik's files services[0].name.
func (t *reading3) weighted(o *options3, s *rules.ServiceSpec) bool {
	s.PartsLabel = o.first("weighted.services").name
	shares, ok := t.shares(o, "weighted.services", "weight", 1, maxWeight)
	for _, share := range shares {
		s.Weighted = append(s.Weighted, rules.Part{Service: share.name, Weight: share.number})
		s.PartsLabel = share.label
	}
	s.Sticky = sticky3(o, "weighted.sticky", s.Name)
	return ok
}

// mirroring leads to one service and sends copies to others: mirrors=shadow:10 is a tenth of all requests.
func (t *reading3) mirroring(o *options3, s *rules.ServiceSpec) bool {
	shares, ok := t.shares(o, "mirroring.mirrors", "percent", 0, 100)
	main, found := t.named(o, "mirroring.service")
	s.PartsLabel = o.options["mirroring.service"].name
	m := &rules.Mirroring{Service: main, MaxBody: max(0, o.number("mirroring.maxbodysize", 0, -1, 1<<40)), NoBody: !o.boolean("mirroring.mirrorbody", true)}
	for _, share := range shares {
		m.Mirrors = append(m.Mirrors, rules.Mirror{Service: share.name, Percent: share.number})
	}
	s.Mirroring = m
	return ok && found
}

func (t *reading3) failover(o *options3, s *rules.ServiceSpec) bool {
	main, ok := t.named(o, "failover.service")
	fallback, also := t.named(o, "failover.fallback")
	s.PartsLabel = o.options["failover.service"].name
	s.Failover = &rules.Failover{Main: main, Fallback: fallback}
	return ok && also
}

func (t *reading3) named(o *options3, name string) (string, bool) {
	e, ok := o.options[name]
	if !ok || e.value == "" {
		kind, _, _ := strings.Cut(name, ".")
		t.notes.add("", rules.Diagnostic{Label: o.at + name, Code: MissingOption, Severity: rules.Error,
			Message: fmt.Sprintf("%s needs the option %s, so the service is not offered", kind, name)})
		return "", false
	}
	full := t.other(e)
	return full, full != ""
}

// A share3 is a service with its weight or percentage.
type share3 struct {
	name, label string
	number      int
}

// shares are the services of a list, in either form.
func (t *reading3) shares(o *options3, list, number string, usual, most int64) (all []share3, ok bool) {
	ok = true
	add := func(e, of entry, value string, given bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if !given {
			n, err = usual, nil
		}
		if err != nil || n < 0 || n > most {
			o.tell(of, rules.Error, BadNumber, fmt.Sprintf("%q is not a %s from 0 to %d, so the service is not offered", value, number, most), "")
			ok = false
			return
		}
		full := t.other(e)
		ok = ok && full != ""
		all = append(all, share3{name: full, label: of.name, number: int(n)})
	}
	if e, short := o.options[list]; short {
		for item := range strings.SplitSeq(e.value, ",") {
			name, value, given := strings.Cut(strings.TrimSpace(item), ":")
			if name != "" {
				add(entry{name: e.name, written: name, value: name}, e, value, given)
			}
		}
	}
	for _, n := range o.indexes(list) {
		at := fmt.Sprintf("%s[%d].", list, n)
		e, named := o.options[at+"name"]
		of, given := o.options[at+number]
		if !named || e.value == "" {
			o.tell(of, rules.Error, MissingOption, "the service of this number has no name, so the whole is not offered", "")
			ok = false
			continue
		}
		if !given {
			of = e
		}
		add(e, of, of.value, given)
	}
	if len(all) == 0 && ok {
		o.tell(o.first(list), rules.Error, MissingOption, "no service is named, so this one is not offered", "")
		ok = false
	}
	return all, ok
}
