package proxy

import (
	"context"
	"net"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A passage is one connection on its way from a client to an endpoint, by a TCP route: what a visit is to a request. Nothing of
// what is said on it is ours to read.
type passage struct {
	entry    *EntryPoint
	view     *view
	route    *rules.Route
	service  *rules.Service    // the route's, or the one that it leads to
	group    *balancer.Group   // of service
	counted  []*balancer.Group // those that count it, the route's first
	client   net.Conn          // what it says here is for the endpoint to hear
	from     netip.AddrPort    // who the client is
	said     hello
	ctx      context.Context // ends when it is cut
	end      context.CancelCauseFunc
	entered  []member           // the limits that count it
	endpoint *balancer.Endpoint // the one asked last
	tunnel   *tunnel
	started  time.Time
	waits    time.Time // until when it waits for an endpoint; zero: it has not waited yet
	retries  int
	sent     int64 // bytes to the client
	status   int   // for the books
	failure  *message.Failure
}

// passage begins one by a route; nil: there is no route.
func (e *EntryPoint) passage(now *view, route *rules.Route, conn net.Conn, said hello) *passage {
	if route == nil {
		return nil
	}
	p := &passage{entry: e, view: now, route: route, service: route.Service, client: conn, from: clientOf(conn), said: said, started: time.Now()}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	return p
}

// errCut is why a passage ends that neither side has ended: its endpoint's time to drain is over, or the router's.
var errCut = &refusal{"cut", message.ClientGone}

// Close implements io.Closer, for those who cannot wait any longer.
func (p *passage) Close() error {
	p.end(errCut)
	return nil
}

// open asks the route's filters, and ends TLS where that is the route's will.
func (p *passage) open() error {
	p.entry.tally.Open(tcpMethod, tcpProtocol, 1)
	p.count(p.view.groups[p.route.Service.ID])
	if why := p.admit(); why != nil {
		return p.refuse(why)
	}
	if !p.route.TCP.TLS || p.route.TCP.Passthrough {
		return nil
	}
	config := p.entry.ends.Load()
	if config == nil {
		return p.refuse(routeClosed)
	}
	known, err := p.entry.handshakeBy(config, p.client)
	if err != nil {
		p.status = message.ClientGone // and counted among the connections that came to nothing
		return err
	}
	p.client = known
	return nil
}

// What connections are counted by where requests have their method and their protocol.
const (
	tcpMethod   = "TCP"
	tcpProtocol = "tcp"
)

// count counts it in a service.
func (p *passage) count(g *balancer.Group) {
	g.Begin()
	g.Tally.Open(tcpMethod, tcpProtocol, 1)
	p.group = g
	p.counted = append(p.counted, g)
}

// serve takes it to its end.
func (p *passage) serve() {
	defer p.entry.tunnels.remove(p.tunnel) // a shutdown that has waited for it may go on
	defer p.finish()
	endpoint, fail := p.forward()
	if fail != nil {
		p.failure = fail
		return
	}
	p.pump(endpoint)
}

// finish closes what is open and keeps the books.
func (p *passage) finish() {
	p.client.Close()
	p.end(nil)
	if p.status == 0 {
		p.status = 200
		if p.failure != nil {
			p.status = p.failure.Status()
		}
	}
	took := time.Since(p.started)
	for _, m := range p.entered {
		p.entry.proxy.crowd.leave(m)
	}
	for _, g := range p.counted {
		p.part(g, took)
	}
	p.entry.tally.Open(tcpMethod, tcpProtocol, -1)
	p.entry.tally.Done(tcpMethod, tcpProtocol, p.status, took)
	p.entry.tally.Sent.Add(uint64(p.sent))
	p.log(took)
	if p.failure == nil {
		return
	}
	p.entry.failed.Add(p.failure.Side.String(), p.failure.Code())
	if line := p.entry.proxy.options.Log.Check(zap.DebugLevel, "connection failed"); line != nil {
		line.Write(zap.String("entrypoint", p.entry.options.Name), zap.String("name", p.said.serverName), zap.Stringer("client", p.from),
			zap.String("service", p.service.Name), zap.Stringer("side", p.failure.Side), zap.Stringer("step", p.failure.Step),
			zap.String("code", p.failure.Code()), zap.NamedError("cause", p.failure.Err), zap.Duration("took", took))
	}
}

func (p *passage) part(g *balancer.Group, took time.Duration) {
	g.End()
	g.Tally.Open(tcpMethod, tcpProtocol, -1)
	g.Tally.Done(tcpMethod, tcpProtocol, p.status, took)
	if p.failure != nil {
		g.Failed.Add(p.failure.Side.String(), p.failure.Code())
	}
}

// log writes a line of the access log: the name that was asked for stands in the host's place, and there is no path.
func (p *passage) log(took time.Duration) {
	log := p.entry.proxy.options.AccessLog
	if log == nil {
		return
	}
	r := log.Begin(&message.Request{Method: tcpMethod, Host: p.said.serverName, Client: p.from}, p.started)
	r.Proto = "TCP"
	r.Took, r.Status, r.Sent, r.OriginSent, r.Retries = took, p.status, p.sent, p.sent, p.retries
	r.Frontend, r.Backend = p.route.Name, p.route.Service.Name
	if p.endpoint != nil {
		r.OriginStatus, r.OriginTook = p.status, took
		r.URL, r.Addr = p.endpoint.URL(), p.endpoint.Addr
	}
	log.End(r)
}
