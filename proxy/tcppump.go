package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// pump copies both ways until both sides have said all. A side that closes only its sending half may still receive.
func (p *passage) pump(endpoint net.Conn) {
	e := p.endpoint
	defer e.End()
	early, client := bare(p.client)
	stop := context.AfterFunc(p.ctx, func() {
		client.Close()
		endpoint.Close()
	})
	defer stop()
	if c := cordsOf(e); c != nil {
		c.add(p)
		defer c.remove(p)
	}
	defer endpoint.Close()
	defer client.Close()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		upward(endpoint, client, early)
		p.bound(p.service.Transport.TerminationDelay)
	}()
	sent, err := io.Copy(client, endpoint)
	p.sent = sent
	hangUp(client, err)
	p.bound(p.afterEnd())
	<-heard
	if cause := context.Cause(p.ctx); cause != nil && errors.Is(cause, errCut) {
		p.status, p.failure = errCut.status, &message.Failure{Side: message.Router, Step: message.Relaying, Err: errCut}
	}
}

// upward copies what the client says.
func upward(endpoint, client net.Conn, early []byte) {
	_, err := endpoint.Write(early)
	if err == nil {
		_, err = io.Copy(endpoint, client)
	}
	hangUp(endpoint, err)
}

// afterEnd is how long the client may go on once the endpoint has said all: one that is silent then would hold the connection for ever.
func (p *passage) afterEnd() time.Duration {
	if delay := p.service.Transport.TerminationDelay; delay != 0 {
		return delay
	}
	return linger
}

// bound has the passage end after a while at the latest.
func (p *passage) bound(after time.Duration) {
	if after > 0 {
		late := time.AfterFunc(after, func() { p.end(nil) })
		context.AfterFunc(p.ctx, func() { late.Stop() })
	}
}
