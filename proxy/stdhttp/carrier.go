package stdhttp

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
)

// A carrier is an endpoint's connections. It drops the idle ones when the endpoint is retired and has drained, and
// all of them when its time to drain is over.
type carrier struct {
	transport *http.Transport
	upgrading *http.Transport // of requests for an upgrade, which HTTP/2 has not (RFC 9113, 8.6); nil: the same
	endpoint  *balancer.Endpoint
	dial      func(ctx context.Context, network, addr string) (net.Conn, error)

	mu   sync.Mutex
	open map[*tracked]struct{}
}

func (c *carrier) transportFor(q *message.Request) *http.Transport {
	if q.Upgrade != "" && c.upgrading != nil {
		return c.upgrading
	}
	return c.transport
}

// Close implements io.Closer; a closed carrier still serves.
func (c *carrier) Close() error {
	c.transport.CloseIdleConnections()
	if c.upgrading != nil {
		c.upgrading.CloseIdleConnections()
	}
	select {
	case <-c.endpoint.Cut():
		c.cut()
	default:
	}
	return nil
}

func (c *carrier) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	plain, err := c.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn := &tracked{Conn: plain, carrier: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = struct{}{}
	return conn, nil
}

func (c *carrier) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.Conn.Close()
	}
}

// tracked is a connection that its carrier can cut.
type tracked struct {
	net.Conn
	carrier *carrier
}

// CloseWrite passes on a half-close, which only the connection below can do.
func (t *tracked) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return t.Close()
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.carrier.mu.Lock()
	delete(t.carrier.open, t)
	t.carrier.mu.Unlock()
	return t.Conn.Close()
}
