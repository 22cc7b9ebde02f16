package middleware

import (
	"net/netip"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A keyer finds what a limit counts a request under.
type keyer struct {
	rules.Extractor
	bits int // of an IPv6 address that count; 0: all
}

// Key is what a limit counts a request under; of an IPv6 client as many bits count, all if it is 0. It is good as long as the
// request.
func Key(e rules.Extractor, bits int, q *message.Request) string { return keyer{e, bits}.key(q) }

// key is good as long as the request: it may alias an engine's buffer.
func (k keyer) key(q *message.Request) string {
	switch k.Kind {
	case rules.ByHeader:
		return q.Fields.Get(k.Header)
	case rules.ByHost:
		return q.Host
	}
	client := q.Peer()
	if k.Depth > 0 || len(k.Excluded) > 0 {
		client = k.forwarded(q, client)
	}
	if k.bits > 0 && k.bits < 128 && client.Is6() {
		if network, err := client.Prefix(k.bits); err == nil {
			return network.String()
		}
	}
	if q.ClientIP != "" && client == q.Peer() {
		return q.ClientIP
	}
	return client.String()
}

// forwarded is the client that X-Forwarded-For names. Where the list is too short for the depth, or holds no address where
// one is looked for, it is the connection's: else clients could choose to share a key with nobody.
func (k keyer) forwarded(q *message.Request, client netip.Addr) netip.Addr {
	list := q.ForwardedFor()
	if k.Depth > 0 {
		if k.Depth > len(list) {
			return client
		}
		list = list[len(list)-k.Depth:][:1]
	}
	for i := len(list) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(list[i])
		if err != nil {
			return client
		}
		addr = addr.Unmap().WithZone("")
		if k.Depth > 0 || !message.Within(k.Excluded, addr) {
			return addr
		}
	}
	return client
}
