// Package rules says which service a request is for.
//
// A label dialect writes specs (what one swarm service asks for), Compile turns all specs into one immutable
// Table, and Table.Match answers requests from it. The package imports the standard library only; it starts no
// goroutine, reads no clock and knows neither swarm nor sockets.
package rules

import (
	"net/netip"
	"slices"
	"time"
)

// A Spec is what one swarm service asks for by its labels: routes, and the services they lead to.
// Nothing in a Spec can fail to parse any more; what was wrong has become a Diagnostic.
type Spec struct {
	Owner    Owner
	Routes   []RouteSpec
	Services []ServiceSpec
	Refused  []Refused // what labels ask for too and is not served
}

// A Refused is a route that labels ask for and that is not served. Its owner has been told why, by Error diagnostics; it is
// for whoever looks for the requests that it would have had.
type Refused struct {
	Owner       Owner  // filled in by Compile
	Label       string // as in a RouteSpec
	Segment     string
	Rule        Rule     // Text alone where Unread
	Unread      bool     // the rule could not be parsed, so that nobody knows what it holds for
	Priority    int      // as it would count
	EntryPoints []string // as in a RouteSpec; in a table those that exist
}

// Refuse is what is left of a route that is not served.
func (r RouteSpec) Refuse() Refused {
	priority := r.Rule.Priority()
	if r.Priority > 0 {
		priority = r.Priority
	}
	return Refused{Label: r.Label, Segment: r.Segment, Rule: r.Rule, Priority: priority, EntryPoints: r.EntryPoints}
}

func (r Refused) equal(other Refused) bool {
	return r.Label == other.Label && r.Segment == other.Segment && r.Unread == other.Unread && r.Priority == other.Priority &&
		slices.Equal(r.EntryPoints, other.EntryPoints) && r.Rule.equal(other.Rule)
}

// An Owner is the swarm service that a spec was read from.
type Owner struct {
	ID      string    // the swarm service's id
	Name    string    // the swarm service's name, "mystack_blog"
	Created time.Time // of two owners that claim one route, the older keeps it
	Gone    bool      // it has just left the swarm: its routes stay for a moment, give way to equal ones, and nobody is told of them
}

// A RouteSpec asks that requests matching Rule go to Service.
type RouteSpec struct {
	Label       string   // the label that holds the rule, for diagnostics; empty for the default rule
	Segment     string   // the segment of labels that asks, for diagnostics; empty where the owner has one route
	Name        string   // display name without its number, "frontend-Host-blog-litup-me"; Compile makes it unique
	Rule        Rule     // parsed
	Priority    int      // above 0 it overrides the rule's own priority, its length
	EntryPoints []string // empty: the default entry points
	// EntryPointsLabel is the label that holds EntryPoints, for diagnostics.
	EntryPointsLabel string
	TLS              bool     // of these entry points, only where TLS is spoken
	Service          string   // the Name of a ServiceSpec, of this or of another owner
	PassHost         bool     // forward the client's Host; else the endpoint's address
	Filters          []Filter // in the order in which they see a request
	TCP              *TCP     // nil: the route is one of requests
}

// A ServiceSpec is one owner's share of a service. Several owners may name the same service
// (traefik.backend): their endpoints are merged, the settings are the oldest owner's.
type ServiceSpec struct {
	Name       string   // "backend-mystack-blog"; the key under which shares are merged
	Weight     int      // the weight label, 1 by default, 0 only where weights of zero are allowed
	PerService bool     // Weight is the share of all this owner's endpoints together, not of each
	Balance    Balance  // how endpoints take turns
	Sticky     *Sticky  // nil: no affinity
	Check      *Check   // nil: no active health check
	MaxConn    *MaxConn // nil: no limit
	Presence   Presence // when it cannot answer, and when it can again
	Transport  Transport
	Endpoints  []Endpoint

	// A service may lead to other services instead of endpoints, in one of three ways. Sticky then keeps a client at one
	// of Weighted; Balance and Check are the other services' own.
	Weighted  []Part
	Mirroring *Mirroring // nil: none
	Failover  *Failover  // nil: none
	// PartsLabel is the label that names the other services, for diagnostics.
	PartsLabel string
}

