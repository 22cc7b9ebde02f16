package labels

import (
	"fmt"
	"maps"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// chain makes the filters of a router's middlewares, in order. One that is not there or can't be used closes the router:
// what it was to keep out must not come in. of are the chains that name these, the outermost first.
func (t *reading3) chain(family string, names []string, label entry, of []string) (filters []rules.Filter, open bool) {
	open = true
	for _, name := range names {
		made, ok := t.byName(family, name, label, of)
		filters = append(filters, made...)
		open = open && ok
	}
	return filters, open
}

func (t *reading3) byName(family, name string, label entry, of []string) ([]rules.Filter, bool) {
	refuse := func(code, format string, args ...any) ([]rules.Filter, bool) {
		t.notes.add("", about(label, rules.Error, code, fmt.Sprintf(format, args...)+", so the router is not served"))
		return nil, false
	}
	plain := names3.ReplaceAllString(name, "")
	if _, provider, found := strings.Cut(plain, "@"); found {
		return refuse(NoMiddleware, "%s is a middleware of the provider %s, and there is none but swarm", name, provider)
	}
	if slices.Contains(of, plain) {
		return refuse(BadMiddleware, "the chain of middlewares %s comes back to %s", strings.Join(of, ", "), plain)
	}
	e := t.find(family + "." + plain)
	if e == nil {
		return refuse(NoMiddleware, "no service declares a middleware %s", plain)
	}
	// What is wrong with it is told to whoever declares it.
	quiet := func(entry, rules.Severity, string, string, string) {}
	m := t.middleware(e, quiet)
	if m == nil {
		return refuse(BadMiddleware, "the middleware %s of %s can't be used", plain, e.service.Name)
	}
	if m.chain != nil {
		return t.chain(family, m.chain, label, append(slices.Clip(of), plain))
	}
	return m.filters, true
}

// idleMiddlewares tells of middlewares that no router uses, nor a chain: a lock that was hung up and is at no door.
func idleMiddlewares(elements map[string]*holding) (found []rules.Diagnostic) {
	used := map[string]bool{}
	for key, h := range elements {
		for _, e := range h.elements {
			for option, entry := range e.options {
				of := strings.TrimPrefix(key, tcp)
				if strings.HasPrefix(of, "routers.") && strings.HasPrefix(option, "middlewares") || strings.HasPrefix(option, "chain.middlewares") {
					for name := range strings.SplitSeq(entry.value, ",") {
						used[key[:len(key)-len(of)]+"middlewares."+names3.ReplaceAllString(strings.TrimSpace(name), "")] = true
					}
				}
			}
		}
	}
	for _, family := range []string{"middlewares.", "tcpmiddlewares."} {
		idle := map[string][]string{} // by service
		for _, key := range slices.Sorted(maps.Keys(elements)) {
			if name, ok := strings.CutPrefix(key, family); ok && !used[key] {
				owner := elements[key].elements[0].service.Name
				idle[owner] = append(idle[owner], name)
			}
		}
		for _, owner := range slices.Sorted(maps.Keys(idle)) {
			found = append(found, rules.Diagnostic{Service: owner, Label: labelOf(family+idle[owner][0]) + ".*", Code: WithoutEffect,
				Severity: rules.Warning, Message: "no router uses these middlewares, nor a chain, so they have no effect: " + some(idle[owner])})
		}
	}
	return found
}

// A middleware3 is what a middleware's options came to: filters, or the names of other middlewares.
type middleware3 struct {
	filters []rules.Filter
	chain   []string
}

// kinds3 are the kinds of middleware that are served.
var kinds3 = map[string]func(o *options3, m *middleware3){
	"addprefix": addPrefix3, "basicauth": basicAuth3, "buffering": buffering3, "chain": chain3, "circuitbreaker": breaker3,
	"compress": compress3, "contenttype": contentType3, "digestauth": digestAuth3, "errors": errors3, "forwardauth": forwardAuth3,
	"headers": headers3, "inflightreq": inFlight3, "ipallowlist": allowList3, "ipwhitelist": allowList3, "passtlsclientcert": clientCert3,
	"ratelimit": rateLimit3, "redirectregex": redirectRegex3, "redirectscheme": redirectScheme3, "replacepath": replacePath3,
	"replacepathregex": replacePathRegex3, "retry": retry3, "stripprefix": stripPrefix3, "stripprefixregex": stripPrefixRegex3,
}

// middleware reads an element; nil when it can't be used.
func (t *reading3) middleware(e *element, tell teller) *middleware3 {
	prefix := labelOf(e.key) + "."
	family, served := "middlewares", kinds3
	if strings.HasPrefix(e.key, tcp) {
		family, served = "tcpmiddlewares", kindsTCP
	}
	byKind := map[string]map[string]entry{}
	all := &options3{tell: tell, at: prefix, strict: true, options: e.options}
	for name, option := range e.options {
		kind, rest, _ := strings.Cut(name, ".")
		if byKind[kind] == nil {
			byKind[kind] = map[string]entry{}
		}
		byKind[kind][rest] = option
	}
	all.checkNames(family, &t.notes.guesses)
	kinds := slices.Sorted(maps.Keys(byKind))
	if len(kinds) > 1 {
		all.bad(entry{name: prefix + "*"}, BadMiddleware, "a middleware is of one kind, and this is of "+listed(kinds), "")
	}
	if all.spoiled {
		return nil
	}
	read := served[kinds[0]]
	if read == nil {
		return nil // told, as no row has the name
	}
	m := &middleware3{}
	o := &options3{tell: tell, at: prefix + spelledKind(byKind[kinds[0]], kinds[0]) + ".", strict: true, options: byKind[kinds[0]]}
	if on, switched := o.options[""]; switched && !o.boolean("", true) {
		o.bad(on, WithoutEffect, "a middleware that is switched off", "")
	}
	read(o, m)
	if o.spoiled {
		return nil
	}
	return m
}

// spelledKind is a kind as its labels spell it.
func spelledKind(options map[string]entry, kind string) string {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		label := options[name].name
		if at := strings.LastIndex(strings.ToLower(label), "."+kind); at >= 0 {
			return label[at+1 : at+1+len(kind)]
		}
	}
	return kind
}

