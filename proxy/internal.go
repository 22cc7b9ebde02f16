package proxy

import (
	"github.com/appia-edge/appia/proxy/message"
)

// Internal is the pages of the router's own that an entry point has. They win over all routes, and are neither counted
// nor logged, nor changed by filters, compression included, as in Traefik 1.x.
type Internal interface {
	// Open answers what everybody may ask, whatever the entry point's filters say: /ping. Nil: it is no such page.
	Open(*message.Request) *message.Response
	// Admitted answers the other pages, for whom the filters have let in. Nil: it is no such page.
	Admitted(*message.Request) *message.Response
}

// internally answers a request for one of those pages.
func (v *visit) internally(r *message.Response) bool {
	if r == nil {
		return false
	}
	v.internal = true
	v.status = r.Status
	v.sent, v.failure = v.exchange.Send(r)
	return true
}
