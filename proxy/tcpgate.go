package proxy

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/rules"
)

// A gate is the listener of an entry point without TLS: while it has no TCP routes, connections go straight to the front. Where
// it has some they are sorted in the antechamber, from which our engine gets those that are HTTP's.
type gate struct {
	*antechamber
	own *http1.Server
}

// room is where the connections of an entry point's socket come to. net/http serves one listener of an entry point: its
// connections all go through the antechamber.
func (e *EntryPoint) room(socket net.Listener) net.Listener {
	own, ours := e.front.(*engine)
	if !ours || e.options.ProxyProtocol != nil || e.secure != nil {
		return newAntechamber(socket, e)
	}
	return gate{makeAntechamber(socket, e), own.Server}
}

// Accept implements net.Listener.
func (g gate) Accept() (net.Conn, error) {
	for {
		if g.entry.sorts.Load() && g.attend() {
			conn, err := g.acceptSorted()
			if conn != nil || err != nil {
				return conn, err
			}
			continue
		}
		conn, err := g.Listener.Accept()
		if err != nil || !g.entry.sorts.Load() || !g.attend() {
			return conn, err
		}
		g.admit(conn)
	}
}

// attend counts whoever accepts among the antechamber's goroutines, so that it does not close while a connection that was
// accepted is on its way. False: the router leaves already.
func (g gate) attend() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pressed || g.closed {
		return false
	}
	g.all.Add(1)
	return true
}

// acceptSorted has the next connection sorted, and returns it only where nothing has to be sorted any more.
func (g gate) acceptSorted() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil || !g.entry.sorts.Load() {
		g.all.Done()
		return conn, err
	}
	g.admit(conn)
	return nil, nil
}

// admit sorts a connection, on the count of whoever has accepted it.
func (g gate) admit(conn net.Conn) {
	if !g.begin(conn) {
		g.all.Done()
		return
	}
	go func() {
		defer g.all.Done()
		g.receive(conn)
	}()
}

// sortTCP has connections sorted where a table has TCP routes.
func (p *Proxy) sortTCP(t *rules.Table) {
	for _, e := range p.entries {
		tls, plain := t.TCPAt(e.options.Name)
		if tls {
			e.prepareTLS(t)
		}
		e.sorts.Store(tls || plain)
	}
}

// silence is how long a client may say nothing and yet speak TLS, or HTTP, where a route takes connections without TLS: then it
// waits for the server to speak first, as those of many protocols do.
const silence = time.Second

// peeked is a connection whose first bytes have been read.
type peeked struct {
	net.Conn
	early []byte
}

func (c *peeked) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	c.early = nil
	return c.Conn.Read(b)
}

// NetConn is the connection below, as crypto/tls calls it.
func (c *peeked) NetConn() net.Conn { return c.Conn }

// CloseWrite tells the client that nothing more will come, as tunnels do.
func (c *peeked) CloseWrite() error { return closeWrite(c.Conn) }

var errUnrouted = errors.New("no route of the entry point is for the connection")

// sort finds the TCP route that a connection is for; nil: it is HTTP's, or what comes to nothing.
func (a *antechamber) sort(conn net.Conn) (known net.Conn, to *passage, err error) {
	e, now := a.entry, a.entry.proxy.view.Load()
	client := addressOf(conn).Addr().Unmap().WithZone("")
	tls, plain := now.table.TCPAt(e.options.Name)
	var quiet *rules.Route // of a client that says nothing
	if plain {
		quiet = now.table.MatchTCP(e.options.Name, &rules.Connection{Client: client})
	}
	if !tls && e.secure == nil { // nothing that the client could say matters
		return conn, e.passage(now, quiet, conn, hello{}), nil
	}
	if quiet != nil {
		_ = conn.SetReadDeadline(time.Now().Add(min(silence, a.timeout)))
	}
	said, early, err := readHello(&firstWord{Conn: conn, room: a, short: quiet != nil})
	known = &peeked{Conn: conn, early: early}
	switch {
	case err != nil && len(early) == 0 && quiet != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return conn, e.passage(now, quiet, conn, hello{}), nil
	case err != nil && e.secure != nil && len(early) > 0 && (errors.Is(err, errHelloForm) || errors.Is(err, errHelloLong)):
		return known, nil, nil // the handshake knows better what to say
	case err != nil:
		e.tellHello(err, early, conn)
		return nil, nil, err
	case said.tls && e.secure != nil && slices.Contains(said.protocols, certs.ACMEProtocol):
		return known, nil, nil
	}
	route := quiet
	if said.tls {
		route = now.table.MatchTCP(e.options.Name, &rules.Connection{TLS: true, ServerName: said.serverName, Protocols: said.protocols, Client: client})
	}
	if route == nil && said.tls && e.secure == nil {
		e.refuse("no-tcp-route", addressOf(conn))
		_, _ = conn.Write(unknownName)
		return nil, nil, errUnrouted
	}
	return known, e.passage(now, route, known, said), nil
}

// unknownName is TLS's alert for a client that asks for a name that nobody serves: fatal, unrecognized_name (RFC 6066, 3).
var unknownName = []byte{21, 3, 3, 0, 2, 2, 112}

// tellHello counts a client that did not say where to. One that says nothing at all has only knocked, as checks of balancers do.
func (e *EntryPoint) tellHello(err error, early []byte, conn net.Conn) {
	code := "hello-cut"
	switch {
	case errors.Is(err, errHelloLong):
		code = "hello-too-long"
	case errors.Is(err, errHelloForm):
		code = "not-tls"
	case len(early) == 0:
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		code = "hello-timeout"
	case !errors.Is(err, io.EOF):
		code = "hello-cut"
	}
	e.refuse(code, addressOf(conn))
}

// firstWord gives a client that has begun to speak the rest of its time.
type firstWord struct {
	net.Conn
	room  *antechamber
	short bool // the time that it has is that for the first byte
}

func (c *firstWord) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.short && n > 0 {
		c.short = false
		c.room.limit(c.Conn)
	}
	return n, err
}

// bare is what was read of a connection and is still to be passed on, with what is below: the kernel moves bytes from one
// TCP connection to another itself.
func bare(conn net.Conn) (early []byte, below net.Conn) {
	switch c := conn.(type) {
	case *peeked:
		rest, below := bare(c.Conn)
		return append(slices.Clip(c.early), rest...), below
	case *proxied:
		if c.early == nil || c.early.Buffered() == 0 {
			return nil, c.Conn
		}
		rest, _ := c.early.Peek(c.early.Buffered())
		return slices.Clone(rest), c.Conn
	}
	return nil, conn
}

// clientOf is the address of a connection's client; the zero one where it has none.
func clientOf(conn net.Conn) netip.AddrPort {
	a := addressOf(conn)
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