func (m *middleware3) add(f rules.Filter) { m.filters = append(m.filters, f) }

// missing spoils a middleware that lacks what it is for.
func (o *options3) missing(name string) bool {
	if o.has(name) && o.text(name) != "" || len(o.indexes(name)) > 0 {
		return false
	}
	if !o.spoiled {
		o.bad(entry{name: o.at + name}, MissingOption, "the option "+name+" is missing", "")
	}
	return true
}

func addPrefix3(o *options3, m *middleware3) {
	if !o.missing("prefix") {
		m.add(rules.AddPrefix(rooted(o.text("prefix"))))
	}
}

func rooted(path string) string { return "/" + strings.TrimPrefix(path, "/") }

func stripPrefix3(o *options3, m *middleware3) {
	if !o.missing("prefixes") {
		m.add(rules.StripPrefix(o.list("prefixes")...))
	}
}

func stripPrefixRegex3(o *options3, m *middleware3) {
	if o.missing("regex") {
		return
	}
	f, err := rules.StripPrefixRegex(o.list("regex")...)
	if err != nil {
		o.bad(o.first("regex"), rules.BadRegexp, err.Error(), "")
	}
	m.add(f)
}

func replacePath3(o *options3, m *middleware3) {
	if !o.missing("path") {
		m.add(rules.ReplacePath(rooted(o.text("path"))))
	}
}

func replacePathRegex3(o *options3, m *middleware3) {
	if o.missing("regex") {
		return
	}
	f, err := rules.ReplacePathRegex(o.text("regex"), dollars(o.text("replacement")))
	if err != nil {
		o.bad(o.options["regex"], rules.BadRegexp, err.Error(), "")
	}
	m.add(f)
}

// dollars: a stack file wants $ doubled, and some authors double it where nothing undoes it.
func dollars(replacement string) string { return strings.ReplaceAll(replacement, "$$", "$") }

func chain3(o *options3, m *middleware3) {
	if !o.missing("middlewares") {
		m.chain = o.list("middlewares")
	}
}

func basicAuth3(o *options3, m *middleware3) {
	o.someUsers()
	f := rules.BasicAuth{Users: o.list("users"), UsersFile: o.text("usersfile"), Realm: o.text("realm"),
		RemoveHeader: o.boolean("removeheader", false), HeaderField: o.fieldName("headerfield")}
	if f.Realm == "" {
		f.Realm = "traefik"
	}
	m.add(f)
}

// someUsers spoils a lock that has no key: nobody could come in.
func (o *options3) someUsers() {
	if len(o.list("users")) == 0 && o.text("usersfile") == "" && !o.spoiled {
		o.bad(o.first("users"), MissingOption, "there are neither users nor a file of them", "")
	}
}

func digestAuth3(o *options3, m *middleware3) {
	o.someUsers()
	f := rules.DigestAuth{Users: o.list("users"), UsersFile: o.text("usersfile"), Realm: o.text("realm"),
		RemoveHeader: o.boolean("removeheader", false), HeaderField: o.fieldName("headerfield")}
	if f.Realm == "" {
		f.Realm = "traefik"
	}
	m.add(f)
}

