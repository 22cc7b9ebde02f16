package proxy

import (
	"bufio"
	"errors"
	"net"

	"github.com/pires/go-proxyproto"

	"github.com/appia-edge/appia/proxy/message"
)

// tellsOfClients tells whether a connection is one of a balancer in front that says by the PROXY protocol's header, before what the
// client says, who the client is. Connections from elsewhere pass as they are.
func (e *EntryPoint) tellsOfClients(conn net.Conn) bool {
	o := e.options.ProxyProtocol
	switch {
	case o == nil:
		return false
	case o.TrustAll:
		return true
	}
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && message.Within(o.TrustedIPs, from.AddrPort().Addr().Unmap().WithZone(""))
}

// readProxyHeader is the connection with the address that its header says. A header that is wrong is no client's word to trust:
// the connection ends.
func readProxyHeader(conn net.Conn) (net.Conn, error) {
	lines := bufio.NewReader(conn)
	header, err := proxyproto.Read(lines)
	if err != nil && !errors.Is(err, proxyproto.ErrNoProxyProtocol) {
		return nil, err
	}
	c := &proxied{Conn: conn, early: lines}
	if header != nil && header.Command.IsProxy() {
		if source, _, ok := header.TCPAddrs(); ok {
			c.client = source
		}
	}
	return c, nil
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
