package proxy

import (
	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A leader is a service that has led a request to another one.
type leader struct {
	service *rules.Service
	group   *balancer.Group
	cookie  string // that keeps the client at the part; "": it has it already, or needs none
}

// lead follows services that lead to others down to one that has endpoints. The request counts in each. Where no part could
// answer it stays with the service that leads to none.
func (v *visit) lead() {
	for v.service.Leads() {
		token := ""
		if v.service.Sticky != nil {
			token, _ = cookie(&v.exchange.Request().Fields, v.service.Sticky.Cookie)
		}
		part := v.group.Lead(token)
		if part == nil {
			return
		}
		service := v.serviceOf(part)
		if service == nil {
			return
		}
		above := leader{service: v.service, group: v.group}
		if s := v.service.Sticky; s != nil && v.group.PartToken(part) != token {
			above.cookie = stickyCookie(s, v.group.PartToken(part))
		}
		v.above = append(v.above, above)
		v.service, v.group = service, part
		v.begin()
	}
}

// serviceOf is a part's service. A part may be newer than the table that the request goes by.
func (v *visit) serviceOf(part *balancer.Group) *rules.Service {
	if s := v.view.table.Service(part.Name); s != nil {
		return s
	}
	return v.entry.proxy.view.Load().table.Service(part.Name)
}

// leadElsewhere leads anew a request whose service has been tried in vain: its endpoints that refused are out by now, so that
// a failover, say, leads to the fallback. False: it would be the same service again, or one whose connection limit refuses it,
// which is the client's answer then, as it is where it was led there at first.
func (v *visit) leadElsewhere() bool {
	tried := v.group
	return v.leadAnew() && v.group != tried
}

// leadAnew leads the request again. False: a connection limit on the new way has refused it.
func (v *visit) leadAnew() bool {
	tried, q, place, limited := v.group, v.exchange.Request(), v.key, v.limited
	if len(v.above) > 0 {
		v.undo(q, v.group)
		for _, l := range v.above[1:] {
			v.undo(q, l.group)
		}
		v.service, v.group, v.above = v.above[0].service, v.above[0].group, nil
	}
	v.lead()
	if v.group == tried {
		return !v.full // and keeps its place
	}
	if limited {
		tried.Leave(place)
		v.limited = false
	}
	v.full = !v.enter(q)
	return !v.full
}

// undo takes back begin: the request is another service's.
func (v *visit) undo(q *message.Request, g *balancer.Group) {
	g.End()
	g.Tally.Open(q.Method, v.protocol, -1)
}
