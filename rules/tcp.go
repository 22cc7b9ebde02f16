package rules

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Routes of whole connections stand beside those of requests, in the same table: a rule, a service, an owner. They are asked
// before anything of HTTP is read, as in Traefik 3.

// A TCP says which connections of its entry points a route is for.
type TCP struct {
	TLS         bool // those that begin as TLS does; else those that do not
	Passthrough bool // of TLS: the endpoint ends it, not the router
}

// String is "tcp", "tcp,tls" or "tcp,passthrough".
func (t TCP) String() string {
	switch {
	case t.Passthrough:
		return "tcp,passthrough"
	case t.TLS:
		return "tcp,tls"
	}
	return "tcp"
}

// text is " tcp" in front of a rule; nothing for routes of requests.
func (t *TCP) text() string {
	if t == nil {
		return ""
	}
	return " " + t.String()
}

// same says whether two routes are of the same kind.
func (t *TCP) same(other *TCP) bool {
	return (t == nil) == (other == nil) && (t == nil || *t == *other)
}

// Transport is how connections to the endpoints of a TCP service begin and end. The zero value is that of HTTP services.
type Transport struct {
	ProxyProtocol int // version of the PROXY protocol's header that tells endpoints who the client is; 0: none
	// TerminationDelay is how long the other side may go on once one has said all. 0: endpoints as long as they like, clients for a
	// moment; negative: both as long as they like.
	TerminationDelay time.Duration
}

// String is " proxyprotocol=v2 terminationdelay=100ms", each only where it is said.
func (t Transport) String() string {
	text := ""
	if t.ProxyProtocol != 0 {
		text += " proxyprotocol=v" + string(rune('0'+t.ProxyProtocol))
	}
	if t.TerminationDelay != 0 {
		text += " terminationdelay=" + t.TerminationDelay.String()
	}
	return text
}

// A Connection is what a client says before a byte of it goes to an endpoint.
type Connection struct {
	TLS        bool       // it began as TLS does
	ServerName string     // of TLS's ClientHello; "": it names none
	Protocols  []string   // of ALPN
	Client     netip.Addr // the zero Addr is in no network
}

// doors are an entry point's TCP routes.
type doors struct {
	tls, plain *index
	some       struct{ tls, plain bool } // there are any
	https      *index                    // HTTP's routes, of an entry point with TLS that has some; else nil
}

// openDoors makes those of the entry points that have TCP routes.
func (c *compiler) openDoors(http map[string]*index) map[string]*doors {
	if len(c.tcp) == 0 {
		return nil
	}
	first := c.firstOfHTTP()
	secret := plant(slices.DeleteFunc(slices.Clone(c.tcp), func(r *Route) bool { return !r.TCP.TLS }), c.options.EntryPoints)
	plain := plant(slices.DeleteFunc(slices.Clone(c.tcp), func(r *Route) bool { return r.TCP.TLS }), c.options.EntryPoints)
	all := map[string]*doors{}
	for _, r := range c.tcp {
		for _, name := range r.EntryPoints {
			d := all[name]
			if d == nil {
				d = &doors{tls: newIndex(secret[name]), plain: newIndex(plain[name])}
				if slices.Contains(c.options.TLSEntryPoints, name) && first[name] != nil {
					d.https = http[name]
				}
				all[name] = d
			}
			d.some.tls = d.some.tls || r.TCP.TLS
			d.some.plain = d.some.plain || !r.TCP.TLS
		}
	}
	return all
}

// TCPAt says which kinds of TCP routes an entry point has. Nothing of a connection has to be read to tell it from others where
// there is but one kind, and that is not HTTP.
func (t *Table) TCPAt(entryPoint string) (tls, plain bool) {
	d := t.doors[entryPoint]
	if d == nil {
		return false, false
	}
	return d.some.tls, d.some.plain
}

// MatchTCP is the TCP route that a connection at an entry point is for; nil: none, so that it is HTTP's. As Traefik 3 does it, a
// host that an HTTP route of an entry point with TLS names by its name is HTTP's, and HostSNI(`*`) gets only what HTTP leaves.
func (t *Table) MatchTCP(entryPoint string, c *Connection) *Route {
	d := t.doors[entryPoint]
	if d == nil {
		return nil
	}
	x := d.plain
	if c.TLS {
		x = d.tls
	}
	f := finder{s: subject{q: &Query{Client: c.Client, Protocols: c.Protocols}, host: bareHost(strings.TrimSuffix(c.ServerName, "."))}, best: none}
	if c.TLS && d.https != nil && d.https.names(f.s.host) {
		return nil
	}
	f.byHost(x)
	f.in(x.any)
	switch {
	case f.best == none:
		return nil
	case c.TLS && d.https != nil && t.TCP[f.best].takesAll():
		return nil
	}
	return t.TCP[f.best]
}

// names says whether a route asks for just this host.
func (x *index) names(host string) bool {
	var buffer [maxHost]byte
	return host != "" && x.exact.find(appendLower(buffer[:0], host)) != nil
}

// takesAll: its rule is HostSNI(`*`) and nothing more.
func (r *Route) takesAll() bool {
	every, ok := r.Rule.when.(all)
	return r.Rule.when == nil || ok && len(every) == 0
}

// lastOfAll is the priority of HostSNI(`*`), as Traefik 3 has it: it is tried after all others.
const lastOfAll = -1

// tellTCP tells owners of TCP routes what HTTP takes from them, and what they take from HTTP.
func (c *compiler) tellTCP(forests map[string]*forest) {
	if len(c.tcp) == 0 {
		return
	}
	first := c.firstOfHTTP()
	for _, r := range c.tcp {
		if r.Shadowed || r.Owner.Gone {
			continue
		}
		for _, name := range r.EntryPoints {
			if first[name] != nil && c.tellOfHTTP(r, name, first[name], forests[name]) {
				break
			}
		}
	}
}

// firstOfHTTP is the first route of requests of each entry point that has any.
func (c *compiler) firstOfHTTP() map[string]*Route {
	first := map[string]*Route{}
	for _, r := range c.routes {
		for _, name := range r.EntryPoints {
			if first[name] == nil && !r.Shadowed {
				first[name] = r
			}
		}
	}
	return first
}

// tellOfHTTP tells of one entry point, which HTTP routes have too; false: there is nothing to tell.
func (c *compiler) tellOfHTTP(r *Route, name string, first *Route, http *forest) bool {
	secure := slices.Contains(c.options.TLSEntryPoints, name)
	switch {
	case r.TCP.TLS != secure:
		return false
	case r.takesAll() && secure:
		c.tellRoute(r, HiddenRoute, Warning, "entry point %s has routes of HTTP, which get every connection that no other TCP route is for, as in Traefik 3; "+
			"name the hosts, or give the route an entry point of its own", name)
		return true
	case r.takesAll():
		c.tellRoute(r, TakesAll, Warning, "at entry point %s every connection that is not TLS goes to this route, so that no request comes to the HTTP routes there, "+
			"that of %s among them; give the route an entry point of its own", name, named(first))
		return true
	case !secure:
		return false
	}
	for _, at := range r.Rule.when.anchors() {
		if tree := http.exact[at.host]; at.kind == exactHost && tree != nil {
			c.tellRoute(r, HiddenRoute, Warning, "%s asks for %s at entry point %s by HTTP, and gets its connections, as in Traefik 3", named(c.routes[tree.first]), at.host, name)
			return true
		}
	}
	return false
}
