package proxy

import (
	"context"
	"net"
	"net/http"
	"sync"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/rules"
)

// A later is a listener whose socket is opened when it is first needed, and not before: that of messages, by the first label that
// asks for them. A swarm without such labels has no open port for them.
type later struct {
	address string
	listen  func() (net.Listener, error)
	ready   chan struct{} // closed once listener is there
	done    chan struct{}

	mu       sync.Mutex
	listener net.Listener
	closed   bool
}

func newLater(address string, listen func() (net.Listener, error)) *later {
	return &later{address: address, listen: listen, ready: make(chan struct{}), done: make(chan struct{})}
}

// open opens the socket, unless it is open. It may be tried again.
func (l *later) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.listener != nil {
		return nil
	}
	listener, err := l.listen()
	if err != nil {
		return err
	}
	l.listener = listener
	close(l.ready)
	return nil
}

// opened waits for the socket; nil when the listener is closed before.
func (l *later) opened() net.Listener {
	select {
	case <-l.ready:
		return l.listener
	case <-l.done:
		return nil
	}
}

// now is the socket, nil as long as there is none.
func (l *later) now() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.listener
}

// Accept implements net.Listener.
func (l *later) Accept() (net.Conn, error) {
	if socket := l.opened(); socket != nil {
		return socket.Accept()
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (l *later) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true
	close(l.done)
	if l.listener == nil {
		return nil
	}
	return l.listener.Close()
}

// Addr implements net.Listener: of a socket that is not open yet nothing is known.
func (l *later) Addr() net.Addr {
	if socket := l.now(); socket != nil {
		return socket.Addr()
	}
	return unopened(l.address)
}

// An unopened is an address that will be listened on.
type unopened string

// Network implements net.Addr.
func (unopened) Network() string { return "tcp" }

// String implements net.Addr.
func (u unopened) String() string { return string(u) }

// listenLater gives the entry point of messages a listener without a socket.
func (p *Proxy) listenLater(ctx context.Context, e *EntryPoint) error {
	ctx = context.WithoutCancel(ctx)
	l := newLater(e.options.Address, func() (net.Listener, error) { return p.options.Listen(ctx, "tcp", e.options.Address) })
	e.listener = l
	p.acts.Store(l)
	if e.act.Early || p.Table().Messages() {
		return l.open()
	}
	return nil
}

// serve has the front serve once there is something to serve on.
func (e *EntryPoint) serve() error {
	l, is := e.listener.(*later)
	if !is {
		return e.front.Serve(e.listener)
	}
	socket := l.opened()
	if socket == nil {
		return http.ErrServerClosed
	}
	return e.front.Serve(socket)
}

// Open reports whether the entry point has a socket: that of messages may have none yet.
func (e *EntryPoint) Open() bool {
	l, is := e.listener.(*later)
	return !is || l.now() != nil
}

// openActs opens the entry point of messages for a table that asks for it. That it cannot be opened is the operator's to mend; it
// is tried again with each table.
func (p *Proxy) openActs(t *rules.Table) []rules.Diagnostic {
	l := p.acts.Load()
	if l == nil || !t.Messages() || l.now() != nil {
		return nil
	}
	if err := l.open(); err != nil {
		return []rules.Diagnostic{{
			Value: l.address, Code: rules.ActEntryPoint, Severity: rules.Error, Message: "the entry point of messages cannot be opened, so nobody takes them: " + err.Error(),
		}}
	}
	if l.now() == nil {
		return nil // the router leaves
	}
	p.options.Log.Info("listening", zap.String("entry_point", p.options.Act.Name), zap.Stringer("address", l.Addr()))
	return nil
}
