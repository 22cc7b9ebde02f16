package labels

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// words are a filter in the words of a dialect: a middleware of Traefik 3 with its options, or labels of 1.x.
type words struct {
	kind    string
	options []rules.Pair
}

func (w *words) add(name, value string) {
	if value != "" {
		w.options = append(w.options, rules.Pair{Name: name, Value: value})
	}
}

func (w *words) flag(name string, on bool) {
	if on {
		w.add(name, "true")
	}
}

func (w *words) number(name string, n int64) {
	if n != 0 {
		w.add(name, strconv.FormatInt(n, 10))
	}
}

// list writes items with commas between them, or each under its number where one holds a comma.
func (w *words) list(name string, items []string) {
	if !strings.Contains(strings.Join(items, ""), ",") {
		w.add(name, strings.Join(items, ","))
		return
	}
	for i, item := range items {
		w.add(fmt.Sprintf("%s[%d]", name, i), item)
	}
}

func (w *words) table(name string, pairs []rules.Pair) {
	for _, p := range pairs {
		w.options = append(w.options, rules.Pair{Name: name + "." + p.Name, Value: p.Value})
	}
}

// words3 are a filter's middlewares; note hears of what these cannot say.
func words3(f rules.Filter, note func(string)) []words {
	w := words{}
	switch f := f.(type) {
	case rules.Rewrite:
		w.rewrite(f)
	case rules.BasicAuth:
		w.kind = "basicAuth"
		w.users(f.Users, f.UsersFile, f.Realm, f.RemoveHeader, f.HeaderField)
	case rules.DigestAuth:
		w.kind = "digestAuth"
		w.users(f.Users, f.UsersFile, f.Realm, f.RemoveHeader, f.HeaderField)
	case rules.ForwardAuth:
		w.forward(f)
	case rules.AllowList:
		w.allow(f, note)
	case rules.Redirect:
		w.kind = "redirectRegex"
		w.add("regex", f.Regexp.String())
		w.add("replacement", f.Replacement)
		w.flag("permanent", f.Permanent)
	case rules.RedirectScheme:
		w.kind = "redirectScheme"
		w.add("scheme", f.Scheme)
		w.add("port", f.Port)
		w.flag("permanent", f.Permanent)
	case rules.RedirectEntryPoint:
		note("Traefik 3 redirects to a scheme, not to an entry point: redirectScheme to https is written for " + f.Name + "; give its port where that is not 443")
		w.kind = "redirectScheme"
		w.add("scheme", "https")
		w.flag("permanent", f.Permanent)
	case rules.Headers:
		w.headers(f, note)
	case rules.RateLimit:
		return rateWords3(f, note)
	case rules.InFlight:
		if f.Amount < 0 {
			note("a limit below 0 refuses every request, for which Traefik 3 has no words: an ipAllowList of nobody is written, which answers 429 as well")
			w.allow(nobody, note)
			break
		}
		w.kind = "inFlightReq"
		w.number("amount", f.Amount)
		w.criterion(f.Key)
	case rules.ErrorPage:
		w.kind = "errors"
		w.list("status", statusTexts(f.Status))
		w.add("service", short(f.Service))
		w.add("query", f.Query)
	case rules.Buffering:
		w.buffering(f)
	case rules.CircuitBreaker:
		w.breaker(f)
	case rules.Retry:
		w.kind = "retry"
		w.number("attempts", int64(max(f.Attempts, 1)))
		if f.Attempts == 0 {
			note("1.x tries as often as there are endpoints; Traefik 3 needs a number, and one attempt is written")
		}
		if f.Interval > 0 {
			w.add("initialInterval", f.Interval.String())
		}
	case rules.Compress:
		w.compress(f)
	case rules.ClientCert:
		w.certificate(f, "info.", "serialNumber")
		if !f.V3 {
			note("Traefik 3 tells of a client's certificate in another form, and in X-Forwarded-Tls-Client-Cert-Info without an s")
		}
	case rules.ContentType:
		w.kind = "contentType"
	default:
		note("the filter " + rules.Kind(f) + " has no middleware in Traefik 3")
		return nil
	}
	return []words{w}
}

// nobody is let in, with the status of a limit that is reached.
var nobody = rules.AllowList{Ranges: []netip.Prefix{netip.MustParsePrefix("255.255.255.255/32")}, RejectStatus: 429}

func (w *words) rewrite(f rules.Rewrite) {
	w.kind = f.Kind
	option := map[string]string{"stripPrefix": "prefixes", "stripPrefixRegex": "regex", "addPrefix": "prefix", "replacePath": "path"}[f.Kind]
	switch {
	case f.Kind == "replacePathRegex":
		w.add("regex", f.Args[0])
		w.options = append(w.options, rules.Pair{Name: "replacement", Value: f.Args[1]})
	case strings.HasPrefix(f.Kind, "strip"):
		w.list(option, f.Args)
	default:
		w.add(option, f.Args[0])
	}
}