func forwardAuth3(o *options3, m *middleware3) {
	if o.missing("address") {
		return
	}
	address, err := url.Parse(o.text("address"))
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		o.bad(o.options["address"], BadPath, "not an http or https URL", "")
	}
	f := rules.ForwardAuth{
		Address: o.text("address"), TrustForwardHeader: o.boolean("trustforwardheader", false),
		ResponseHeaders: o.list("authresponseheaders"), ResponseHeadersRegexp: o.regexp("authresponseheadersregex"),
		RequestHeaders: o.list("authrequestheaders"), AddCookies: o.list("addauthcookiestoresponse"),
		ForwardBody: o.boolean("forwardbody", false), MaxBodySize: max(0, o.number("maxbodysize", -1, -1, 1<<40)),
		PreserveMethod: o.boolean("preserverequestmethod", false), PreserveLocation: o.boolean("preservelocationheader", false),
		HeaderField: o.fieldName("headerfield"),
	}
	if o.under("tls.") {
		f.TLS = &rules.ClientTLS{CA: o.text("tls.ca"), CAOptional: o.boolean("tls.caoptional", false), Cert: o.text("tls.cert"),
			Key: o.text("tls.key"), InsecureSkipVerify: o.boolean("tls.insecureskipverify", false)}
	}
	m.add(f)
}

func allowList3(o *options3, m *middleware3) {
	if o.missing("sourcerange") {
		return
	}
	m.add(rules.AllowList{
		Ranges: o.networks("sourcerange"), Depth: int(o.number("ipstrategy.depth", 0, 0, 1000)),
		Excluded: o.networks("ipstrategy.excludedips"), RejectStatus: int(o.number("rejectstatuscode", 0, 200, 599)),
	})
}

func redirectRegex3(o *options3, m *middleware3) {
	if o.missing("regex") || o.missing("replacement") {
		return
	}
	replacement := dollars(o.text("replacement"))
	if _, err := rules.ParseReplacement(replacement); err != nil {
		o.bad(o.first("replacement"), BadRedirect, err.Error(), "")
	}
	m.add(rules.Redirect{Regexp: o.regexp("regex"), Replacement: replacement, Permanent: o.boolean("permanent", false)})
}

func redirectScheme3(o *options3, m *middleware3) {
	if o.missing("scheme") {
		return
	}
	scheme, suggestion, ok := parseChoice(o.text("scheme"), []string{"http", "https"})
	if !ok {
		o.bad(o.options["scheme"], BadChoice, "neither http nor https", suggestion)
	}
	f := rules.RedirectScheme{Scheme: scheme, Permanent: o.boolean("permanent", false)}
	if port := o.number("port", 0, 1, 65535); port > 0 {
		f.Port = strconv.FormatInt(port, 10)
	}
	m.add(f)
}

// criterion3 is what a limit counts by.
func criterion3(o *options3, usual rules.ExtractorKind) rules.Extractor {
	const start = "sourcecriterion."
	key := rules.Extractor{Kind: usual}
	found := 0
	if o.under(start+"ipstrategy.") && o.boolean(start+"ipstrategy", true) {
		found++
		key = rules.Extractor{Kind: rules.ByClientIP, Depth: int(o.number(start+"ipstrategy.depth", 0, 0, 1000)), Excluded: o.networks(start + "ipstrategy.excludedips")}
	}
	if name := o.text(start + "requestheadername"); name != "" {
		found++
		key = rules.Extractor{Kind: rules.ByHeader, Header: textproto.CanonicalMIMEHeaderKey(name)}
	}
	if o.boolean(start+"requesthost", false) {
		found++
		key = rules.Extractor{Kind: rules.ByHost}
	}
	if found > 1 {
		o.bad(entry{name: o.at + start + "*"}, BadExtractor, "a limit counts by one of ipStrategy, requestHeaderName and requestHost", "")
	}
	return key
}

func rateLimit3(o *options3, m *middleware3) {
	key := criterion3(o, rules.ByClientIP)
	rate := rules.Rate{Average: o.number("average", 0, 0, 1<<40), Burst: o.number("burst", 1, 1, 1<<40), Period: o.period("period", time.Second)}
	if rate.Period <= 0 {
		o.bad(o.options["period"], BadDuration, "a rate needs a period above zero", "1s")
	}
	if rate.Average == 0 && !o.spoiled {
		o.tell(o.first("average"), rules.Warning, WithoutEffect, "an average of 0, which is the default too, is no limit", "")
		return
	}
	m.add(rules.RateLimit{Key: key, Rates: []rules.Rate{rate}})
}

