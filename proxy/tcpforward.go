package proxy

import (
	"fmt"
	"net"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/message"
)

// forward connects to an endpoint, and waits for one if it must. Nothing of what the client says is sent before, so that each
// endpoint that fails is passed over for another.
func (p *passage) forward() (net.Conn, *message.Failure) {
	for {
		group := p.counted[0]
		turn := group.Turn()
		endpoint, fail := p.ask(group)
		if fail == nil || !unheard(fail) {
			return endpoint, fail
		}
		wait := p.patience()
		if wait <= 0 {
			return nil, fail
		}
		if p.waits.IsZero() {
			p.waits = time.Now().Add(wait)
		}
		if why := group.Hold(p.ctx, turn, p.waits); why != nil {
			fail.Step, fail.Err = message.NoPlace, fmt.Errorf("%w: %w", why, fail.Err)
			return nil, fail
		}
	}
}

// patience is how long it may wait, as a request may.
func (p *passage) patience() time.Duration {
	if hold := p.route.Service.Presence.Hold; hold != 0 {
		return hold
	}
	return p.entry.proxy.options.Hold
}

func (p *passage) ask(group *balancer.Group) (net.Conn, *message.Failure) {
	if group.Paused() {
		return nil, &message.Failure{Side: message.Upstream, Step: message.NoPlace, Err: errPaused}
	}
	p.lead()
	return p.attempt()
}

// lead follows services that lead to others down to one that has endpoints, anew each time.
func (p *passage) lead() {
	for _, g := range p.counted[1:] {
		g.End()
		g.Tally.Open(tcpMethod, tcpProtocol, -1)
	}
	p.counted = p.counted[:1]
	p.service, p.group = p.route.Service, p.counted[0]
	for p.service.Leads() {
		part := p.group.Lead("")
		if part == nil {
			return
		}
		service := p.view.table.Service(part.Name)
		if service == nil {
			service = p.entry.proxy.view.Load().table.Service(part.Name)
		}
		if service == nil {
			return
		}
		p.service = service
		p.count(part)
	}
}

// attempt finds an endpoint that takes the connection.
func (p *passage) attempt() (net.Conn, *message.Failure) {
	var tried [maxTries]*balancer.Endpoint
	last := &message.Failure{Side: message.Upstream, Step: message.NoPlace, Err: errNoEndpoint}
	timeouts := 0
	for n := 0; n < maxTries && timeouts < maxTimeouts; n++ {
		e := p.group.PickOther(tried[:n])
		if e == nil {
			break
		}
		p.endpoint, tried[n] = e, e
		if n > 0 {
			p.group.Retries.Add(1)
			p.retries++
		}
		endpoint, fail := p.try(e)
		if fail == nil {
			return endpoint, nil
		}
		if last = fail; fail.Step == message.TimedOut {
			timeouts++
		}
		if p.ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// try connects to an endpoint and says what it is to hear before the client. The endpoint counts it from then on.
func (p *passage) try(e *balancer.Endpoint) (net.Conn, *message.Failure) {
	e.Begin()
	endpoint, err := p.entry.proxy.options.Dial(p.ctx, "tcp", e.Addr)
	if err != nil {
		e.End()
		return nil, p.undialled(e, err)
	}
	known, err := p.introduce(endpoint)
	if err != nil {
		endpoint.Close()
		e.End()
		e.Faulted()
		return nil, &message.Failure{Side: message.Upstream, Step: message.Waiting, Again: true, Err: err}
	}
	e.Answered()
	return known, nil
}

// undialled is what a dial's error means.
func (p *passage) undialled(e *balancer.Endpoint, err error) *message.Failure {
	fail := &message.Failure{Side: message.Upstream, Step: message.Dialing, Again: true, Err: err}
	switch {
	case p.ctx.Err() != nil:
		return &message.Failure{Side: message.Router, Step: message.Dialing, Err: p.ctx.Err()}
	case conn.Refused(err):
		fail.Step = message.Refused
		e.Refused()
	case conn.Timeout(err):
		fail.Step = message.TimedOut
		e.Refused()
	default:
		e.Faulted()
	}
	return fail
}

// introduced bounds the time that an endpoint may take to agree on TLS, and to take the header.
const introduced = 10 * time.Second

// introduce tells the endpoint who the client is and agrees with it on TLS, as its service wants it.
func (p *passage) introduce(endpoint net.Conn) (net.Conn, error) {
	version := p.service.Transport.ProxyProtocol
	if version == 0 && p.endpoint.Scheme != "tls" {
		return endpoint, nil
	}
	_ = endpoint.SetDeadline(time.Now().Add(introduced))
	if version != 0 {
		header := proxyproto.HeaderProxyFromAddrs(byte(version), p.client.RemoteAddr(), p.client.LocalAddr())
		if _, err := header.WriteTo(endpoint); err != nil {
			return nil, fmt.Errorf("header of the PROXY protocol: %w", err)
		}
	}
	if p.endpoint.Scheme == "tls" {
		secure, err := p.speakTLS(endpoint)
		if err != nil {
			return nil, err
		}
		endpoint = secure
	}
	return endpoint, endpoint.SetDeadline(time.Time{})
}
