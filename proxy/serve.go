package proxy

import (
	"net/http"
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
	"go.uber.org/zap"
)

// visit is one request on its way through: what was found out so far, for the next step and for the books.
type visit struct {
	exchange message.Exchange
	entry    *EntryPoint
	view     *view
	route    *rules.Route
	service  *rules.Service     // the route's, or the one that it leads to
	chain    *middleware.Chain  // nil: the route has no filters
	filtered *middleware.Visit  // what they know of it; nil without them
	admitted *middleware.Visit  // what the entry point's filters know of it; nil without them
	cleaned  bool               // the request holds no more what is not to be believed or passed on
	group    *balancer.Group    // of service
	above    []leader           // the services that lead to it; nearly always none
	teed     []*tee             // bodies that mirrors want a copy of; likewise
	endpoint *balancer.Endpoint // the one asked last
	path     string             // as the client sent it
	protocol string             // as the metrics of Traefik 1.7 name it: http, sse or websocket
	key      string             // what the connection limit counts the request under
	limited  bool               // it counts it
	entered  bool               // it has been asked, and lets it pass
	prepared bool               // the request is as endpoints get it
	engaged  bool               // the endpoint counts it
	status   int
	sent     int64
	started  time.Time
	failure  *message.Failure
	cause    *message.Failure // why no endpoint has answered, until one does
	tunnel   *tunnel          // nil: none
	internal bool             // a page of the router's own
	errand   bool             // it is the router's own request
	waits    time.Time        // until when it waits for an endpoint; zero: it has not waited yet
	query    rules.Query
	letter   *letter // what is known of it as a message; nil: it is none

	// For the access log (record.go).
	record  *accesslog.Record // nil: there is no log
	counted *counted          // the body as it came to the filters
	asked   time.Time         // when the service was
	retries int
	full    bool // the connection limit has refused the request
}

// visits are used again: the query's address goes through an interface of rules, so that each would be an allocation.
var visits = sync.Pool{New: func() any { return new(visit) }}

// Serve takes one request from its head to its books. It is called by the fronts, concurrently.
func (e *EntryPoint) Serve(x message.Exchange) {
	q := x.Request()
	v := visits.Get().(*visit)
	*v = visit{exchange: x, entry: e, started: time.Now(), path: q.RawPath, protocol: protocolOf(q)}
	e.tally.Open(q.Method, v.protocol, 1)
	if log := e.proxy.options.AccessLog; log != nil {
		v.begins(log, q)
	}
	defer v.giveBack()
	defer v.end() // deferred, like leave, for 2 ns each: a fault of ours may cost a request, never a count
	v.serve(e.proxy.view.Load())
}

// giveBack lets go of the table, whose endpoints would else live as long as the visit is not used again.
func (v *visit) giveBack() {
	if v.letter != nil {
		v.letter.giveBack()
	}
	*v = visit{}
	visits.Put(v)
}

func (v *visit) serve(now *view) {
	if v.entry.act != nil {
		v.act(now)
		return
	}
	q := v.exchange.Request()
	v.query = rules.Query{Method: q.Method, Host: q.Host, Path: q.Path, RawQuery: q.RawQuery, Header: &q.Fields, Client: q.Client.Addr()}
	match := now.table.Match(v.entry.options.Name, &v.query)
	pages := v.entry.options.Internal
	if pages != nil && v.internally(pages.Open(q)) {
		return
	}
	if v.entry.chain != nil && !v.admit(q) {
		return
	}
	if pages != nil && v.internally(pages.Admitted(q)) {
		return
	}
	if match.Route != nil && match.Route.Owner.Gone {
		now, match = v.outlast(now, match)
	}
	if match.Route == nil {
		v.answer(notFound())
		return
	}
	v.route, v.service, v.group = match.Route, match.Route.Service, now.groups[match.Route.Service.ID]
	if match.Redirect {
		v.answer(movedTo(rules.OtherSlash(q.RawPath), q))
		return
	}
	v.view = now
	if v.chain = now.chains[match.Route.ID]; v.chain != nil {
		v.filtered = v.visitor()
	}
	v.begin()
	defer v.leave()
	v.pass(q)
}

// admit asks the entry point's filters, which come before routing: but for the match, which is of the request as the client
// sent it, hop-by-hop fields and all.
func (v *visit) admit(q *message.Request) bool {
	v.clean(q)
	v.admitted = v.visitor()
	return !v.refused(v.entry.chain, v.admitted)
}

// visitor is the request as filters see it.
func (v *visit) visitor() *middleware.Visit {
	visitor := &middleware.Visit{Exchange: v.exchange, Router: v, Route: v.route, Entry: v.entry.options.Name, Path: v.path}
	if v.admitted != nil {
		visitor.User = v.admitted.User
	}
	return visitor
}

// refused runs filters on the request and answers it if one of them does.
func (v *visit) refused(c *middleware.Chain, visitor *middleware.Visit) bool {
	r := c.Request(visitor)
	if r == nil {
		return false
	}
	v.answer(r)
	if v.failure == nil {
		v.failure = visitor.Failure
	}
	return true
}

// begin counts the request in its service.
func (v *visit) begin() {
	v.group.Begin()
	v.group.Tally.Open(v.exchange.Request().Method, v.protocol, 1)
}

// enter asks the service's connection limit.
func (v *visit) enter(q *message.Request) bool {
	v.key, v.limited = limitKey(v.service.MaxConn, v.entry.proxy.options.Filters.IPv6, q)
	if v.limited && !v.group.Enter(v.key) {
		v.limited = false
		return false
	}
	v.entered = true
	return true
}