func (w *words) users(users []string, file, realm string, remove bool, field string) {
	w.list("users", users)
	w.add("usersFile", file)
	if realm != "traefik" {
		w.add("realm", realm)
	}
	w.flag("removeHeader", remove)
	w.add("headerField", field)
}

func (w *words) forward(f rules.ForwardAuth) {
	w.kind = "forwardAuth"
	w.add("address", f.Address)
	w.flag("trustForwardHeader", f.TrustForwardHeader)
	w.list("authResponseHeaders", f.ResponseHeaders)
	if f.ResponseHeadersRegexp != nil {
		w.add("authResponseHeadersRegex", f.ResponseHeadersRegexp.String())
	}
	w.list("authRequestHeaders", f.RequestHeaders)
	w.list("addAuthCookiesToResponse", f.AddCookies)
	w.flag("forwardBody", f.ForwardBody)
	w.number("maxBodySize", f.MaxBodySize)
	w.flag("preserveRequestMethod", f.PreserveMethod)
	w.flag("preserveLocationHeader", f.PreserveLocation)
	w.add("headerField", f.HeaderField)
	if t := f.TLS; t != nil {
		w.add("tls.ca", t.CA)
		w.flag("tls.caOptional", t.CAOptional)
		w.add("tls.cert", t.Cert)
		w.add("tls.key", t.Key)
		w.flag("tls.insecureSkipVerify", t.InsecureSkipVerify)
	}
}

func (w *words) allow(f rules.AllowList, note func(string)) {
	w.kind = "ipAllowList"
	if f.AnyForwarded {
		note("1.x lets in who names an allowed address anywhere in X-Forwarded-For; Traefik 3 counts proxies: give ipStrategy.depth, without which the connection's own address is judged")
	}
	w.list("sourceRange", prefixTexts(f.Ranges))
	w.number("ipStrategy.depth", int64(f.Depth))
	w.list("ipStrategy.excludedIPs", prefixTexts(f.Excluded))
	w.number("rejectStatusCode", int64(f.RejectStatus))
}

func prefixTexts(list []netip.Prefix) (texts []string) {
	for _, p := range list {
		texts = append(texts, p.String())
	}
	return texts
}

func statusTexts(list []rules.StatusRange) (texts []string) {
	for _, s := range list {
		text := strconv.Itoa(s.First)
		if s.Last != s.First {
			text += "-" + strconv.Itoa(s.Last)
		}
		texts = append(texts, text)
	}
	return texts
}

// rateWords3 is a middleware for each rate: one of Traefik 3 has a single one.
func rateWords3(f rules.RateLimit, note func(string)) (all []words) {
	if len(f.Rates) > 1 {
		note("a rate limit of Traefik 3 has one rate; of several, each is a middleware, and a request that the last refuses has used up one of the others")
	}
	for _, r := range f.Rates {
		w := words{kind: "rateLimit"}
		w.number("average", r.Average)
		w.number("burst", r.Burst)
		w.add("period", r.Period.String())
		w.criterion(f.Key)
		all = append(all, w)
	}
	return all
}

func (w *words) criterion(key rules.Extractor) {
	switch key.Kind {
	case rules.ByHost:
		w.add("sourceCriterion.requestHost", "true")
	case rules.ByHeader:
		w.add("sourceCriterion.requestHeaderName", key.Header)
	default:
		w.add("sourceCriterion.ipStrategy.depth", strconv.Itoa(key.Depth))
		w.list("sourceCriterion.ipStrategy.excludedIPs", prefixTexts(key.Excluded))
	}
}

func (w *words) buffering(f rules.Buffering) {
	w.kind = "buffering"
	w.number("maxRequestBodyBytes", f.MaxRequest)
	w.number("memRequestBodyBytes", beside(f.MemRequest, rules.DefaultMemory))
	w.number("maxResponseBodyBytes", f.MaxResponse)
	w.number("memResponseBodyBytes", beside(f.MemResponse, rules.DefaultMemory))
	if f.Retry != nil {
		w.add("retryExpression", f.Retry.String())
	}
	if len(w.options) == 0 {
		w.add("memRequestBodyBytes", strconv.FormatInt(rules.DefaultMemory, 10)) // a label it needs, to be there at all
	}
}

// beside is a value, or zero where it is what holds anyway.
func beside[T comparable](value, usual T) (zero T) {
	if value == usual {
		return zero
	}
	return value
}

func (w *words) breaker(f rules.CircuitBreaker) {
	w.kind = "circuitBreaker"
	w.add("expression", f.When.String())
	w.period("checkPeriod", f.Check, rules.DefaultBreakerCheck)
	w.period("fallbackDuration", f.Fallback, rules.DefaultBreakerRest)
	w.period("recoveryDuration", f.Recovery, rules.DefaultBreakerRest)
	w.number("responseCode", int64(f.Status))
}

func (w *words) period(name string, d, usual time.Duration) {
	if d = beside(d, usual); d > 0 {
		w.add(name, d.String())
	}
}

func (w *words) compress(f rules.Compress) {
	w.kind = "compress"
	w.list("excludedContentTypes", f.Excluded)
	w.list("includedContentTypes", f.Included)
	w.number("minResponseBodyBytes", int64(f.MinBytes))
	w.list("encodings", f.Codings)
	w.add("defaultEncoding", f.Default)
}