func inFlight3(o *options3, m *middleware3) {
	key := criterion3(o, rules.ByHost)
	amount := o.number("amount", 0, 0, 1<<40)
	if amount == 0 && !o.spoiled {
		o.tell(o.first("amount"), rules.Warning, WithoutEffect, "an amount of 0, which is the default too, is no limit", "")
		return
	}
	m.add(rules.InFlight{Key: key, Amount: amount})
}

func retry3(o *options3, m *middleware3) {
	if o.missing("attempts") {
		return
	}
	m.add(rules.Retry{Attempts: int(o.number("attempts", 1, 1, 1000)), Interval: o.period("initialinterval", 0)})
}

func compress3(o *options3, m *middleware3) {
	f := rules.Compress{
		Excluded: o.list("excludedcontenttypes"), Included: o.list("includedcontenttypes"),
		MinBytes: int(o.number("minresponsebodybytes", 1024, 0, 1<<40)), Default: o.text("defaultencoding"), Codings: o.list("encodings"),
	}
	if f.Excluded != nil && f.Included != nil {
		o.bad(o.first("includedcontenttypes"), BadMiddleware, "content types are either excluded or included", "")
	}
	for _, coding := range f.Codings {
		o.coding("encodings", coding)
	}
	if f.Default != "" {
		o.coding("defaultencoding", f.Default)
	}
	m.add(f)
}

func (o *options3) coding(option, name string) {
	if !slices.Contains([]string{"zstd", "br", "gzip"}, name) {
		o.bad(o.first(option), BadChoice, fmt.Sprintf("%q is none of zstd, br and gzip", name), "")
	}
}

func contentType3(_ *options3, m *middleware3) { m.add(rules.ContentType{}) }

func errors3(o *options3, m *middleware3) {
	if o.missing("status") || o.missing("service") {
		return
	}
	f := rules.ErrorPage{Service: fullName(o.text("service")), Query: o.text("query")}
	for _, item := range o.list("status") {
		first, last, ranged := strings.Cut(item, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, also := strconv.Atoi(last)
		if err != nil || also != nil || from < 100 || to > 599 || from > to {
			o.bad(o.first("status"), BadNumber, fmt.Sprintf("%q is neither a status nor a range such as 500-599", item), "")
			continue
		}
		f.Status = append(f.Status, rules.StatusRange{First: from, Last: to})
	}
	m.add(f)
}

func breaker3(o *options3, m *middleware3) {
	if o.missing("expression") {
		return
	}
	when, err := rules.ParseBreaker(o.text("expression"))
	if err != nil {
		o.bad(o.options["expression"], BadMiddleware, err.Error(), "")
	}
	m.add(rules.CircuitBreaker{
		When: when, Check: o.period("checkperiod", 100*time.Millisecond), Fallback: o.period("fallbackduration", 10*time.Second),
		Recovery: o.period("recoveryduration", 10*time.Second), Status: int(o.number("responsecode", 0, 100, 599)),
	})
}

func buffering3(o *options3, m *middleware3) {
	const usual = 1 << 20
	f := rules.Buffering{
		MaxRequest: o.number("maxrequestbodybytes", 0, 0, 1<<40), MemRequest: o.number("memrequestbodybytes", usual, 0, 1<<40),
		MaxResponse: o.number("maxresponsebodybytes", 0, 0, 1<<40), MemResponse: o.number("memresponsebodybytes", usual, 0, 1<<40),
	}
	if text := o.text("retryexpression"); text != "" {
		when, err := rules.ParseReplay(text)
		if err != nil {
			o.bad(o.options["retryexpression"], BadMiddleware, err.Error(), "")
		}
		f.Retry = when
	}
	m.add(f)
}

// names of a certificate's subject and issuer.
var subjects3 = []string{"country", "province", "locality", "organization", "organizationalUnit", "commonName", "serialNumber", "domainComponent"}

func clientCert3(o *options3, m *middleware3) {
	f := rules.ClientCert{
		V3: true, PEM: o.boolean("pem", false), NotAfter: o.boolean("info.notafter", false), NotBefore: o.boolean("info.notbefore", false),
		SANs: o.boolean("info.sans", false), Serial: o.boolean("info.serialnumber", false),
	}
	for _, name := range subjects3 {
		if o.boolean("info.subject."+strings.ToLower(name), false) {
			f.Subject = append(f.Subject, name)
		}
		if o.boolean("info.issuer."+strings.ToLower(name), false) {
			f.Issuer = append(f.Issuer, name)
		}
	}
	m.add(f)
}
