package rules

import (
	"net/netip"
	"regexp"
	"time"
)

// BasicAuth asks for a name and a password (RFC 7617). Without any user it refuses everybody.
type BasicAuth struct {
	Users        []string `secret:""` // "name:hash", the hash as in htpasswd files
	UsersFile    string   // a file of such lines, in the router's container
	Realm        string   // "traefik" by default
	RemoveHeader bool     // the endpoint does not see Authorization
	HeaderField  string   // a field that tells the endpoint the user's name; "": none
}

// DigestAuth asks for a name and a digest (RFC 7616, MD5 with qop=auth).
type DigestAuth struct {
	Users        []string `secret:""` // "name:realm:HA1"
	UsersFile    string
	Realm        string
	RemoveHeader bool
	HeaderField  string
}

// ForwardAuth asks another server for permission: 2xx lets the request pass, any other answer goes to the client.
type ForwardAuth struct {
	Address               string         `secret:"userinfo"` // an http or https URL
	TrustForwardHeader    bool           // believe the client's X-Forwarded fields
	ResponseHeaders       []string       // fields copied from the permission to the request
	ResponseHeadersRegexp *regexp.Regexp // and those whose names match; nil: none
	RequestHeaders        []string       // fields of the request that the server is shown; empty: all
	AddCookies            []string       // cookies of the permission that the client gets
	ForwardBody           bool           // the server is shown the request's body too
	MaxBodySize           int64          // of a body that is; 0: no limit
	PreserveMethod        bool           // ask by the request's method, not by GET
	PreserveLocation      bool           // leave Location as the server wrote it
	HeaderField           string
	TLS                   *ClientTLS // nil: the system's authorities
}

// ClientTLS is how we speak TLS to a server. CA, Cert and Key are files or PEM texts.
type ClientTLS struct {
	CA                 string
	CAOptional         bool
	Cert               string
	Key                string `secret:""`
	InsecureSkipVerify bool
}

// AllowList lets in the clients of some networks only.
type AllowList struct {
	Ranges       []netip.Prefix // masked
	AnyForwarded bool           // 1.x's useXForwardedFor: any element of X-Forwarded-For will do
	Depth        int            // v3's ipStrategy: the element of X-Forwarded-For that counts, from the right; 0: the connection's address
	Excluded     []netip.Prefix // v3's ipStrategy: the first element from the right that is in none of these counts
	RejectStatus int            // 0: 403
}

// Redirect sends a client to the URL that a replacement makes of its own, if the regexp matches.
type Redirect struct {
	Regexp      *regexp.Regexp // tested on scheme://host/path?query
	Replacement string
	Permanent   bool
}

// RedirectScheme sends a client to the same URL with another scheme and port.
type RedirectScheme struct {
	Scheme    string
	Port      string // "": the scheme's own
	Permanent bool
}

// RedirectEntryPoint sends a client to another entry point's scheme and port.
type RedirectEntryPoint struct {
	Name      string
	Permanent bool
}

// Headers sets and deletes fields. A Pair with an empty value deletes.
type Headers struct {
	Request  []Pair `secret:""`
	Response []Pair `secret:""`
	// Always: the response fields go on the router's own answers too, as v3 has it; 1.x has them on endpoints' alone.
	Always bool
	CORS   *CORS // nil: none
	Security
}

// CORS answers preflight requests and marks answers (the Fetch standard's CORS protocol).
type CORS struct {
	AllowCredentials bool
	AllowHeaders     []string
	AllowMethods     []string
	AllowOrigins     []string // "*": any
	AllowOriginsLike []*regexp.Regexp
	ExposeHeaders    []string
	MaxAge           int64 // seconds
	AddVary          bool
}

// Security is the part of Headers that hardens a site.
type Security struct {
	AllowedHosts            []string
	HostsProxyHeaders       []string
	SSLRedirect             bool
	SSLTemporaryRedirect    bool
	SSLHost                 string
	SSLForceHost            bool
	SSLProxyHeaders         []Pair `secret:""`
	STSSeconds              int64
	STSIncludeSubdomains    bool
	STSPreload              bool
	ForceSTSHeader          bool
	FrameDeny               bool
	CustomFrameOptionsValue string
	ContentTypeNosniff      bool
	BrowserXSSFilter        bool
	CustomBrowserXSSValue   string
	ContentSecurityPolicy   string
	CSPReportOnly           string
	PublicKey               string
	ReferrerPolicy          string
	PermissionsPolicy       string
	IsDevelopment           bool
}

