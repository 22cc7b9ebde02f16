package proxy

import (
	"errors"
	"net"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
)

// What filters may ask is asked of the visit that they see.
var _ middleware.Router = (*visit)(nil)

// EntryPoint implements middleware.Router.
func (v *visit) EntryPoint(name string) (scheme, port string, ok bool) {
	return v.entry.proxy.EntryPoint(name)
}

// EntryPoint tells an entry point's scheme and port.
func (p *Proxy) EntryPoint(name string) (scheme, port string, ok bool) {
	for _, e := range p.entries {
		if strings.EqualFold(e.options.Name, name) {
			_, port, err := net.SplitHostPort(e.options.Address)
			return "http", port, err == nil
		}
	}
	return "", "", false
}

// Fetch implements middleware.Router: a request of our own in the client's place, on the same way as the client's.
func (v *visit) Fetch(_ *middleware.Visit, service string, q *message.Request) (*message.Response, *message.Failure) {
	if v.view == nil { // an entry point's filters run before there is a route
		v.view = v.entry.proxy.view.Load()
	}
	s := v.view.table.Service(service)
	if s == nil {
		return nil, &message.Failure{Side: message.Router, Step: message.NoPlace, Err: errNoEndpoint}
	}
	return v.aside(s, &errand{request: q, context: v.exchange.Context()}).fetch()
}

// Again implements middleware.Router.
func (v *visit) Again(_ *middleware.Visit) (*message.Response, *message.Failure) {
	q := v.exchange.Request()
	if v.engaged {
		v.endpoint.End()
		v.engaged = false
	}
	v.filtered.Forwarded = false
	if !v.entered && !v.enter(q) {
		return tooMany(v.service.MaxConn.Amount), nil
	}
	if !v.prepared {
		v.prepare(q)
	}
	response, fail := v.forward()
	v.cause = fail
	if fail != nil {
		return nil, fail
	}
	if response.Upgraded != nil {
		response.Upgraded.Close()
		v.cause = &message.Failure{Side: message.Router, Step: message.Waiting, Err: errUpgraded}
		return nil, v.cause
	}
	cleanResponse(&response.Fields)
	v.filtered.Forwarded = true
	return response, nil
}

var errUpgraded = errors.New("the endpoint switches protocols where an answer was wanted")