// certificate writes what is told of a client's; the dialects differ in info and infos.
func (w *words) certificate(f rules.ClientCert, info, serial string) {
	w.kind = "passTLSClientCert"
	w.flag("pem", f.PEM)
	w.flag(info+"notAfter", f.NotAfter)
	w.flag(info+"notBefore", f.NotBefore)
	w.flag(info+"sans", f.SANs)
	if serial != "" {
		w.flag(info+serial, f.Serial)
	}
	for _, name := range f.Subject {
		w.add(info+"subject."+name, "true")
	}
	for _, name := range f.Issuer {
		w.add(info+"issuer."+name, "true")
	}
}

// security are the fields of rules.Security in the words of both dialects; "" where 1.x has none.
var security = []struct {
	one, three string
	value      func(*rules.Security) string
}{
	{"allowedHosts", "allowedHosts", func(s *rules.Security) string { return strings.Join(s.AllowedHosts, ",") }},
	{"hostsProxyHeaders", "hostsProxyHeaders", func(s *rules.Security) string { return strings.Join(s.HostsProxyHeaders, ",") }},
	{"SSLRedirect", "sslRedirect", func(s *rules.Security) string { return ifTrue(s.SSLRedirect) }},
	{"SSLTemporaryRedirect", "sslTemporaryRedirect", func(s *rules.Security) string { return ifTrue(s.SSLTemporaryRedirect) }},
	{"SSLHost", "sslHost", func(s *rules.Security) string { return s.SSLHost }},
	{"SSLForceHost", "sslForceHost", func(s *rules.Security) string { return ifTrue(s.SSLForceHost) }},
	{"STSSeconds", "stsSeconds", func(s *rules.Security) string { return ifNumber(s.STSSeconds) }},
	{"STSIncludeSubdomains", "stsIncludeSubdomains", func(s *rules.Security) string { return ifTrue(s.STSIncludeSubdomains) }},
	{"STSPreload", "stsPreload", func(s *rules.Security) string { return ifTrue(s.STSPreload) }},
	{"forceSTSHeader", "forceSTSHeader", func(s *rules.Security) string { return ifTrue(s.ForceSTSHeader) }},
	{"frameDeny", "frameDeny", func(s *rules.Security) string { return ifTrue(s.FrameDeny) }},
	{"customFrameOptionsValue", "customFrameOptionsValue", func(s *rules.Security) string { return s.CustomFrameOptionsValue }},
	{"contentTypeNosniff", "contentTypeNosniff", func(s *rules.Security) string { return ifTrue(s.ContentTypeNosniff) }},
	{"browserXSSFilter", "browserXssFilter", func(s *rules.Security) string { return ifTrue(s.BrowserXSSFilter) }},
	{"customBrowserXSSValue", "customBrowserXSSValue", func(s *rules.Security) string { return s.CustomBrowserXSSValue }},
	{"contentSecurityPolicy", "contentSecurityPolicy", func(s *rules.Security) string { return s.ContentSecurityPolicy }},
	{"", "contentSecurityPolicyReportOnly", func(s *rules.Security) string { return s.CSPReportOnly }},
	{"publicKey", "publicKey", func(s *rules.Security) string { return s.PublicKey }},
	{"referrerPolicy", "referrerPolicy", func(s *rules.Security) string { return s.ReferrerPolicy }},
	{"", "permissionsPolicy", func(s *rules.Security) string { return s.PermissionsPolicy }},
	{"isDevelopment", "isDevelopment", func(s *rules.Security) string { return ifTrue(s.IsDevelopment) }},
}

func ifTrue(on bool) string {
	if on {
		return "true"
	}
	return ""
}

func ifNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (w *words) headers(f rules.Headers, note func(string)) {
	w.kind = "headers"
	if len(f.Response) > 0 && !f.Always {
		note("Traefik 3 sets response fields on the router's own answers too, 1.x on those of endpoints alone")
	}
	w.table("customRequestHeaders", f.Request)
	w.table("customResponseHeaders", f.Response)
	for _, s := range security {
		w.add(s.three, s.value(&f.Security))
	}
	w.table("sslProxyHeaders", f.SSLProxyHeaders)
	if c := f.CORS; c != nil {
		w.cors(c)
	}
}

func (w *words) cors(c *rules.CORS) {
	w.flag("accessControlAllowCredentials", c.AllowCredentials)
	w.list("accessControlAllowHeaders", c.AllowHeaders)
	w.list("accessControlAllowMethods", c.AllowMethods)
	w.list("accessControlAllowOriginList", c.AllowOrigins)
	var like []string
	for _, re := range c.AllowOriginsLike {
		like = append(like, re.String())
	}
	w.list("accessControlAllowOriginListRegex", like)
	w.list("accessControlExposeHeaders", c.ExposeHeaders)
	w.number("accessControlMaxAge", c.MaxAge)
	w.flag("addVaryHeader", c.AddVary)
}