// RateLimit bounds the requests of each key in time. A request needs a token of every bucket.
type RateLimit struct {
	Key   Extractor
	Rates []Rate
}

// A Rate is a token bucket: Burst tokens at most, Average new ones each Period.
type Rate struct {
	Name    string
	Period  time.Duration
	Average int64
	Burst   int64
}

// InFlight bounds the requests of each key that are served at the same time.
type InFlight struct {
	Key    Extractor
	Amount int64
}

// ErrorPage replaces the body of answers with some statuses by another service's.
type ErrorPage struct {
	Name    string
	Status  []StatusRange
	Service string // the Name of a service in the table
	Query   string // the path that is asked for; {status} is filled in, v3's {url} too
	Label   string `untold:""` // the label that names Service, for diagnostics
}

// A StatusRange is statuses from First to Last.
type StatusRange struct{ First, Last int }

// Buffering reads requests and responses to their end before they go on. Zeros are no limits.
type Buffering struct {
	MaxRequest, MemRequest   int64
	MaxResponse, MemResponse int64
	Retry                    *Expression // when to send a request again; nil: never
}

// CircuitBreaker gives a service a rest when its expression holds.
type CircuitBreaker struct {
	When     *Expression
	Check    time.Duration // between two looks at the expression
	Fallback time.Duration // how long every request is refused
	Recovery time.Duration // then how long a growing share is let through
	Status   int           // of refused requests; 0: 503
}

// Retry sends a request that could not be sent again, elsewhere.
type Retry struct {
	Attempts int           // the first included; 0: as many as there are endpoints
	Interval time.Duration // v3's initialInterval, doubled each time; 0: at once
}

// Compress encodes responses for clients that accept it.
type Compress struct {
	Excluded []string // content types
	Included []string // empty: those that gain by it
	MinBytes int      // 0: 512 as in 1.x, 1024 by v3's label
	Codings  []string // in the order of preference; empty: zstd, br, gzip
	Default  string   // for clients that say nothing; "": none
}

// ClientCert tells the endpoint of the client's certificate (X-Forwarded-Tls-Client-Cert, and -Infos or v3's -Info).
type ClientCert struct {
	V3        bool // in the form of Traefik 3: another field, other separators, and PEM without escapes
	PEM       bool
	NotAfter  bool
	NotBefore bool
	SANs      bool
	Serial    bool     // v3's serialNumber of the certificate
	Subject   []string // "country", "province", "locality", "organization", "organizationalUnit", "commonName", "serialNumber", "domainComponent"
	Issuer    []string
}

// What holds where a field of Buffering or CircuitBreaker is zero.
const (
	DefaultMemory       = int64(1 << 20)
	DefaultBreakerCheck = 100 * time.Millisecond
	DefaultBreakerRest  = 10 * time.Second // of Fallback and of Recovery
)

// ContentType guesses a Content-Type where the endpoint sends none, as v3's middleware does.
type ContentType struct{}

// Closed answers 503 to every request. It stands for a lock that was meant and cannot be made: were its route left out, a wider
// one would take the requests, to the same endpoints often, and ask nobody for a password.
type Closed struct{}

func (BasicAuth) filter()          {}
func (DigestAuth) filter()         {}
func (ForwardAuth) filter()        {}
func (AllowList) filter()          {}
func (Redirect) filter()           {}
func (RedirectScheme) filter()     {}
func (RedirectEntryPoint) filter() {}
func (Headers) filter()            {}
func (RateLimit) filter()          {}
func (InFlight) filter()           {}
func (ErrorPage) filter()          {}
func (Buffering) filter()          {}
func (CircuitBreaker) filter()     {}
func (Retry) filter()              {}
func (Compress) filter()           {}
func (ClientCert) filter()         {}
func (ContentType) filter()        {}
func (Closed) filter()             {}
