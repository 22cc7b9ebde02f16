package labels

import (
	"regexp"
	"slices"
	"strings"
)

// A row3 is one label of Traefik 3 below traefik.http, for the reference and for telling what is unknown.
type row3 struct {
	name      string // <name> stands for the element's name, <key> for any word, [n] for a number
	kind      string
	state     state
	help      string // of idle and lacking rows, the diagnostic
	byDefault string
	bad       string // what a value that can't be used costs
}

var rows3 = []row3{
	{"routers.<name>.rule", "text", served, "which requests, or [messages](messages.md), are for the service, in the [language of Traefik 3](rules.md)", "Host(`<service>`)", "the router is not served"},
	{"routers.<name>.ruleSyntax", "text", served, "`v3` or `v2`: how the rule's words are read", "`v3`", "the default holds"},
	{"routers.<name>.priority", "number", served, "above 0 it overrides the length of the rule, the higher going first", "0", "the default holds"},
	{"routers.<name>.entryPoints", "list", served, "entry points that serve the router", "`--defaultEntryPoints`; `act` where the rule is of messages", "unknown names are left out"},
	{"routers.<name>.middlewares", "list", served, "middlewares in the order in which requests pass them, of any service", "none", "the router is not served; empty: it is open, with an error of `appia check`"},
	{"routers.<name>.service", "text", served, "the service, of any service's labels", "the only one declared beside it", "the router is not served"},
	{"routers.<name>.tls", "boolean", served, "`true`: of the router's entry points, only those with TLS serve it", "`false`: all of them do", "the router is not served"},
	{"routers.<name>.tls.<key>", "", idle, "it is as good as `tls=true`; certificates are the entry point's or ACME's", "", ""},
	{"routers.<name>.observability.<key>", "", idle, "every request is counted and logged as the router's flags say", "", ""},
	{"services.<name>.loadBalancer.server.port", "number", served, "port of every endpoint", "none: it must be given, but for [messages](messages.md), where it is 10101", "the service is not offered"},
	{"services.<name>.loadBalancer.server.scheme", "text", served, "how endpoints are spoken to: `http`, `https` or `h2c`", "`http`", "the service is not offered"},
	{"services.<name>.loadBalancer.server.weight", "number", served, "weight of each endpoint among all of the service", "1", "the default holds"},
	{"services.<name>.loadBalancer.server.url", "", lacking, "endpoints are the service's tasks, not a URL", "", ""},
	{"services.<name>.loadBalancer.server.preservePath", "", idle, "endpoints have no path of their own to keep", "", ""},
	{"services.<name>.loadBalancer.passHostHeader", "boolean", served, "`false` sends the endpoint's address as Host", "`true`", "the default holds"},
	{"services.<name>.loadBalancer.strategy", "text", served, "`wrr`, the only one served", "`wrr`", "the default holds"},
	{"services.<name>.loadBalancer.sticky", "boolean", served, "a cookie keeps a client at one endpoint", "`false`", "the default holds"},
	{"services.<name>.loadBalancer.sticky.cookie", "boolean", served, "the same; so does any option of the cookie", "`false`", "the default holds"},
	{"services.<name>.loadBalancer.sticky.cookie.name", "text", served, "the cookie's name; illegal characters become `_`", "`_` and five digits derived from the service's name", "any text will do"},
	{"services.<name>.loadBalancer.sticky.cookie.secure", "boolean", served, "the cookie's Secure attribute", "`false`", "the default holds"},
	{"services.<name>.loadBalancer.sticky.cookie.httpOnly", "boolean", served, "the cookie's HttpOnly attribute", "`false`", "the default holds"},
	{"services.<name>.loadBalancer.sticky.cookie.sameSite", "text", served, "the cookie's SameSite attribute: `none`, `lax` or `strict`", "none is sent", "none is sent"},
	{"services.<name>.loadBalancer.sticky.cookie.maxAge", "", lacking, "the cookie's maxAge", "", ""},
	{"services.<name>.loadBalancer.sticky.cookie.path", "", lacking, "the cookie's path", "", ""},
	{"services.<name>.loadBalancer.sticky.cookie.domain", "", lacking, "the cookie's domain", "", ""},
	{"services.<name>.weighted.sticky", "boolean", served, "a cookie keeps a client at one service of those it leads to", "`false`", "the default holds"},
	{"services.<name>.weighted.sticky.cookie", "boolean", served, "the same; so does any option of the cookie", "`false`", "the default holds"},
	{"services.<name>.weighted.sticky.cookie.name", "text", served, "the cookie's name; illegal characters become `_`", "`_` and five digits derived from the service's name", "any text will do"},
	{"services.<name>.weighted.sticky.cookie.secure", "boolean", served, "the cookie's Secure attribute", "`false`", "the default holds"},
	{"services.<name>.weighted.sticky.cookie.httpOnly", "boolean", served, "the cookie's HttpOnly attribute", "`false`", "the default holds"},
	{"services.<name>.weighted.sticky.cookie.sameSite", "text", served, "the cookie's SameSite attribute: `none`, `lax` or `strict`", "none is sent", "none is sent"},
	{"services.<name>.weighted.sticky.cookie.maxAge", "", lacking, "the cookie's maxAge", "", ""},
	{"services.<name>.weighted.sticky.cookie.path", "", lacking, "the cookie's path", "", ""},
	{"services.<name>.weighted.sticky.cookie.domain", "", lacking, "the cookie's domain", "", ""},
	{"services.<name>.loadBalancer.healthCheck.path", "text", served, "turns health checks on: what is asked for; of a service that answers messages by Seneca's own ping, a POST", "no checks", "no checks"},
	{"services.<name>.loadBalancer.healthCheck.port", "number", served, "port that is checked", "the endpoint's", "the default holds"},
	{"services.<name>.loadBalancer.healthCheck.scheme", "text", served, "`http`, `https` or `h2c`", "the endpoint's", "the default holds"},
	{"services.<name>.loadBalancer.healthCheck.hostname", "text", served, "Host of checks", "the endpoint's address", "any text will do"},
	{"services.<name>.loadBalancer.healthCheck.headers.<key>", "text", served, "a header field of checks", "none", "any text will do"},
	{"services.<name>.loadBalancer.healthCheck.interval", "duration", served, "time from one check to the next", "`--healthcheck.interval`, 30s", "the default holds"},
	{"services.<name>.loadBalancer.healthCheck.timeout", "duration", served, "time that a check may take", "5s", "the default holds"},
	{"services.<name>.loadBalancer.healthCheck.method", "", lacking, "method of checks, which is GET", "", ""},
	{"services.<name>.loadBalancer.healthCheck.status", "", lacking, "status that passes, which is any of 2xx and 3xx", "", ""},
	{"services.<name>.loadBalancer.healthCheck.followRedirects", "", lacking, "whether checks follow redirects, which they do not", "", ""},
	{"services.<name>.loadBalancer.healthCheck.mode", "", lacking, "`grpc` checks", "", ""},
	{"services.<name>.loadBalancer.healthCheck.unhealthyInterval", "", lacking, "time from one check to the next of an endpoint that is down", "", ""},
	{"services.<name>.loadBalancer.responseForwarding.flushInterval", "", idle, "answers are flushed whenever the endpoint pauses, which is sooner", "", ""},
	{"services.<name>.loadBalancer.serversTransport", "", lacking, "settings of connections to endpoints, which are the router's flags here", "", ""},
	{"services.<name>.loadBalancer.passiveHealthCheck.<key>", "", idle, "endpoints that refuse connections are left out for a moment, whatever this says", "", ""},
	{"services.<name>.weighted.services", "list", served, "services with their weights, `blue:90,green:10`, of any service's labels; Traefik has them in files only", "none", "the service is not offered"},
	{"services.<name>.weighted.services[n].name", "text", served, "the same in the form of Traefik's files: a service", "", "the service is not offered"},
	{"services.<name>.weighted.services[n].weight", "number", served, "and its weight", "1", "the service is not offered"},
	{"services.<name>.weighted.healthCheck", "", idle, "services without an endpoint that could answer are left out, whatever this says", "", ""},
	{"services.<name>.mirroring.service", "text", served, "service that answers", "none: it must be given", "the service is not offered"},
	{"services.<name>.mirroring.mirrors", "list", served, "services that get copies, with the percentage of requests that are copied, `shadow:10`", "none", "the service is not offered"},
	{"services.<name>.mirroring.mirrors[n].name", "text", served, "the same in the form of Traefik's files: a service", "", "the service is not offered"},
	{"services.<name>.mirroring.mirrors[n].percent", "number", served, "and its percentage", "0", "the service is not offered"},
	{"services.<name>.mirroring.mirrorBody", "boolean", served, "`false` copies requests without their bodies", "`true`", "the default holds"},
	{"services.<name>.mirroring.maxBodySize", "number", served, "bytes of the longest body that is copied", "1048576", "the default holds"},
	{"services.<name>.failover.service", "text", served, "service that answers while it can", "none: it must be given", "the service is not offered"},
	{"services.<name>.failover.fallback", "text", served, "service that answers otherwise", "none: it must be given", "the service is not offered"},
	{"services.<name>.failover.healthCheck", "", idle, "a service fails when none of its endpoints could answer, whatever this says", "", ""},
	{"middlewares.<name>.addPrefix.prefix", "text", served, "what is put in front of the path", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.basicAuth.users", "list", served, "users for basic authentication, `name:hash`", "none: they or a file must be given", "routers that use it are not served"},
	{"middlewares.<name>.basicAuth.usersFile", "text", served, "file of such lines, in the router's container", "none", "can't be read: the router answers 503"},
	{"middlewares.<name>.basicAuth.realm", "text", served, "realm that clients are told", "`traefik`", "any text will do"},
	{"middlewares.<name>.basicAuth.removeHeader", "boolean", served, "the endpoint does not see Authorization", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.basicAuth.headerField", "text", served, "field that tells the endpoint the user's name", "none", "routers that use it are not served"},
	{"middlewares.<name>.digestAuth.users", "list", served, "users for digest authentication, `name:realm:hash`", "none: they or a file must be given", "routers that use it are not served"},
	{"middlewares.<name>.digestAuth.usersFile", "text", served, "file of such lines, in the router's container", "none", "can't be read: the router answers 503"},
	{"middlewares.<name>.digestAuth.realm", "text", served, "realm that clients are told", "`traefik`", "any text will do"},
	{"middlewares.<name>.digestAuth.removeHeader", "boolean", served, "the endpoint does not see Authorization", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.digestAuth.headerField", "text", served, "field that tells the endpoint the user's name", "none", "routers that use it are not served"},
	{"middlewares.<name>.buffering.maxRequestBodyBytes", "number", served, "longest request body; 0 is no limit", "0", "routers that use it are not served"},
	{"middlewares.<name>.buffering.memRequestBodyBytes", "number", served, "how much of it is kept in memory", "1048576", "routers that use it are not served"},
	{"middlewares.<name>.buffering.maxResponseBodyBytes", "number", served, "longest response body; 0 is no limit", "0", "routers that use it are not served"},
	{"middlewares.<name>.buffering.memResponseBodyBytes", "number", served, "how much of it is kept in memory", "1048576", "routers that use it are not served"},
	{"middlewares.<name>.buffering.retryExpression", "text", served, "when to send a request again, `IsNetworkError() && Attempts() < 2`", "never", "routers that use it are not served"},
	{"middlewares.<name>.chain.middlewares", "list", served, "middlewares that this one stands for", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.circuitBreaker.expression", "text", served, "when to give a service a rest", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.circuitBreaker.checkPeriod", "duration", served, "time between two looks at the expression", "100ms", "routers that use it are not served"},
	{"middlewares.<name>.circuitBreaker.fallbackDuration", "duration", served, "time in which every request is refused", "10s", "routers that use it are not served"},
	{"middlewares.<name>.circuitBreaker.recoveryDuration", "duration", served, "time in which a growing share is let through", "10s", "routers that use it are not served"},
	{"middlewares.<name>.circuitBreaker.responseCode", "number", served, "status of refused requests", "503", "routers that use it are not served"},
	{"middlewares.<name>.compress", "boolean", served, "compresses answers for clients that accept it", "", "routers that use it are not served"},
	{"middlewares.<name>.compress.excludedContentTypes", "list", served, "content types that are left alone", "those that gain nothing by it", "any text will do"},
	{"middlewares.<name>.compress.includedContentTypes", "list", served, "content types that are compressed, and no others", "those that gain by it", "any text will do"},
	{"middlewares.<name>.compress.minResponseBodyBytes", "number", served, "shortest answer that is compressed", "1024", "routers that use it are not served"},
	{"middlewares.<name>.compress.encodings", "list", served, "codings in the order of preference", "`zstd,br,gzip`", "routers that use it are not served"},
	{"middlewares.<name>.compress.defaultEncoding", "text", served, "coding for clients that say nothing", "none", "routers that use it are not served"},
	{"middlewares.<name>.contentType", "boolean", served, "guesses a Content-Type where the endpoint sends none", "", "routers that use it are not served"},
	{"middlewares.<name>.contentType.autoDetect", "", idle, "deprecated in Traefik 3, where the middleware alone does it", "", ""},
	{"middlewares.<name>.errors.status", "list", served, "answers that get another body, `500-599` or `404`", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.errors.service", "text", served, "service that makes the page", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.errors.query", "text", served, "path of the page, in which `{status}` and `{url}` are filled in", "`/`", "any text will do"},
	{"middlewares.<name>.errors.statusRewrites.<key>", "", lacking, "another status for an answer", "", ""},
	{"middlewares.<name>.forwardAuth.address", "text", served, "URL that is asked for permission", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.trustForwardHeader", "boolean", served, "believe the client's X-Forwarded fields", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.authResponseHeaders", "list", served, "fields copied from the permission to the request", "none", "any text will do"},
	{"middlewares.<name>.forwardAuth.authResponseHeadersRegex", "text", served, "and those whose names match", "none", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.authRequestHeaders", "list", served, "fields that the permission server is shown", "all", "any text will do"},
	{"middlewares.<name>.forwardAuth.addAuthCookiesToResponse", "list", served, "cookies of the permission that the client gets", "none", "any text will do"},
	{"middlewares.<name>.forwardAuth.forwardBody", "boolean", served, "the permission server is shown the body", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.maxBodySize", "number", served, "of a body that is shown; -1 is no limit", "-1", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.preserveRequestMethod", "boolean", served, "ask by the request's method, not by GET", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.preserveLocationHeader", "boolean", served, "leave Location as the permission server wrote it", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.headerField", "text", served, "field that tells the endpoint the user's name", "none", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.tls.ca", "text", served, "authority that signed the permission server's certificate", "the system's", "can't be read: the router answers 503"},
	{"middlewares.<name>.forwardAuth.tls.caOptional", "boolean", served, "accept other authorities too", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.forwardAuth.tls.cert", "text", served, "client certificate for the permission server", "none", "without `tls.key`, or can't be read: the router answers 503"},
	{"middlewares.<name>.forwardAuth.tls.key", "text", served, "its key", "none", "without `tls.cert`, or can't be read: the router answers 503"},
	{"middlewares.<name>.forwardAuth.tls.insecureSkipVerify", "boolean", served, "believe any permission server", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.customRequestHeaders.<key>", "text", served, "field set on the request; empty: deleted", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.customResponseHeaders.<key>", "text", served, "field set on the answer; empty: deleted", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.accessControlAllowCredentials", "boolean", served, "Access-Control-Allow-Credentials", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.accessControlAllowHeaders", "list", served, "Access-Control-Allow-Headers", "none", "any text will do"},
	{"middlewares.<name>.headers.accessControlAllowMethods", "list", served, "Access-Control-Allow-Methods", "none", "any text will do"},
	{"middlewares.<name>.headers.accessControlAllowOriginList", "list", served, "origins that are allowed; `*` is any", "none", "any text will do"},
	{"middlewares.<name>.headers.accessControlAllowOriginListRegex", "list", served, "regexps of origins that are allowed", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.accessControlExposeHeaders", "list", served, "Access-Control-Expose-Headers", "none", "any text will do"},
	{"middlewares.<name>.headers.accessControlMaxAge", "number", served, "seconds for which a preflight's answer holds", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.addVaryHeader", "boolean", served, "Vary: Origin on every answer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.allowedHosts", "list", served, "hosts that are answered", "none", "any text will do"},
	{"middlewares.<name>.headers.hostsProxyHeaders", "list", served, "fields that may carry the host", "none", "any text will do"},
	{"middlewares.<name>.headers.sslRedirect", "boolean", served, "redirect to https", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.sslTemporaryRedirect", "boolean", served, "with 302 instead of 301", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.sslHost", "text", served, "host of that redirect", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.sslForceHost", "boolean", served, "redirect https of other hosts too", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.sslProxyHeaders.<key>", "text", served, "field and value that tell of https in front", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.stsSeconds", "number", served, "Strict-Transport-Security", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.stsIncludeSubdomains", "boolean", served, "its includeSubDomains", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.stsPreload", "boolean", served, "its preload", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.forceSTSHeader", "boolean", served, "also on plain http", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.frameDeny", "boolean", served, "X-Frame-Options: DENY", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.customFrameOptionsValue", "text", served, "X-Frame-Options", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.contentTypeNosniff", "boolean", served, "X-Content-Type-Options", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.browserXssFilter", "boolean", served, "X-XSS-Protection", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.customBrowserXSSValue", "text", served, "X-XSS-Protection", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.contentSecurityPolicy", "text", served, "Content-Security-Policy", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.contentSecurityPolicyReportOnly", "text", served, "Content-Security-Policy-Report-Only", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.publicKey", "text", served, "Public-Key-Pins", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.referrerPolicy", "text", served, "Referrer-Policy", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.permissionsPolicy", "text", served, "Permissions-Policy", "none", "routers that use it are not served"},
	{"middlewares.<name>.headers.isDevelopment", "boolean", served, "switches these protections off", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.headers.featurePolicy", "", lacking, "replaced by permissionsPolicy in Traefik 3", "", ""},
	{"middlewares.<name>.rateLimit.average", "number", served, "requests in a period; 0 is no limit", "0", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.period", "duration", served, "the period", "1s", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.burst", "number", served, "requests at once", "1", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.sourceCriterion.ipStrategy.depth", "number", served, "count by an element of X-Forwarded-For, from the right", "the client's address", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.sourceCriterion.ipStrategy.excludedIPs", "list", served, "count by the first element from the right that is none of these", "the client's address", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.sourceCriterion.ipStrategy", "boolean", served, "count by the client's address", "the client's address", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.sourceCriterion.requestHeaderName", "text", served, "count by a field of the request", "the client's address", "any text will do"},
	{"middlewares.<name>.rateLimit.sourceCriterion.requestHost", "boolean", served, "count by the host", "the client's address", "routers that use it are not served"},
	{"middlewares.<name>.inFlightReq.amount", "number", served, "requests at the same time; 0 is no limit", "0", "routers that use it are not served"},
	{"middlewares.<name>.inFlightReq.sourceCriterion.ipStrategy.depth", "number", served, "count by an element of X-Forwarded-For, from the right", "the host", "routers that use it are not served"},
	{"middlewares.<name>.inFlightReq.sourceCriterion.ipStrategy.excludedIPs", "list", served, "count by the first element from the right that is none of these", "the host", "routers that use it are not served"},
	{"middlewares.<name>.inFlightReq.sourceCriterion.ipStrategy", "boolean", served, "count by the client's address", "the host", "routers that use it are not served"},
	{"middlewares.<name>.inFlightReq.sourceCriterion.requestHeaderName", "text", served, "count by a field of the request", "the host", "any text will do"},
	{"middlewares.<name>.inFlightReq.sourceCriterion.requestHost", "boolean", served, "count by the host", "the host", "routers that use it are not served"},
	{"middlewares.<name>.ipAllowList.sourceRange", "list", served, "addresses and networks that are let in", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.ipAllowList.ipStrategy.depth", "number", served, "the element of X-Forwarded-For that counts, from the right", "the connection's address", "routers that use it are not served"},
	{"middlewares.<name>.ipAllowList.ipStrategy.excludedIPs", "list", served, "the first element from the right that is none of these counts", "the connection's address", "routers that use it are not served"},
	{"middlewares.<name>.ipAllowList.rejectStatusCode", "number", served, "status of those that are kept out", "403", "routers that use it are not served"},
	{"middlewares.<name>.ipWhiteList.sourceRange", "list", served, "addresses and networks that are let in", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.ipWhiteList.ipStrategy.depth", "number", served, "the element of X-Forwarded-For that counts, from the right", "the connection's address", "routers that use it are not served"},
	{"middlewares.<name>.ipWhiteList.ipStrategy.excludedIPs", "list", served, "the first element from the right that is none of these counts", "the connection's address", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.pem", "boolean", served, "the client's certificate as a header field", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.notAfter", "boolean", served, "this of the certificate", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.notBefore", "boolean", served, "this of the certificate", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.sans", "boolean", served, "this of the certificate", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.serialNumber", "boolean", served, "this of the certificate", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.country", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.province", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.locality", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.organization", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.organizationalUnit", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.commonName", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.serialNumber", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.subject.domainComponent", "boolean", served, "this of the subject", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.country", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.province", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.locality", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.organization", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.commonName", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.serialNumber", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.passTLSClientCert.info.issuer.domainComponent", "boolean", served, "this of the issuer", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.redirectRegex.regex", "text", served, "tested on scheme://host/path?query", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.redirectRegex.replacement", "text", served, "the URL that clients are sent to; `${1}` is the first group", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.redirectRegex.permanent", "boolean", served, "for good", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.redirectScheme.scheme", "text", served, "`https` or `http`", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.redirectScheme.port", "number", served, "port of the redirect", "the scheme's own", "routers that use it are not served"},
	{"middlewares.<name>.redirectScheme.permanent", "boolean", served, "for good", "`false`", "routers that use it are not served"},
	{"middlewares.<name>.replacePath.path", "text", served, "the path that every request gets", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.replacePathRegex.regex", "text", served, "what of the path is replaced", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.replacePathRegex.replacement", "text", served, "by this; `$1` is the first group", "none", "any text will do"},
	{"middlewares.<name>.retry.attempts", "number", served, "how often a request that could not be sent is tried, the first time included", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.retry.initialInterval", "duration", served, "wait before the second try, then doubled", "none", "routers that use it are not served"},
	{"middlewares.<name>.stripPrefix.prefixes", "list", served, "the first that the path begins with is cut off", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.stripPrefix.forceSlash", "", idle, "deprecated in Traefik 3; the path keeps a leading slash", "", ""},
	{"middlewares.<name>.stripPrefixRegex.regex", "list", served, "what the first of them matches at the path's beginning is cut off", "none: it must be given", "routers that use it are not served"},
	{"middlewares.<name>.rateLimit.sourceCriterion.ipStrategy.ipv6Subnet", "", lacking, "how much of an IPv6 address counts, which is the router's flag here", "", ""},
	{"middlewares.<name>.inFlightReq.sourceCriterion.ipStrategy.ipv6Subnet", "", lacking, "how much of an IPv6 address counts, which is the router's flag here", "", ""},
	{"middlewares.<name>.ipAllowList.ipStrategy.ipv6Subnet", "", idle, "networks say by themselves how much of an IPv6 address counts", "", ""},
	{"middlewares.<name>.rateLimit.redis.<key>", "", lacking, "limits that routers share", "", ""},
	{"middlewares.<name>.grpcWeb.<key>", "", lock, "a middleware that translates gRPC-Web", "", ""},
	{"middlewares.<name>.plugin.<key>", "", lock, "a plugin", "", ""},
}

// told is what the author of an unserved label hears.
func (r *row3) told() string {
	switch r.state {
	case lacking:
		return r.help + "; it is not served and has no effect"
	case lock:
		return r.help + ", which is not served; routers that use it are not served"
	}
	return r.help
}

// index3 finds rows by family and option, "middlewares.basicauth.users".
var index3 = func() map[string]*row3 {
	index := map[string]*row3{}
	for _, rows := range [][]row3{rows3, rowsTCP} {
		for i := range rows {
			index[strings.ToLower(strings.Replace(rows[i].name, "<name>.", "", 1))] = &rows[i]
		}
	}
	return index
}()

var number3 = regexp.MustCompile(`\[[0-9]+\]`)

// row3Of is the row of an option, nil when there is none.
func row3Of(family, option string) *row3 {
	key := family + "." + number3.ReplaceAllString(option, "[n]")
	if row := index3[key]; row != nil {
		return row
	}
	if single, ok := strings.CutSuffix(key, "[n]"); ok {
		if row := index3[single]; row != nil && row.kind == "list" {
			return row
		}
	}
	for start := key; ; {
		i := strings.LastIndexByte(start, '.')
		if i < 0 {
			return nil
		}
		start = start[:i]
		if row := index3[start+".<key>"]; row != nil && len(key) > len(start)+1 {
			return row
		}
	}
}

// names3Of are the options that a wrong one may have been meant for.
func names3Of(family string) (names []string) {
	for _, row := range slices.Concat(rows3, rowsTCP) {
		name, ok := strings.CutPrefix(row.name, family+".<name>.")
		if ok && !strings.Contains(name, "[n]") && !strings.Contains(name, "<key>") {
			names = append(names, name)
		}
	}
	return names
}
