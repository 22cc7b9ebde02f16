package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/appia-edge/appia/proxy/message"
)

// A client is a connection that requests come from. Between two requests it is this struct and a goroutine, without any
// buffer; after a while without the goroutine.
type client struct {
	server *Server
	sock   socket
	addr   netip.AddrPort
	scheme string       // of what is asked for on it
	secure *message.TLS // what the handshake told; nil: in clear
	ip     string       // addr without the port, as text, once a request has come
	x      *exchange    // the request under way, or the part of one that has come; nil while asleep
	wakeUp func(fd uintptr) bool
	todo   todo
	held   bool          // x holds bytes that nobody has looked at
	bed    int           // in the dormitory, from 1; 0: it has never been there; under dormitory.mu
	in     timer         // what is awaited of the client
	out    timer         // whether it takes what we write
	began  atomic.Uint32 // the tick of the request's head, where exchanges have limited time

	prev, next *client // under Server.mu

	// An exchange takes and gives this lock twice, uncontended (25 ns): a sweep has to know which connection to
	// cut when the client is gone, and must not hit one that another client's request has by then.
	sleepless bool // there was no bed for it; written by its goroutine while dozing, read by sweep while idle

	mu     sync.Mutex
	up     *upstream               // the connection that serves the exchange
	cancel context.CancelCauseFunc // of the exchange's context, if anybody asked for one
	gone   bool                    // cut
	late   bool                    // and that because its request took longer than it may
	ending uint32                  // ticks since its half of the connection was closed; only for sweep
	moved  uint64                  // bytes, when last asked; only for sweep
	taken  uint64                  // bytes of ours that it had, when last asked whether it is still there; only for sweep
}

// todo is why a connection left its callback.
type todo uint8

const (
	hangUp  todo = iota // nothing more will be read
	linger              // as hangUp, but bytes may be under way to us, and closing at once would destroy our answer
	late                // as hangUp, but a deadline has passed
	outside             // a request whose body or upgrade has to be waited for
	http2               // the client speaks HTTP/2
)

func newClient(s *Server, conn net.Conn) *client {
	c := &client{server: s, sock: newSocket(conn), scheme: "http"}
	if c.sock.tls != nil {
		c.scheme, c.secure = "https", toldBy(c.sock.tls)
	}
	if addr, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		c.addr = addr.AddrPort()
	}
	c.wakeUp = c.wake
	c.in.set(idle, &s.clock)
	return c
}

// toldBy is what a handshake told of the client.
func toldBy(c *tls.Conn) *message.TLS {
	told := new(message.TLS)
	for _, cert := range c.ConnectionState().PeerCertificates {
		told.Certificates = append(told.Certificates, cert.Raw)
	}
	return told
}

// run serves the connection until it ends or falls asleep; then somebody else may have it already.
func (c *client) run() {
	for c.live() {
		if c.server.dormitory.lie(c) {
			return
		}
	}
}

// live serves the connection to its end, or until it dozes off.
func (c *client) live() (dozes bool) {
	defer c.end(&dozes)
	for {
		c.todo = hangUp
		if err := c.sock.attend(c.wakeUp); err != nil {
			if c.in.is(dozing) {
				return true
			}
			c.abandoned()
			return false
		}
		switch c.todo {
		case outside:
			if !c.serve() {
				c.part()
				return false
			}
			c.held = true
		case linger:
			c.part()
			return false
		case late:
			c.abandoned()
			return false
		case http2:
			c.handOver()
			return false
		default:
			return false
		}
	}
}

// end also keeps a fault of ours to the connection that met it; one defer a connection costs nothing a request.
func (c *client) end(dozes *bool) {
	if *dozes {
		return
	}
	if what := recover(); what != nil {
		c.server.Panic(what, debug.Stack())
		c.sock.leave()
		if u := c.serving(); u != nil {
			u.drop()
		}
		if c.x != nil && !c.x.answered {
			c.refuse(internal)
		}
	}
	c.server.forget(c)
	if c.x != nil {
		c.x.end()
		c.x.stream.giveBack()
		c.x = nil // not to the pool: after a fault somebody may still hold it
	}
	if c.todo != http2 {
		c.sock.conn.Close()
	}
}

// wake is called by the poller. False: sleep on.
func (c *client) wake(fd uintptr) bool {
	c.sock.enter(fd)
	done := c.turn()
	c.sock.leave()
	return done
}

