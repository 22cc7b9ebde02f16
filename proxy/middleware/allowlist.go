package middleware

import (
	"cmp"
	"net/http"
	"net/netip"
	"strings"

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
		elements := forwardedFor(q)
		return len(elements) >= a.Depth && a.admitsText(elements[len(elements)-a.Depth])
	case len(a.Excluded) > 0:
		return a.admitsText(a.firstForeign(q))
	}
	return contains(a.Ranges, q.Client.Addr())
}

// admitsAny looks at the elements from left to right; one that is no address refuses the request, as in Traefik 1.x.
func (a allowList) admitsAny(q *message.Request) bool {
	for _, element := range forwardedFor(q) {
		ip, err := netip.ParseAddr(element)
		if err != nil {
			return false
		}
		if contains(a.Ranges, ip) {
			return true
		}
	}
	return contains(a.Ranges, q.Client.Addr())
}

// firstForeign is the first element from the right that is none of the proxies left out, or "".
func (a allowList) firstForeign(q *message.Request) string {
	elements := forwardedFor(q)
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

func contains(ranges []netip.Prefix, ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, r := range ranges {
		if r.Contains(ip) {
			return true
		}
	}
	return false
}

// forwardedFor is every element of X-Forwarded-For, in order.
func forwardedFor(q *message.Request) (elements []string) {
	q.Fields.Values("X-Forwarded-For", func(line string) bool {
		for element := range strings.SplitSeq(line, ",") {
			elements = append(elements, strings.TrimSpace(element))
		}
		return true
	})
	return elements
}
