package proxy

import (
	"net/netip"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// prepare turns the client's request into the one that an endpoint gets. False: the rule's modifiers leave nothing.
func (v *visit) prepare(q *message.Request) bool {
	if message.Listed(q.Upgrade, "h2c") {
		q.Upgrade = "" // behind a switch to h2c an endpoint would serve paths that are not the route's
	}
	te := message.Listed(q.Fields.Joined("Te"), "trailers")
	removeHopByHop(&q.Fields)
	if te {
		q.Fields.Set("Te", "trailers")
	}
	if q.Upgrade != "" {
		q.Fields.Set("Connection", "Upgrade")
		q.Fields.Set("Upgrade", q.Upgrade)
	}
	v.entry.forwarded(q)
	return !v.route.Rewrites() || v.rewrite(q)
}

// rewrite applies the rule's path modifiers and tells the endpoint what the path was.
func (v *visit) rewrite(q *message.Request) bool {
	path, trace := v.route.Rewrite(rules.Path{Decoded: q.Path, Raw: q.RawPath})
	q.Path, q.RawPath = path.Decoded, path.Raw
	addEach(&q.Fields, "X-Forwarded-Prefix", trace.Prefix)
	addEach(&q.Fields, "X-Replaced-Path", trace.Replaced)
	return !trace.NotFound
}

func addEach(fields *message.Fields, name string, values [2]string) {
	for _, value := range values {
		if value != "" {
			fields.Add(name, value)
		}
	}
}

// endToEnd tells whether a field is not one of those that are meant for the next hop only (RFC 9110, 7.6.1) and that
// Connection does not have to name. By length first: every field of every message comes by here.
func endToEnd(name string) bool {
	hop := ""
	switch len(name) {
	case len("Te"):
		hop = "Te"
	case len("Upgrade"):
		return !message.SameName(name, "Upgrade") && !message.SameName(name, "Trailer")
	case len("Connection"):
		return !message.SameName(name, "Connection") && !message.SameName(name, "Keep-Alive")
	case len("Http2-Settings"):
		hop = "Http2-Settings"
	case len("Proxy-Connection"):
		hop = "Proxy-Connection"
	case len("Transfer-Encoding"):
		hop = "Transfer-Encoding"
	case len("Proxy-Authenticate"):
		hop = "Proxy-Authenticate"
	case len("Proxy-Authorization"):
		hop = "Proxy-Authorization"
	default:
		return true
	}
	return !message.SameName(name, hop)
}

func removeHopByHop(fields *message.Fields) {
	if named := fields.Joined("Connection"); named != "" {
		for name := range strings.SplitSeq(named, ",") {
			if name = strings.TrimSpace(name); name != "" {
				fields.Del(name)
			}
		}
	}
	fields.Keep(endToEnd)
}

// cleanResponse removes what an endpoint said to us alone. Trailer stays: the fronts announce by it.
func cleanResponse(fields *message.Fields) {
	trailer := fields.Joined("Trailer")
	removeHopByHop(fields)
	if trailer != "" {
		fields.Add("Trailer", trailer)
	}
}

// forwardedFields are what a client that is not trusted may not say of itself.
var forwardedFields = []string{
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Forwarded-Server",
	"X-Forwarded-Uri", "X-Forwarded-Method", "X-Real-Ip",
}

// forwarded tells the endpoint who asked, and how, in the X-Forwarded fields as Traefik 1.x fills them.
func (e *EntryPoint) forwarded(q *message.Request) {
	client := q.Client.Addr().Unmap().WithZone("")
	if !e.trusts(client) {
		for _, name := range forwardedFields {
			q.Fields.Del(name)
		}
	}
	if client.IsValid() {
		ip := q.ClientIP
		if ip == "" {
			ip = client.String()
		}
		if before := q.Fields.Joined("X-Forwarded-For"); before != "" {
			q.Fields.Set("X-Forwarded-For", before+", "+ip)
		} else {
			q.Fields.Set("X-Forwarded-For", ip)
		}
		setAbsent(&q.Fields, "X-Real-Ip", ip)
	}
	setAbsent(&q.Fields, "X-Forwarded-Proto", forwardedProto(q))
	setAbsent(&q.Fields, "X-Forwarded-Port", forwardedPort(q))
	setAbsent(&q.Fields, "X-Forwarded-Host", q.Host)
	q.Fields.Set("X-Forwarded-Server", e.proxy.options.Hostname)
}

func (e *EntryPoint) trusts(client netip.Addr) bool {
	if e.options.TrustAll {
		return true
	}
	for _, prefix := range e.options.TrustedIPs {
		if prefix.Contains(client) {
			return true
		}
	}
	return false
}

// setAbsent looks once where there is nothing yet, as mostly: a look is 130 instructions.
func setAbsent(fields *message.Fields, name, value string) {
	switch given, ok := fields.Value(name, 0); {
	case !ok:
		fields.Add(name, value)
	case given == "":
		fields.Set(name, value)
	}
}

// forwardedProto names ws and wss too, as Traefik 1.7 does.
func forwardedProto(q *message.Request) string {
	secure := q.Scheme == "https"
	switch {
	case message.SameName(q.Upgrade, "websocket") && secure:
		return "wss"
	case message.SameName(q.Upgrade, "websocket"):
		return "ws"
	}
	return q.Scheme
}

// forwardedPort is the port that the client asked for, which behind a published port is not the one we listen on.
func forwardedPort(q *message.Request) string {
	if i := strings.LastIndexByte(q.Host, ':'); i >= 0 && !strings.HasSuffix(q.Host, "]") {
		return q.Host[i+1:]
	}
	switch proto := q.Fields.Get("X-Forwarded-Proto"); {
	case q.Scheme == "https", proto == "https", proto == "wss":
		return "443"
	}
	return "80"
}
