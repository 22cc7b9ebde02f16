package http3

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
)

// A client is a connection, from its first packet on.
type client struct {
	addr     netip.AddrPort
	arrived  func()                    // ends its share in the gate
	known    atomic.Bool               // its handshake is done
	conn     *quic.Conn                // set when it is
	entered  func()                    // tells that http has it
	requests atomic.Int64              // under way
	left     atomic.Pointer[time.Time] // when the last of them ended
}

type clientKey struct{}

// clientOf finds the client whose connection a context is of.
func clientOf(ctx context.Context) *client {
	c, _ := ctx.Value(clientKey{}).(*client)
	return c
}

// admit sees the first packet of a client whose address may not be its own.
func (s *Server) admit(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	c := &client{addr: addressOf(info.RemoteAddr)}
	if s.leaving.Load() {
		return nil, errLeaving
	}
	if !s.gate.enter() {
		s.options.Refuse("handshakes", c.addr)
		return nil, errCrowded
	}
	c.arrived = sync.OnceFunc(s.gate.leave)
	context.AfterFunc(ctx, func() {
		c.arrived()
		if code := refusalOf(context.Cause(ctx)); !c.known.Load() && code != "" {
			s.options.Refuse(code, c.addr)
		}
	})
	return context.WithValue(ctx, clientKey{}, c), nil
}

var (
	errLeaving = errors.New("the router leaves")
	errCrowded = errors.New("too many handshakes are under way")
)

// enter is called by http when it has taken a connection over.
func (s *Server) enter(ctx context.Context, conn *quic.Conn) context.Context {
	clientOf(conn.Context()).entered()
	return ctx
}

// idleFor is for how long the client has had no request under way.
func (c *client) idleFor(now time.Time) time.Duration {
	if c.requests.Load() > 0 {
		return 0
	}
	return now.Sub(*c.left.Load())
}

func (c *client) begin() { c.requests.Add(1) }

func (c *client) done() {
	c.leave()
	c.requests.Add(-1)
}

func (c *client) leave() {
	now := time.Now()
	c.left.Store(&now)
}

const (
	// pressing is how many handshakes are under way when clients have to prove first that they are where they say (RFC 9000, 8.1.2).
	pressing = 128
	// crowded is how many there are at most.
	crowded = 2048
)

// A gate counts handshakes under way.
type gate struct{ inside atomic.Int64 }

func (g *gate) enter() bool {
	if g.inside.Add(1) <= crowded {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() { g.inside.Add(-1) }

func (g *gate) isPressed(net.Addr) bool { return g.inside.Load() >= pressing }

func addressOf(a net.Addr) netip.AddrPort {
	if udp, ok := a.(*net.UDPAddr); ok {
		at := udp.AddrPort()
		return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	return netip.AddrPort{}
}

// alerts of TLS that say more than that a handshake has failed, in the words of entry points that speak TLS over TCP.
var alerts = map[tls.AlertError]string{
	70:  "tls-version",
	112: "no-certificate",
	42:  "client-certificate", 43: "client-certificate", 44: "client-certificate", 45: "client-certificate", 46: "client-certificate",
	48: "client-certificate", 116: "client-certificate",
}

// refusalOf is the word for a handshake that came to nothing; "": we have ended it ourselves, which is counted elsewhere.
func refusalOf(err error) string {
	var transport *quic.TransportError
	var late *quic.HandshakeTimeoutError
	var idle *quic.IdleTimeoutError
	switch {
	case errors.As(err, &late), errors.As(err, &idle):
		return "handshake-timeout"
	case errors.As(err, &transport) && transport.ErrorCode == quic.ConnectionRefused && !transport.Remote:
		return ""
	case errors.As(err, &transport) && transport.ErrorCode.IsCryptoError():
		if transport.Remote { // it does not trust our certificate, mostly
			return "client-alert"
		}
		if code, known := alerts[tls.AlertError(transport.ErrorCode-0x100)]; known {
			return code
		}
	case errors.Is(err, quic.ErrTransportClosed), errors.Is(err, quic.ErrServerClosed):
		return ""
	}
	return "handshake"
}
