package proxy

import (
	"net/netip"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// clean removes what the client said to us alone, and what it may not say of itself: before modifiers and filters, whose own
// words would else be taken for the client's, or be undone by a client that lists them in Connection.
func (v *visit) clean(q *message.Request) {
	if q.Upgrade != "" {
		q.Upgrade = withoutHTTP(q.Upgrade)
	}
	q.Trailer = ""
	if q.Body != nil && q.Body.Length() < 0 {
		q.Trailer = q.Fields.Joined("Trailer")
	}
	if !v.entry.trusts(q.Peer()) {
		q.Fields.Keep(tellsNothingOfClient)
	}
	cleanRequest(q)
	v.cleaned = true
}

func cleanRequest(q *message.Request) {
	te := message.Listed(q.Fields.Joined("Te"), "trailers")
	message.RemoveHopByHop(&q.Fields)
	if te && q.Upgrade == "" {
		q.Fields.Set("Te", "trailers")
	}
}

// prepare turns the request, cleaned and filtered, into the one that an endpoint gets.
func (v *visit) prepare(q *message.Request) {
	v.prepared = true
	if v.filtered != nil || v.admitted != nil {
		cleanRequest(q) // once more: filters may set any field
	}
	if q.Upgrade != "" {
		q.Fields.Set("Connection", "Upgrade")
		q.Fields.Set("Upgrade", q.Upgrade)
	}
	v.entry.forwarded(q)
}

// withoutHTTP takes out of a list of protocols those behind which more requests would follow, h2c and its drafts, other
// versions, TLS: an endpoint would serve paths that are not the route's. Seldom is there anything to take out.
func withoutHTTP(list string) string {
	left := ""
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" || carriesRequests(name) {
			continue
		}
		if left != "" {
			left += ", "
		}
		left += name
	}
	return left
}

func carriesRequests(protocol string) bool {
	name, _, _ := strings.Cut(protocol, "/")
	return len(name) >= 2 && message.SameName(name[:2], "h2") || message.SameName(name, "HTTP") || message.SameName(name, "HTTPS") || message.SameName(name, "TLS")
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

// cleanResponse removes what an endpoint said to us alone. Trailer stays: the fronts announce by it.
func cleanResponse(fields *message.Fields) {
	trailer := fields.Joined("Trailer")
	message.RemoveHopByHop(fields)
	if trailer != "" {
		fields.Add("Trailer", trailer)
	}
}

// forwarded tells the endpoint who asked, and how, in the X-Forwarded fields as Traefik 1.x fills them.
func (e *EntryPoint) forwarded(q *message.Request) {
	if client := q.Peer(); client.IsValid() {
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

func tellsNothingOfClient(name string) bool { return !message.TellsOfClient(name) }

func (e *EntryPoint) trusts(client netip.Addr) bool {
	return e.options.TrustAll || message.Within(e.options.TrustedIPs, client)
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
