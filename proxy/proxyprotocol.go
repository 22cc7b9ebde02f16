package proxy

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/appia-edge/appia/proxy/message"
)

// A proxiedListener takes the client's address from the PROXY protocol's header that balancers in front put before what
// the client says. It reads the header before anybody else sees the connection, each on a goroutine of its own: one that is
// slow must not keep the others waiting. Connections from elsewhere pass as they are.
type proxiedListener struct {
	net.Listener
	options ProxyProtocol
	timeout time.Duration
	ready   chan accepted
	done    chan struct{}
	all     sync.WaitGroup // the goroutines

	mu      sync.Mutex
	closed  bool
	pending map[net.Conn]struct{} // connections whose header is being read
}

type accepted struct {
	conn net.Conn
	err  error
}

// headerTimeout is how long a header may take where nothing else is said.
const headerTimeout = 10 * time.Second

func newProxiedListener(l net.Listener, o ProxyProtocol, timeout time.Duration) *proxiedListener {
	if timeout <= 0 {
		timeout = headerTimeout
	}
	p := &proxiedListener{
		Listener: l, options: o, timeout: timeout, ready: make(chan accepted), done: make(chan struct{}), pending: map[net.Conn]struct{}{},
	}
	p.all.Go(p.run)
	return p
}

// Accept implements net.Listener.
func (p *proxiedListener) Accept() (net.Conn, error) {
	select {
	case a := <-p.ready:
		return a.conn, a.err
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *proxiedListener) run() {
	for {
		conn, err := p.Listener.Accept()
		switch {
		case err != nil && errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			p.hand(nil, err) // whoever accepts knows which errors pass
		case !p.trusts(conn):
			p.hand(conn, nil)
		case p.begin(conn):
			p.all.Go(func() { p.read(conn) })
		}
	}
}

func (p *proxiedListener) hand(conn net.Conn, err error) {
	select {
	case p.ready <- accepted{conn, err}:
	case <-p.done:
		if conn != nil {
			conn.Close()
		}
	}
}

func (p *proxiedListener) trusts(conn net.Conn) bool {
	if p.options.TrustAll {
		return true
	}
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	return message.Within(p.options.TrustedIPs, from.AddrPort().Addr().Unmap().WithZone(""))
}

// begin notes that a header is being read; false when the listener is closed, and with it the connection.
func (p *proxiedListener) begin(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		conn.Close()
		return false
	}
	p.pending[conn] = struct{}{}
	return true
}

// read hands on a connection with the address that its header says. A header that is wrong is no client's word to trust:
// the connection ends.
func (p *proxiedListener) read(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(p.timeout))
	lines := bufio.NewReader(conn)
	header, err := proxyproto.Read(lines)
	_ = conn.SetReadDeadline(time.Time{})
	p.mu.Lock()
	delete(p.pending, conn)
	p.mu.Unlock()
	if err != nil && !errors.Is(err, proxyproto.ErrNoProxyProtocol) {
		conn.Close()
		return
	}
	c := &proxied{Conn: conn, early: lines}
	if header != nil && header.Command.IsProxy() {
		if source, _, ok := header.TCPAddrs(); ok {
			c.client = source
		}
	}
	p.hand(c, nil)
}

// finish hands on what has been accepted, after the listener below was closed, and then closes.
func (p *proxiedListener) finish(ctx context.Context) {
	handed := make(chan struct{})
	go func() {
		p.all.Wait()
		close(handed)
	}()
	select {
	case <-handed:
	case <-ctx.Done():
	}
	_ = p.Close()
	<-handed
}

// Close ends what is pending, too, and waits for it.
func (p *proxiedListener) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return net.ErrClosed
	}
	p.closed = true
	for conn := range p.pending {
		conn.Close()
	}
	p.mu.Unlock()
	close(p.done)
	err := p.Listener.Close()
	p.all.Wait()
	return err
}

// proxied is a connection whose header has been read.
type proxied struct {
	net.Conn
	early  *bufio.Reader // what came along with the header
	client net.Addr      // nil: the header does not say
}

func (c *proxied) Read(b []byte) (int, error) {
	if c.early != nil {
		if c.early.Buffered() > 0 {
			return c.early.Read(b)
		}
		c.early = nil
	}
	return c.Conn.Read(b)
}

// NetConn is the connection below, as crypto/tls calls it.
func (c *proxied) NetConn() net.Conn { return c.Conn }

// RemoteAddr implements net.Conn.
func (c *proxied) RemoteAddr() net.Addr {
	if c.client == nil {
		return c.Conn.RemoteAddr()
	}
	return c.client
}

// CloseWrite tells the client that nothing more will come, as tunnels do.
func (c *proxied) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
