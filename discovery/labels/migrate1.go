package labels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// write1 writes a spec in the dialect of Traefik 1.x: a router is a segment, or the whole service where it is the only one.
func (m *migration) write1(spec *rules.Spec) {
	for i := range spec.Routes {
		r := &spec.Routes[i]
		segment := ""
		if len(spec.Routes) > 1 {
			segment = m.free(r.Segment)
		}
		m.route1(segment, r, spec)
	}
}

// unsaid1 is why a spec cannot be said in 1.x without a route being lost, its own or another's that leads here; "": it can.
func (m *migration) unsaid1(spec *rules.Spec) string {
	for i := range spec.Services {
		if len(leads(&spec.Services[i])) > 0 {
			return "its service " + short(spec.Services[i].Name) + " leads to other services, which 1.x has no words for; give those that share requests one traefik.backend and one rule"
		}
	}
	for i := range spec.Routes {
		r := &spec.Routes[i]
		if text, _ := r.Rule.Traefik1(); text == "" {
			return "1.x has no words for the rule " + r.Rule.Text
		}
		if !declares(spec, r.Service) {
			return "its router " + r.Segment + " leads to " + short(r.Service) + ", which another service declares, and 1.x has no words for that"
		}
	}
	for i := range m.all {
		other := &m.all[i]
		if name := leadsTo(other, spec); name != "" && other.Owner.ID != spec.Owner.ID {
			return other.Owner.Name + " leads to its service " + short(name) + " by name, which 1.x has no words for"
		}
	}
	return ""
}

func declares(spec *rules.Spec, service string) bool {
	return slices.ContainsFunc(spec.Services, func(s rules.ServiceSpec) bool { return s.Name == service })
}

// leads are the services that a service leads to instead of endpoints.
func leads(s *rules.ServiceSpec) (names []string) {
	for _, p := range s.Weighted {
		names = append(names, p.Service)
	}
	if s.Mirroring != nil {
		names = append(names, s.Mirroring.Service)
		for _, mirror := range s.Mirroring.Mirrors {
			names = append(names, mirror.Service)
		}
	}
	if s.Failover != nil {
		names = append(names, s.Failover.Main, s.Failover.Fallback)
	}
	return names
}

// leadsTo is a service of a spec that the routes or services of another lead to; "": none. A service that both declare is
// each one's own.
func leadsTo(other, spec *rules.Spec) string {
	var names []string
	for i := range other.Services {
		names = append(names, leads(&other.Services[i])...)
	}
	for _, r := range other.Routes {
		if !declares(other, r.Service) {
			names = append(names, r.Service)
		}
	}
	for _, name := range names {
		if declares(spec, name) {
			return name
		}
	}
	return ""
}

// unguarded is why a route of Traefik 3 would let in others if it were written for 1.x; "": it would not.
func unguarded(filters []rules.Filter) string {
	locks, lists := 0, 0
	for _, f := range filters {
		switch f := f.(type) {
		case rules.BasicAuth, rules.DigestAuth, rules.ForwardAuth:
			locks++
		case rules.AllowList:
			lists++
			if f.Depth > 0 || len(f.Excluded) > 0 {
				return "1.x has no ipStrategy, and its white list would let in others"
			}
		}
	}
	switch {
	case locks > 1:
		return "a route of 1.x has one kind of authentication, and the others would be lost"
	case lists > 1:
		return "a route of 1.x has one white list, and the others would be lost"
	}
	return ""
}

func (m *migration) route1(segment string, r *rules.RouteSpec, spec *rules.Spec) {
	at := "traefik."
	if segment != "" {
		at += segment + "."
	}
	text, exact := r.Rule.Traefik1()
	if !exact {
		m.note("the rule " + text + " means a little more in 1.x than " + r.Rule.Text + " does: it redirects where the trailing slash is wrong")
	}
	text, rest := m.modifiers1(text, r)
	m.say(at+"frontend.rule", text)
	m.set(at+"frontend.priority", strconv.Itoa(weighed(r)))
	if len(r.EntryPoints) > 0 {
		m.set(at+"frontend.entryPoints", strings.Join(r.EntryPoints, ","))
	}
	if !r.PassHost {
		m.set(at+"frontend.passHostHeader", "false")
	}
	m.share1(at, r.Service, spec)
	m.filters1(at+"frontend.", rest)
}

