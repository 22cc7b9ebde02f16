// Package conn opens connections to endpoints and says what went wrong when it could not.
package conn

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// DefaultTimeout is long for an overlay network, where a SYN is answered within a millisecond or not at all.
// A dead task's address answers nothing, so every second more is a second that a client waits before the next
// endpoint is tried.
const DefaultTimeout = time.Second

// keepAlive begins as soon as Traefik 1.x's: overlay networks drop idle flows from their tables after 15 minutes, silently.
// It gives a machine that is gone up after a minute and a half; as Go would ask, an answer that has stopped in the middle
// would hold its client for five.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 6}

// A Dialer opens connections to endpoints. The zero value is ready to use.
type Dialer struct {
	Timeout time.Duration // 0: DefaultTimeout
	// Unheard is for how long what was sent may stay unacknowledged, or an endpoint take nothing, before the connection fails.
	// 0: as the kernel has it, a quarter of an hour. It is for engines that cannot tell the two apart.
	Unheard time.Duration

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
	return nil, &Error{Addr: addr, Err: err, slow: ctx.Err() == nil && ended(limited, err) && ours(limited, ctx)}
}

// ended tells whether err is the end of limited. Package net has a clock of its own for the deadline, which may be a little
// fast: who dials may hear of the end before limited has it.
func ended(limited context.Context, err error) bool {
	var timed net.Error
	return limited.Err() != nil || errors.As(err, &timed) && timed.Timeout()
}

// ours tells whether it is our own time that has passed: the end of the caller's is the caller's news, not the endpoint's.
func ours(limited, ctx context.Context) bool {
	end, _ := limited.Deadline()
	callers, has := ctx.Deadline()
	return !has || end.Before(callers)
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
	plain := net.Dialer{KeepAliveConfig: keepAlive}
	if d.Unheard > 0 {
		plain.Control = func(_, _ string, raw syscall.RawConn) error { return limitUnheard(raw, d.Unheard) }
	}
	return plain.DialContext(ctx, network, addr)
}