// turn reads and serves until nothing is left to read. True: leave the callback, c.todo says why.
func (c *client) turn() (done bool) {
	if c.x == nil {
		c.x = newExchange(c)
	}
	s := &c.x.stream
	if c.held {
		c.held = false
		if done := c.consume(); done {
			return true
		}
	}
	for {
		if !s.makeRoom(c.server.limits.HeadBytes) {
			return c.refuse(longHead)
		}
		if c.sock.raw == nil && !c.await() {
			return true
		}
		short, err := s.fill()
		switch {
		case err == nil:
		case errors.Is(err, errWait):
			return !c.sleep()
		case c.x.awaiting && errors.Is(err, io.EOF):
			return c.refuse(cutBody)
		default:
			if c.todo = hangUp; errors.Is(err, os.ErrDeadlineExceeded) {
				c.todo = late
			}
			return true
		}
		if c.consume() {
			return true
		}
		// What was read and the end of the stream may be one event. With half a request in hand we look again; between
		// requests the sweep does, so that the common case has no read in vain.
		if short && !c.x.begun() {
			return !c.sleep()
		}
	}
}

// sleep gives the buffers back if there is nothing in them. False: the connection has been given up.
func (c *client) sleep() bool {
	w := idle
	switch {
	case c.x.awaiting: // first: what the buffer held may all be head
		w = body
	case len(c.x.stream.unread()) == 0:
		c.x.park()
		c.x = nil
	default:
		// A head has all of its time from its first byte: more of it renews nothing.
		if _, now, _ := c.in.get(&c.server.clock); now == heading {
			return true
		}
		w = heading
	}
	return c.proceed(w)
}

// proceed notes what the client is to do next. False: it has been given up.
func (c *client) proceed(w wait) bool {
	switch c.in.swap(w, &c.server.clock) {
	case overdue:
		return false
	case dozing:
		c.stir()
	}
	return true
}

// await is sleep for a connection whose reads wait by themselves. False: it is to end.
func (c *client) await() bool {
	w := idle
	switch {
	case c.x.awaiting:
		w = body
	case len(c.x.stream.unread()) > 0:
		w = heading
	}
	if _, now, _ := c.in.get(&c.server.clock); now == w && w != body {
		return true
	}
	return c.in.set(w, &c.server.clock)
}

// consume serves the requests that the buffer holds. True: leave the callback.
func (c *client) consume() (done bool) {
	for len(c.x.stream.unread()) > 0 {
		ready, f := c.x.next()
		switch {
		case f != nil:
			return c.refuse(f)
		case !ready && c.x.preface:
			c.todo = http2
			return true
		case !ready:
			return false
		case c.x.outside:
			c.todo = outside
			return true
		}
		if !c.serve() {
			// Where it is we who end it, the next request may be under way.
			if c.todo = hangUp; len(c.x.stream.unread()) > 0 || c.x.head.persists(c.x.request.Proto) {
				c.todo = linger
			}
			return true
		}
	}
	return false
}

// serve carries one request through. False: the connection ends.
func (c *client) serve() (goesOn bool) {
	x := c.x
	if !c.proceed(working) {
		return false
	}
	c.server.Handle(x)
	return x.finish()
}

// refuse answers what is no request, or none that we take.
func (c *client) refuse(f *fault) bool {
	c.server.cause(f.code, c)
	c.todo = linger
	if f == tlsOnPlain {
		_, _ = c.write(noTLSHere)
		return true
	}
	_, _ = c.write(c.server.refusal(f.status))
	return true
}

// abandoned says why to a client that was too slow, if it had begun a request.
func (c *client) abandoned() {
	if c.x == nil || !c.x.begun() || !c.in.expired() || c.isGone() {
		return
	}
	_ = c.sock.conn.SetWriteDeadline(c.soon())
	_, _ = c.write(c.server.refusal(http.StatusRequestTimeout))
}

func (c *client) isGone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// part ends a connection whose client may still be sending: closing with bytes unread makes the kernel send a reset,
// which destroys what the client has not read yet of our answer (RFC 9112, 9.6).
func (c *client) part() {
	if c.x.broken || c.isGone() || c.sock.closeWrite() != nil {
		return
	}
	_ = c.sock.conn.SetReadDeadline(c.soon())
	buffer := sheets.Get().(*sheet)
	defer sheets.Put(buffer)
	for total := 0; total < 1<<20; {
		n, err := c.sock.read(buffer[:])
		if err != nil {
			return
		}
		total += n
	}
}

// handOver gives the connection to the engine that speaks HTTP/2, with the bytes that were read.
func (c *client) handOver() {
	early := append([]byte(nil), c.x.stream.unread()...)
	c.proceed(nothing)
	c.server.HTTP2(&prefixed{Conn: c.sock.conn, early: early})
}

// prefixed is a connection some of which was read.
type prefixed struct {
	net.Conn
	early []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

var _ message.Exchange = (*exchange)(nil)
var _ io.ReadWriteCloser = (*tunnel)(nil)
