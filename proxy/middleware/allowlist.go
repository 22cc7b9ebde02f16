package middleware

import (
	"cmp"
	"net/http"
	"net/netip"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// An allowList lets in the clients of some networks only. Who the client is, X-Forwarded-For may say, if the list is told
// to look there.
type allowList struct{ rules.AllowList }

// Request implements Asker.
func (a allowList) Request(v *Visit) *message.Response {
	if a.admits(v.Exchange.Request()) {
		return nil
	}
	v.Refused = RefusedAllowList
	status := cmp.Or(a.RejectStatus, http.StatusForbidden)
	return Answer(status, http.StatusText(status))
}

func (a allowList) admits(q *message.Request) bool {
	switch {
	case a.AnyForwarded:
		return a.admitsAny(q)
	case a.Depth > 0:
		elements := q.ForwardedFor()
		return len(elements) >= a.Depth && a.admitsText(elements[len(elements)-a.Depth])
	case len(a.Excluded) > 0:
		return a.admitsText(a.firstForeign(q))
	}
	return message.Within(a.Ranges, q.Peer())
}

// admitsAny looks at the elements from left to right; one that is no address refuses the request, as in Traefik 1.x.
func (a allowList) admitsAny(q *message.Request) bool {
	for _, element := range q.ForwardedFor() {
		ip, err := netip.ParseAddr(element)
		if err != nil {
			return false
		}
		if contains(a.Ranges, ip) {
			return true
		}
	}
	return message.Within(a.Ranges, q.Peer())
}

// firstForeign is the first element from the right that is none of the proxies left out, or "".
func (a allowList) firstForeign(q *message.Request) string {
	elements := q.ForwardedFor()
	for i := len(elements) - 1; i >= 0; i-- {
		if ip, err := netip.ParseAddr(elements[i]); err != nil || !contains(a.Excluded, ip) {
			return elements[i]
		}
	}
	return ""
}

func (a allowList) admitsText(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && contains(a.Ranges, ip)
}

// contains takes an address as it is written, with a zone or mapped.
func contains(ranges []netip.Prefix, ip netip.Addr) bool {
	return message.Within(ranges, ip.Unmap().WithZone(""))
}