// leave undoes what begin, enter and try have counted.
func (v *visit) leave() {
	q := v.exchange.Request()
	if v.engaged {
		v.endpoint.End()
	}
	if v.limited {
		v.group.Leave(v.key)
	}
	if v.chain != nil {
		v.chain.Done(v.filtered)
	}
	for _, t := range v.teed {
		t.over()
	}
	v.part(q, v.group)
	for _, leader := range v.above {
		v.part(q, leader.group)
	}
}

// part is the end of begin.
func (v *visit) part(q *message.Request, g *balancer.Group) {
	v.undo(q, g)
	g.Tally.Done(q.Method, v.protocol, v.code(), time.Since(v.started))
	if v.failure != nil {
		g.Failed.Add(v.failure.Side.String(), v.failure.Code())
	}
}

// pass takes the request through the route's modifiers and filters, forwards it and sends the answer.
func (v *visit) pass(q *message.Request) {
	if !v.cleaned {
		v.clean(q)
	}
	if v.route.Rewrites() && !v.rewrite(q) {
		v.answer(notFound())
		return
	}
	if v.chain != nil && v.refused(v.chain, v.filtered) {
		return
	}
	if v.service.Leads() {
		v.lead()
	}
	if !v.enter(q) {
		v.full = true
		v.answer(tooMany(v.service.MaxConn.Amount))
		return
	}
	if v.above != nil {
		v.mirror(q)
	}
	v.prepare(q)
	if v.record != nil {
		v.asked = time.Now()
	}
	response, fail := v.forward()
	switch {
	case v.full: // the service that it was led to when another refused
		v.answer(tooMany(v.service.MaxConn.Amount))
		return
	case fail != nil:
		v.fail(fail)
		return
	}
	if response.Upgraded != nil {
		v.upgrade(response)
		return
	}
	cleanResponse(&response.Fields)
	v.markForwarded()
	v.answer(response)
}

// markForwarded tells filters that the answer is an endpoint's.
func (v *visit) markForwarded() {
	if v.filtered != nil {
		v.filtered.Forwarded = true
	}
	if v.admitted != nil {
		v.admitted.Forwarded = true
	}
}

// code is the status for the books; a request that a fault of ours ended has none of its own.
func (v *visit) code() int {
	if v.status == 0 {
		return http.StatusInternalServerError
	}
	return v.status
}

// answer sends a response through the route's filters and the entry point's.
func (v *visit) answer(r *message.Response) {
	if v.record != nil {
		v.came(r)
	}
	if v.chain != nil {
		r = v.chain.Response(v.filtered, r)
	}
	if v.admitted != nil {
		r = v.entry.chain.Response(v.admitted, r)
	}
	if v.letter != nil {
		r = v.reply(r)
	}
	for _, filter := range v.entry.responses {
		filter(v.exchange.Request(), r)
	}
	if v.record != nil {
		v.goes(r)
	}
	v.status = r.Status
	v.sent, v.failure = v.exchange.Send(r)
}

// fail answers for a request that no endpoint answered.
func (v *visit) fail(f *message.Failure) {
	status := f.Status()
	if status == message.ClientGone {
		v.status, v.failure = status, f
		return
	}
	v.cause = f
	if f.Step == message.NoPlace {
		v.answer(v.unavailable())
	} else {
		v.answer(failed(status))
	}
	if v.cause != nil { // else a filter has made good for it
		v.failure = v.cause
	}
}

// end lets a shutdown go on that has waited for the request. A tunnel is out of the engine's sight, and out of its count only
// when the books know of it.
func (v *visit) end() {
	v.finish()
	if v.tunnel != nil {
		v.entry.tunnels.remove(v.tunnel)
	}
}

// finish keeps the books: the counters, a line in the access log, and one for whoever debugs.
func (v *visit) finish() {
	q := v.exchange.Request()
	took := time.Since(v.started)
	v.entry.tally.Open(q.Method, v.protocol, -1)
	if v.admitted != nil {
		v.entry.chain.Done(v.admitted)
	}
	if v.internal {
		v.forget()
		return
	}
	v.entry.tally.Done(q.Method, v.protocol, v.code(), took)
	if v.letter != nil && v.letter.tally != nil {
		v.letter.tally.Done(q.Method, v.protocol, v.code(), took)
	}
	v.entry.tally.Sent.Add(uint64(v.sent))
	if v.record != nil {
		v.ends(took)
	}
	if see := v.entry.proxy.options.OnError; see != nil && v.code() >= http.StatusBadRequest {
		see(v.code(), q.Method, q.Host, v.path)
	}
	if v.failure == nil {
		return
	}
	v.entry.failed.Add(v.failure.Side.String(), v.failure.Code())
	line := v.entry.proxy.options.Log.Check(zap.DebugLevel, "request failed")
	if line == nil {
		return
	}
	line.Write(zap.String("host", q.Host), zap.String("path", v.path), zap.Int("status", v.code()),
		zap.String("service", v.serviceName()), zap.String("endpoint", v.endpointName()),
		zap.Stringer("side", v.failure.Side), zap.Stringer("step", v.failure.Step), zap.String("code", v.failure.Code()),
		zap.NamedError("cause", v.failure.Err), zap.Duration("took", took))
}

func (v *visit) serviceName() string {
	if v.service == nil {
		return ""
	}
	return v.service.Name
}

func (v *visit) endpointName() string {
	if v.endpoint == nil {
		return ""
	}
	return v.endpoint.URL()
}

func protocolOf(q *message.Request) string {
	switch {
	case message.SameName(q.Upgrade, "websocket"):
		return "websocket"
	case q.Fields.Get("Accept") == "text/event-stream":
		return "sse"
	}
	return "http"
}
