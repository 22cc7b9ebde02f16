package proxy

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// An errand is a request of the router's own: for an error page, or a mirror's copy. It goes the way of a client's, with the
// same balancing, retries and counters, but past the filters, and its answer is for us.
type errand struct {
	request *message.Request
	context context.Context
}

var errErrand = errors.New("there is no client to answer")

// Request implements message.Exchange.
func (e *errand) Request() *message.Request { return e.request }

// Context implements message.Exchange.
func (e *errand) Context() context.Context { return e.context }

// Inform implements message.Exchange.
func (e *errand) Inform(*message.Response) error { return nil }

// Send implements message.Exchange.
func (e *errand) Send(*message.Response) (int64, *message.Failure) {
	return 0, &message.Failure{Side: message.Router, Step: message.Relaying, Err: errErrand}
}

// Upgrade implements message.Exchange.
func (e *errand) Upgrade(*message.Response) (io.ReadWriteCloser, error) { return nil, errErrand }

// aside is a visit of the router's own to a service of the table that this visit goes by.
func (v *visit) aside(s *rules.Service, x message.Exchange) *visit {
	return &visit{
		exchange: x, entry: v.entry, view: v.view, service: s, group: v.view.groups[s.ID], prepared: v.prepared,
		route: &rules.Route{Service: s, PassHost: true}, protocol: "http", started: time.Now(), errand: true,
	}
}

// fetch carries the request there. The visit ends when the answer's body is closed.
func (v *visit) fetch() (*message.Response, *message.Failure) {
	v.begin()
	if v.service.Leads() {
		v.lead()
	}
	if q := v.exchange.Request(); v.prepared {
		message.RemoveHopByHop(&q.Fields)
	} else {
		v.prepare(q)
	}
	response, fail := v.forward()
	if fail == nil && response.Upgraded != nil {
		response.Upgraded.Close()
		fail = &message.Failure{Side: message.Upstream, Step: message.Waiting, Err: errUpgraded}
	}
	if fail != nil {
		v.status = fail.Status()
		v.leave()
		return nil, fail
	}
	cleanResponse(&response.Fields)
	v.status = response.Status
	if response.Body == nil {
		response.Body = message.Text("")
	}
	// A struct of our own: an engine's forgets its body when that is closed.
	return &message.Response{Status: response.Status, Fields: response.Fields, Body: &fetched{Body: response.Body, visit: v}}, nil
}

// fetched is the body of an answer that was fetched.
type fetched struct {
	message.Body
	visit *visit // nil: closed
}

// Close implements io.Closer.
func (f *fetched) Close() error {
	err := f.Body.Close()
	if f.visit != nil {
		f.visit.leave()
		f.visit = nil
	}
	return err
}
