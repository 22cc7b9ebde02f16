// Package conn opens connections to endpoints and says what went wrong when it could not.
package conn

import (
	"context"
	"net"
	"time"
)

// DefaultTimeout is long for an overlay network, where a SYN is answered within a millisecond or not at all.
// A dead task's address answers nothing, so every second more is a second that a client waits before the next
// endpoint is tried.
const DefaultTimeout = time.Second

// keepAlive is Traefik 1.x's: overlay networks drop idle flows from their tables after 15 minutes, silently.
const keepAlive = 30 * time.Second

// A Dialer opens connections to endpoints. The zero value is ready to use.
type Dialer struct {
	Timeout time.Duration // 0: DefaultTimeout

	// Dial replaces the operating system's dialling, for endpoints that live in this process; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// DialContext connects to addr. Every error is an *Error: whoever sees one knows that nothing was sent.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, d.timeout())
	defer cancel()
	c, err := d.dial(limited, network, addr)
	if err == nil {
		return c, nil
	}
	// The caller's own context ending is the caller's news, not the endpoint's.
	slow := limited.Err() != nil && ctx.Err() == nil
	return nil, &Error{Addr: addr, Err: err, slow: slow}
}

func (d *Dialer) timeout() time.Duration {
	if d.Timeout > 0 {
		return d.Timeout
	}
	return DefaultTimeout
}

func (d *Dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.Dial != nil {
		return d.Dial(ctx, network, addr)
	}
	plain := net.Dialer{KeepAlive: keepAlive}
	return plain.DialContext(ctx, network, addr)
}
