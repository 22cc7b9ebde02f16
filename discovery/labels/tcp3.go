package labels

import (
	"fmt"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// TCP in the dialect of Traefik 3: traefik.tcp.routers, services and middlewares. They are elements like those of HTTP, of
// families of their own, and their services are called tcp.<name>, so that one name may be both.

// tcp is in front of a family that is TCP's.
const tcp = "tcp"

// labelOf is an element's label without its option, "traefik.tcp.routers.db" for "tcprouters.db".
func labelOf(key string) string {
	if rest, ok := strings.CutPrefix(key, tcp); ok {
		return "traefik.tcp." + rest
	}
	return "traefik.http." + key
}

// tcpName is a TCP service's name in the table.
func tcpName(name string) string { return "tcp." + fullName(name) }

func (t *reading3) tcpRouters() {
	for _, name := range t.names["tcprouters"] {
		t.tcpRouter(name, t.own["tcprouters."+name].options)
	}
}

func (t *reading3) tcpRouter(name string, options map[string]entry) {
	o := &options3{at: "traefik.tcp.routers." + name + ".", options: options, strict: true}
	o.tell = t.notServed()
	o.checkNames("tcprouters", &t.notes.guesses)
	spec := rules.RouteSpec{
		Label: options["rule"].name, Segment: name, Name: name, EntryPoints: o.list("entrypoints"), EntryPointsLabel: options["entrypoints"].name,
		Priority: o.priority(), PassHost: true, TCP: &rules.TCP{},
	}
	spec.TCP.Passthrough = o.boolean("tls.passthrough", false)
	spec.TCP.TLS = o.boolean("tls", false) || o.beneath("tls.")
	rule, ok := t.tcpRule(o, spec.TCP)
	spec.Rule = rule
	spec.Service = t.tcpTarget(name, options["service"])
	names := o.list("middlewares")
	if o.under("middlewares") && len(names) == 0 {
		o.tell(o.first("middlewares"), rules.Warning, MissingOption, "the list is empty, so the router has no middlewares, and is open", "")
	}
	filters, open := t.chain("tcpmiddlewares", names, options["middlewares"], nil)
	spec.Filters = filters
	if lost := t.lost("tcp " + name); lost || !open || o.spoiled {
		spec.Filters = []rules.Filter{rules.Closed{}} // left out, a wider router would let its connections in
	}
	if ok && spec.Service != "" {
		t.spec.Routes = append(t.spec.Routes, spec)
	}
}

// notServed tells of a router's options: what spoils a middleware has a router not served.
func (t *reading3) notServed() teller {
	return func(e entry, severity rules.Severity, code, message, suggestion string) {
		t.noteTo("")(e, severity, code, strings.Replace(message, "the middleware can't be used", "the router is not served", 1), suggestion)
	}
}

// tcpRule reads the router's rule; there is no default one.
func (t *reading3) tcpRule(o *options3, kind *rules.TCP) (rules.Rule, bool) {
	e := o.options["rule"]
	if e.value == "" {
		t.notes.add("", rules.Diagnostic{Label: o.at + "rule", Code: MissingOption, Severity: rules.Error, Message: "a TCP router has no default rule, so it is not served; " +
			"HostSNI(`*`) is for every connection, HostSNI(`a.com`) for those of TLS that ask for a host"})
		return rules.Rule{}, false
	}
	rule, found, ok := rules.ParseTCP(e.value, kind.TLS)
	for _, d := range found {
		d.Label, d.Value = e.name, e.shown()
		t.notes.add("", d)
	}
	return rule, ok
}

// tcpTarget is the service that a router leads to, as target is.
func (t *reading3) tcpTarget(router string, e entry) string {
	own := t.names["tcpservices"]
	switch {
	case e.value != "":
		if name := t.other(e); name != "" {
			return tcpName(name)
		}
		return ""
	case len(own) == 1:
		return tcpName(own[0])
	}
	message := "the router names no service, and none is declared beside it; traefik.tcp.services." + router + ".loadbalancer.server.port declares one"
	if len(own) > 1 {
		message = "the router names no service, and " + listed(own) + " are declared beside it, so it must say which"
	}
	t.notes.add("", rules.Diagnostic{Label: "traefik.tcp.routers." + router + ".service", Code: NoService, Severity: rules.Error, Message: message})
	return ""
}

// tcpService adds a TCP service to the spec.
func (t *reading3) tcpService(name string) {
	o := &options3{tell: t.noteTo(""), at: "traefik.tcp.services." + name + ".", options: t.own["tcpservices."+name].options}
	o.checkNames("tcpservices", &t.notes.guesses)
	spec := rules.ServiceSpec{Name: tcpName(name), Weight: 1, Presence: t.base.presence}
	ok := false
	switch weighted, own := o.under("weighted."), o.under("loadbalancer."); {
	case weighted && own:
		t.notes.add("", rules.Diagnostic{Label: o.at + "*", Code: BadService, Severity: rules.Error,
			Message: "a TCP service is one of loadbalancer and weighted, and this is both, so it is not offered"})
	case weighted:
		ok = t.tcpWeighted(o, &spec)
	default:
		ok = t.tcpLoadBalancer(o, &spec, name)
	}
	if ok {
		t.addShare(spec)
	}
}

// tcpWeighted leads to other TCP services by weights.
func (t *reading3) tcpWeighted(o *options3, s *rules.ServiceSpec) bool {
	s.PartsLabel = o.first("weighted.services").name
	shares, ok := t.shares(o, "weighted.services", "weight", 1, maxWeight)
	for _, share := range shares {
		s.Weighted = append(s.Weighted, rules.Part{Service: "tcp." + share.name, Weight: share.number})
		s.PartsLabel = share.label
	}
	return ok
}

// tcpLoadBalancer makes the service of the swarm service's tasks.
func (t *reading3) tcpLoadBalancer(o *options3, s *rules.ServiceSpec, name string) bool {
	d := *t.base
	d.scheme = "tcp"
	if o.boolean("loadbalancer.server.tls", false) {
		d.scheme = "tls"
	}
	ok := t.port3(o, &d, name)
	s.Weight = int(o.number("loadbalancer.server.weight", 1, 0, maxWeight))
	s.PerService = d.perService
	s.Check = tcpCheck(o, d.check)
	s.Transport.ProxyProtocol = d.proxyProtocol
	if o.under("loadbalancer.proxyprotocol.") && o.boolean("loadbalancer.proxyprotocol", true) {
		s.Transport.ProxyProtocol = int(o.number("loadbalancer.proxyprotocol.version", 2, 1, 2))
	}
	s.Transport.TerminationDelay = time.Duration(o.number("loadbalancer.terminationdelay", 0, -1, 1<<30)) * time.Millisecond
	if !ok {
		return false
	}
	s.Endpoints = t.endpoints(&d)
	return true
}

// tcpCheck is nil unless an option of health checks is there. A check is a connection that is made, and closed.
func tcpCheck(o *options3, usual rules.Check) *rules.Check {
	const start = "loadbalancer.healthcheck"
	if !o.under(start+".") || !o.boolean(start, true) {
		return nil
	}
	c := usual
	c.Path, c.Scheme = "", "tcp"
	c.Port = int(o.number(start+".port", 0, 1, 65535))
	c.Interval = max(o.period(start+".interval", usual.Interval), shortest)
	c.Timeout = max(o.period(start+".timeout", usual.Timeout), shortest)
	return &c
}

// setProxyProtocol reads appia.proxyprotocol.
func setProxyProtocol(d *draft, e entry) {
	versions := map[string]int{"v1": 1, "1": 1, "v2": 2, "2": 2}
	version, ok := versions[strings.ToLower(e.value)]
	if !ok {
		d.warn(e, BadChoice, fmt.Sprintf("%q is not a version of the PROXY protocol, v1 or v2, so no header is sent", e.value), "v2")
		return
	}
	d.proxyProtocol = version
}

// tellIdleHeader tells of the PROXY protocol's header where no endpoint gets it.
func (r *reading) tellIdleHeader() {
	value, given := r.service.Labels["appia.proxyprotocol"]
	if !given {
		return
	}
	for _, s := range r.spec.Services {
		if strings.HasPrefix(s.Name, "tcp.") {
			return
		}
	}
	r.notes.add("", about(newEntry("appia.proxyprotocol", value, nil), rules.Warning, WithoutEffect,
		"the header is for services of TCP (traefik.tcp.services), and this one has none, so it is not sent: connections to endpoints of HTTP are shared by clients, "+
			"who are told of in X-Forwarded-For"))
}

// kindsTCP are the kinds of TCP middlewares that are served.
var kindsTCP = map[string]func(o *options3, m *middleware3){"ipallowlist": tcpAllowList, "ipwhitelist": tcpAllowList, "inflightconn": inFlightConn}

func tcpAllowList(o *options3, m *middleware3) {
	if !o.missing("sourcerange") {
		m.add(rules.AllowList{Ranges: o.networks("sourcerange")})
	}
}

func inFlightConn(o *options3, m *middleware3) {
	if !o.missing("amount") {
		m.add(rules.InFlight{Amount: o.number("amount", 1, 1, 1<<40), Key: rules.Extractor{Kind: rules.ByClientIP}})
	}
}

var rowsTCP = []row3{
	{"tcprouters.<name>.rule", "text", served, "which connections are for the service: `HostSNI`, `HostSNIRegexp`, `ClientIP`, `ALPN` with `&&`, `||`, `!`; see [tcp.md](tcp.md)", "none: it must be given", "the router is not served"},
	{"tcprouters.<name>.priority", "number", served, "above 0 it overrides the length of the rule, the higher going first; ``HostSNI(`*`)`` alone goes last", "0", "the default holds"},
	{"tcprouters.<name>.entryPoints", "list", served, "entry points that serve the router", "`--defaultEntryPoints`", "unknown names are left out"},
	{"tcprouters.<name>.middlewares", "list", served, "TCP middlewares in the order in which connections pass them, of any service", "none", "the router is not served; empty: it is open, with an error of `appia check`"},
	{"tcprouters.<name>.service", "text", served, "the TCP service, of any service's labels", "the only one declared beside it", "the router is not served"},
	{"tcprouters.<name>.tls", "boolean", served, "`true`: the router is for connections of TLS, which Appia ends with the entry point's certificates", "`false`: it is for those without TLS", "the router is not served"},
	{"tcprouters.<name>.tls.passthrough", "boolean", served, "`true`: for connections of TLS, which go on to the endpoint as they are", "`false`", "the router is not served"},
	{"tcprouters.<name>.tls.options", "", idle, "it is as good as `tls=true`; how TLS is spoken, the entry point says", "", ""},
	{"tcprouters.<name>.tls.certResolver", "", idle, "it is as good as `tls=true`; certificates are the entry point's or ACME's", "", ""},
	{"tcprouters.<name>.tls.domains[n].main", "", idle, "it is as good as `tls=true`; certificates are the entry point's or ACME's", "", ""},
	{"tcprouters.<name>.tls.domains[n].sans", "", idle, "it is as good as `tls=true`; certificates are the entry point's or ACME's", "", ""},
	{"tcprouters.<name>.ruleSyntax", "", idle, "rules of TCP are read as Traefik 3 has them", "", ""},
	{"tcpservices.<name>.loadBalancer.server.port", "number", served, "port of every endpoint", "none: it must be given", "the service is not offered"},
	{"tcpservices.<name>.loadBalancer.server.tls", "boolean", served, "`true`: TLS is spoken to endpoints; their certificates must be for the name that the client asked for, by `--rootCAs`, unless `--insecureSkipVerify`", "`false`", "the default holds"},
	{"tcpservices.<name>.loadBalancer.server.weight", "number", served, "weight of each endpoint among all of the service", "1", "the default holds"},
	{"tcpservices.<name>.loadBalancer.server.address", "", lacking, "endpoints are the service's tasks, not an address", "", ""},
	{"tcpservices.<name>.loadBalancer.proxyProtocol", "boolean", served, "`true`: endpoints are told who the client is by the PROXY protocol's header, of version 2 unless said otherwise", "`false`", "the default holds"},
	{"tcpservices.<name>.loadBalancer.proxyProtocol.version", "number", served, "its version, 1 or 2; `appia.proxyprotocol` says the same for all TCP services of a swarm service", "2", "the default holds"},
	{"tcpservices.<name>.loadBalancer.terminationDelay", "number", served, "milliseconds that the other side may go on once one has said all; -1 is no bound", "endpoints have no bound, clients 10s", "the default holds"},
	{"tcpservices.<name>.loadBalancer.serversTransport", "", lacking, "settings of connections to endpoints, which are the router's flags here", "", ""},
	{"tcpservices.<name>.loadBalancer.healthCheck", "boolean", served, "`true` turns health checks on: a connection is made and closed; so does any option of them", "`false`: an endpoint is out once it refuses a connection", "the default holds"},
	{"tcpservices.<name>.loadBalancer.healthCheck.port", "number", served, "port that is checked", "the endpoint's", "the default holds"},
	{"tcpservices.<name>.loadBalancer.healthCheck.interval", "duration", served, "time from one check to the next", "`--healthcheck.interval`, 30s", "the default holds"},
	{"tcpservices.<name>.loadBalancer.healthCheck.timeout", "duration", served, "time that a check may take", "5s", "the default holds"},
	{"tcpservices.<name>.loadBalancer.healthCheck.send", "", lacking, "what a check says", "", ""},
	{"tcpservices.<name>.loadBalancer.healthCheck.expect", "", lacking, "what a check must hear", "", ""},
	{"tcpservices.<name>.loadBalancer.healthCheck.unhealthyInterval", "", lacking, "time from one check to the next of an endpoint that is down", "", ""},
	{"tcpservices.<name>.weighted.services", "list", served, "TCP services with their weights, `blue:90,green:10`, of any service's labels; Traefik has them in files only", "none", "the service is not offered"},
	{"tcpservices.<name>.weighted.services[n].name", "text", served, "the same in the form of Traefik's files: a service", "", "the service is not offered"},
	{"tcpservices.<name>.weighted.services[n].weight", "number", served, "and its weight", "1", "the service is not offered"},
	{"tcpservices.<name>.weighted.healthCheck", "", idle, "services without an endpoint that could answer are left out, whatever this says", "", ""},
	{"tcpmiddlewares.<name>.ipAllowList.sourceRange", "list", served, "addresses and networks that are let in", "none: it must be given", "routers that use it are not served"},
	{"tcpmiddlewares.<name>.ipWhiteList.sourceRange", "list", served, "the same, as Traefik 2 calls it", "none: it must be given", "routers that use it are not served"},
	{"tcpmiddlewares.<name>.inFlightConn.amount", "number", served, "connections that a client's address may have at the same time", "none: it must be given", "routers that use it are not served"},
}