// say sets a text, its backslashes doubled where 1.x would take them for escapes.
func (m *migration) say(name, value string) {
	if unescape(value) != value {
		doubled := strings.ReplaceAll(value, `\`, `\\`)
		if unescape(doubled) != value {
			m.note("the value of " + name + " cannot be written for 1.x, which reads backslashes as escapes")
			return
		}
		value = doubled
	}
	m.set(name, value)
}

// modifiers1 puts the changes of path that a chain begins with into the rule, where 1.x has them; rest is the other filters.
func (m *migration) modifiers1(text string, r *rules.RouteSpec) (rule string, rest []rules.Filter) {
	rule = text
	for i, f := range r.Filters {
		rewrite, ok := f.(rules.Rewrite)
		if !ok {
			rest = append(rest, f)
			continue
		}
		if len(rest) > 0 || i > 1 {
			m.note("1.x changes paths before all filters, whatever their order")
		}
		rule = m.modifier1(rule, rewrite)
	}
	return rule, rest
}

func (m *migration) modifier1(rule string, f rules.Rewrite) string {
	switch f.Kind {
	case "addPrefix":
		return rule + ";AddPrefix:" + f.Args[0]
	case "replacePath":
		return rule + ";ReplacePath:" + f.Args[0]
	case "replacePathRegex":
		return rule + ";ReplacePathRegex:" + f.Args[0] + " " + f.Args[1]
	case "stripPrefix":
		plain, strip := "PathPrefix:"+strings.Join(f.Args, ","), "PathPrefixStrip:"+strings.Join(f.Args, ",")
		parts := strings.Split(rule, ";")
		if i := slices.Index(parts, plain); i >= 0 {
			parts[i] = strip
			return strings.Join(parts, ";")
		}
		m.note("1.x strips what its rule asks for and answers 404 otherwise: " + strip + " is written, which matches such paths alone")
		return rule + ";" + strip
	}
	m.note("1.x strips by templates, not by regexps: write PathPrefixStripRegex for " + strings.Join(f.Args, ", "))
	return rule
}

// share1 writes the service that a route leads to, which is the spec's own.
func (m *migration) share1(at, service string, spec *rules.Spec) {
	i := slices.IndexFunc(spec.Services, func(s rules.ServiceSpec) bool { return s.Name == service })
	s := &spec.Services[i] // unsaid1 has seen to it that it is there
	port, scheme, ok := portAndScheme(s)
	if !ok {
		m.stays = "the endpoints of its service " + short(service) + " have several ports or none, and a route of 1.x has one"
		return
	}
	m.set(at+"port", port)
	if scheme != "http" {
		m.set(at+"protocol", scheme)
	}
	if s.Weight != 1 {
		m.set(at+"weight", strconv.Itoa(s.Weight))
	}
	if m.shared(service, spec) {
		m.set(at+"backend", short(service))
	}
	m.settings1(s)
}

// shared reports whether others depend on a service's name: they have a share of it, or it makes their error pages.
func (m *migration) shared(service string, spec *rules.Spec) bool {
	makes := func(f rules.Filter) bool { page, ok := f.(rules.ErrorPage); return ok && page.Service == service }
	for _, other := range m.all {
		if slices.ContainsFunc(other.Routes, func(r rules.RouteSpec) bool { return slices.ContainsFunc(r.Filters, makes) }) {
			return true
		}
	}
	return slices.ContainsFunc(m.all, func(other rules.Spec) bool {
		return other.Owner.ID != spec.Owner.ID && slices.ContainsFunc(other.Services, func(s rules.ServiceSpec) bool { return s.Name == service })
	})
}

func (m *migration) settings1(s *rules.ServiceSpec) {
	const at = "traefik.backend."
	if s.Balance == rules.DRR {
		m.set(at+"loadbalancer.method", "drr")
	}
	if k := s.Sticky; k != nil {
		m.set(at+"loadbalancer.stickiness", "true")
		m.say(at+"loadbalancer.stickiness.cookieName", k.Cookie)
		if k.Secure {
			m.set(at+"loadbalancer.stickiness.secure", "true")
		}
		if k.HTTPOnly {
			m.set(at+"loadbalancer.stickiness.httpOnly", "true")
		}
		if k.SameSite != "" {
			m.set(at+"loadbalancer.stickiness.sameSite", k.SameSite)
		}
	}
	if c := s.Check; c != nil {
		m.check1(at+"healthcheck.", c)
	}
	if c := s.MaxConn; c != nil {
		m.set(at+"maxconn.amount", strconv.FormatInt(c.Amount, 10))
		m.set(at+"maxconn.extractorfunc", c.Extractor.String())
	}
}

func (m *migration) check1(at string, c *rules.Check) {
	m.say(at+"path", c.Path)
	m.checked(at, c)
	if c.Host != "" {
		m.say(at+"hostname", c.Host)
	}
	m.pairs1(at+"headers", c.Headers)
}

// checked writes what both dialects say of a check in the same words.
func (m *migration) checked(at string, c *rules.Check) {
	m.set(at+"interval", c.Interval.String())
	if c.Port != 0 {
		m.set(at+"port", strconv.Itoa(c.Port))
	}
	if c.Scheme != "" {
		m.set(at+"scheme", c.Scheme)
	}
}

// pairs1 writes NAME:value items between ||.
func (m *migration) pairs1(name string, pairs []rules.Pair) {
	var items []string
	for _, p := range pairs {
		if strings.Contains(p.Value, "||") {
			m.note("a value with || cannot be written for 1.x: " + p.Name + " of " + name + " is left out")
			continue
		}
		items = append(items, p.Name+":"+p.Value)
	}
	if len(items) > 0 {
		m.say(name, strings.Join(items, "||"))
	}
}

// filters1 writes filters, which in 1.x see a request in an order of their own.
func (m *migration) filters1(at string, filters []rules.Filter) {
	last, rates := 0, 0
	for _, f := range filters {
		if rank := rankOf(f); rank < last {
			m.note("1.x has an order of its own for filters: white list, redirect, headers, authentication, limits")
		} else {
			last = rank
		}
		if limit, ok := f.(rules.RateLimit); ok {
			for _, r := range limit.Rates {
				rates++
				m.rate1(at+"rateLimit.", rates, r, limit.Key)
			}
			continue
		}
		m.filter1(at, f)
	}
}

func (m *migration) rate1(at string, n int, r rules.Rate, key rules.Extractor) {
	name := r.Name
	if name == "" {
		name = "rate" + strconv.Itoa(n)
	}
	if key.Depth > 0 || key.Excluded != nil {
		m.note("1.x counts by the connection's address: ipStrategy is left out")
	}
	m.set(at+"extractorFunc", key.String())
	m.set(at+"rateSet."+name+".period", r.Period.String())
	m.set(at+"rateSet."+name+".average", strconv.FormatInt(r.Average, 10))
	m.set(at+"rateSet."+name+".burst", strconv.FormatInt(r.Burst, 10))
}

func (m *migration) filter1(at string, f rules.Filter) {
	w := words{}
	switch f := f.(type) {
	case rules.BasicAuth:
		at += "auth.basic."
		m.users1(&w, f.Users, f.UsersFile, f.Realm, f.RemoveHeader)
		m.field1(at, f.HeaderField)
	case rules.DigestAuth:
		at += "auth.digest."
		m.users1(&w, f.Users, f.UsersFile, f.Realm, f.RemoveHeader)
		m.field1(at, f.HeaderField)
	case rules.ForwardAuth:
		m.field1(at+"auth.x.", f.HeaderField)
		at += "auth.forward."
		w.forward(f)
		m.only(&w, "address", "trustForwardHeader", "authResponseHeaders", "tls.ca", "tls.caOptional", "tls.cert", "tls.key", "tls.insecureSkipVerify")
	case rules.AllowList:
		at += "whiteList."
		w.allow(f, func(string) {})
		m.only(&w, "sourceRange")
		w.flag("useXForwardedFor", f.AnyForwarded)
	case rules.Redirect:
		at += "redirect."
		w.add("regex", f.Regexp.String())
		w.add("replacement", f.Replacement)
		w.flag("permanent", f.Permanent)
	case rules.RedirectEntryPoint:
		at += "redirect."
		w.add("entryPoint", f.Name)
		w.flag("permanent", f.Permanent)
	case rules.RedirectScheme:
		m.note("1.x redirects to an entry point, not to a scheme: redirect.entryPoint=" + f.Scheme + " is written")
		at += "redirect."
		w.add("entryPoint", f.Scheme)
		w.flag("permanent", f.Permanent)
	case rules.Headers:
		m.headers1(at+"headers.", f)
		return
	case rules.ErrorPage:
		at = m.page1(at, f.Name)
		w.add("status", strings.Join(statusTexts(f.Status), ","))
		w.add("backend", short(f.Service))
		w.add("query", f.Query)
	case rules.Buffering:
		at = "traefik.backend.buffering."
		w.buffering(f)
	case rules.CircuitBreaker:
		at = "traefik.backend.circuitbreaker."
		w.breaker(f)
		m.only(&w, "expression")
	case rules.InFlight:
		m.note("1.x limits the requests of a service, not of a router: maxconn is written for inFlightReq")
		at = "traefik.backend.maxconn."
		w.add("amount", strconv.FormatInt(f.Amount, 10))
		w.add("extractorfunc", f.Key.String())
	case rules.ClientCert:
		at += "passTLSClientCert."
		w.certificate(f, "infos.", "")
		if f.V3 {
			m.note("1.x tells of a client's certificate in another form, and in X-Forwarded-Tls-Client-Cert-Infos")
		}
		if f.Serial {
			m.note("1.x does not tell the serial number of a client's certificate")
		}
	default:
		m.note("1.x has no label for " + rules.Kind(f) + "; compress is an option of its entry points, retry a flag")
		return
	}
	for _, o := range w.options {
		m.say(at+o.Name, o.Value)
	}
}

// page1 is where the labels of a page stand. 1.x runs pages by their names, the last first.
func (m *migration) page1(at, name string) string {
	if name == "" {
		name = "page"
		for n := 999; m.taken[at+name]; n-- {
			name = fmt.Sprintf("p%03d", n)
		}
	}
	m.taken[at+name] = true
	return at + "errors." + name + "."
}

func (m *migration) users1(w *words, users []string, file, realm string, remove bool) {
	if realm != "traefik" && realm != "" {
		m.note("1.x has one realm, traefik: " + realm + " is left out")
	}
	w.add("users", strings.Join(users, ","))
	w.add("usersFile", file)
	w.flag("removeHeader", remove)
}

func (m *migration) field1(at, field string) {
	if field != "" {
		m.set(at[:strings.Index(at, "auth.")]+"auth.headerField", field)
	}
}

// only keeps the options that 1.x has, and notes the others.
func (m *migration) only(w *words, names ...string) {
	w.options = slices.DeleteFunc(w.options, func(o rules.Pair) bool {
		if slices.Contains(names, o.Name) {
			return false
		}
		m.note("1.x has no " + o.Name + " for this; it is left out")
		return true
	})
}

func (m *migration) headers1(at string, f rules.Headers) {
	m.pairs1(at+"customRequestHeaders", f.Request)
	m.pairs1(at+"customResponseHeaders", f.Response)
	m.pairs1(at+"SSLProxyHeaders", f.SSLProxyHeaders)
	if len(f.Response) > 0 && f.Always {
		m.note("1.x sets response fields on answers of endpoints alone, Traefik 3 on the router's own too")
	}
	if f.CORS != nil {
		m.note("1.x does not answer for CORS: accessControl options are left out")
	}
	for _, s := range security {
		value := s.value(&f.Security)
		switch {
		case value == "":
		case s.one == "":
			m.note("1.x has no " + s.three)
		default:
			m.say(at+s.one, value)
		}
	}
}