// A Part is a service that gets its share of another one's requests.
type Part struct {
	Service string // the Name of a ServiceSpec, of this or of another owner
	Weight  int    // 0: no requests but those of clients that stick to it
}

// Mirroring sends requests to a service and copies of some to others, whose answers nobody sees.
type Mirroring struct {
	Service string
	Mirrors []Mirror
	MaxBody int64 // a request with a longer body is not copied; 0: DefaultMirrorBody
	NoBody  bool  // copies have no body, whatever the request has
}

// A Mirror is a service that gets copies.
type Mirror struct {
	Service string
	Percent int // of the requests, 0 to 100
}

// DefaultMirrorBody is the longest body that is kept for copies where nobody says otherwise.
const DefaultMirrorBody = 1 << 20

// Failover sends requests to Fallback while Main has no endpoint that could answer.
type Failover struct{ Main, Fallback string }

// Balance is how a service's endpoints take turns.
type Balance uint8

// The balancing methods of Traefik 1.x.
const (
	WRR Balance = iota // weighted round robin
	DRR                // accepted, served as WRR with passive health
)

// Sticky is cookie affinity.
type Sticky struct {
	Cookie   string // the cookie's name, already made legal
	Secure   bool
	HTTPOnly bool
	SameSite string // "", "none", "lax" or "strict"
}

// Check is an active health check.
type Check struct {
	Path     string
	Port     int    // 0: the endpoint's own
	Scheme   string // "": the endpoint's own; "tcp" and "tls" are dialled and nothing more
	Host     string // Host header of probes; "": the endpoint's address
	Headers  []Pair // in the order of the label
	Interval time.Duration
	Timeout  time.Duration
	// Message: it is Seneca's own ping, POST {"role":"seneca","cmd":"ping"}, and not a GET. Compile sets it for services that
	// answer messages.
	Message bool
	Rise    int // passes in a row that bring an endpoint back
	Fall    int // failures in a row that take it out
}

// MaxConn limits concurrent requests by key.
type MaxConn struct {
	Amount    int64
	Extractor Extractor
}

// Presence is how a service meets the moments in which it cannot answer. The zero value is the router's default.
type Presence struct {
	Hold      time.Duration // how long a request waits while no endpoint could answer; 0: as the router says, negative: not at all
	SlowStart time.Duration // until a new endpoint has its full share; 0: at once
	Paused    bool          // requests wait as if there were no endpoint
}

// Extractor names where a limit's key comes from.
type Extractor struct {
	Kind   ExtractorKind
	Header string // for ByHeader
	// Depth and Excluded are v3's ipStrategy, for ByClientIP: the element of X-Forwarded-For that is the client, from the
	// right, or the first from the right that is in none of these networks. Without either it is the connection's address.
	Depth    int
	Excluded []netip.Prefix
}

// ExtractorKind is one of the three sources of a key in Traefik 1.x.
type ExtractorKind uint8

// client.ip, request.host and request.header.NAME.
const (
	ByClientIP ExtractorKind = iota
	ByHost
	ByHeader
)

// A Pair is a name with its value, where order matters.
type Pair struct{ Name, Value string }

// An Endpoint is one place that answers for a service: a running task, or a virtual IP.
type Endpoint struct {
	Task   string // the task's id, or the service's for a virtual IP: an address alone may be inherited
	Name   string // display name, "server-mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1"
	Scheme string // "http", "https" or "h2c"; of TCP services "tcp" or "tls"
	Addr   string // "10.0.1.5:2368", an IPv6 address in brackets
}

// URL is the endpoint as Traefik 1.x writes it, "http://10.0.1.5:2368".
func (e Endpoint) URL() string { return e.Scheme + "://" + e.Addr }
