package http1

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is a connection that can sleep without a buffer. On Linux and plain TCP its readings are a callback that the
// runtime's poller calls when there is something to read (socket_linux.go); elsewhere it is an ordinary connection,
// whose reads wait (socket_portable.go).
//
// Inside the callback the socket's read side is locked: read does not wait there, and nobody may call conn.Read or
// conn.Close. Writing is free.
type socket struct {
	conn net.Conn
	tcp  *net.TCPConn    // nil: not plain TCP
	tls  *tls.Conn       // nil: in clear
	base *net.TCPConn    // what it runs over; nil: not known
	raw  syscall.RawConn // nil: portable
	info syscall.RawConn // of base: the kernel may be asked about it; nil: it may not
	fd   int             // good inside the callback, and as long as the connection is known to be open
	in   bool            // inside the callback

	probe [1]byte // for silent
}

// errWait says that there is nothing to read now.
var errWait = errors.New("nothing to read yet")

func newSocket(c net.Conn) socket {
	s := socket{conn: c, base: baseOf(c)}
	s.tcp, _ = c.(*net.TCPConn)
	s.tls, _ = c.(*tls.Conn)
	if s.base != nil {
		s.info = rawOf(s.base)
	}
	if s.tcp != nil {
		s.raw = s.info
	}
	return s
}

// baseOf finds the connection below TLS and whatever else has been laid over it.
func baseOf(c net.Conn) *net.TCPConn {
	for {
		if base, ok := c.(*net.TCPConn); ok {
			return base
		}
		over, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = over.NetConn()
	}
}

// closeWrite tells the peer that nothing more will come, in TLS's words and in TCP's.
func (s *socket) closeWrite() error {
	if s.tls != nil {
		if err := s.tls.CloseWrite(); err != nil {
			return err
		}
	}
	if s.base == nil {
		return errors.ErrUnsupported
	}
	return s.base.CloseWrite()
}

// reset has the connection end in a way that nobody takes for the end of what was said. TLS would say good-bye, so that what is
// below it ends first.
func (s *socket) reset() {
	if s.base == nil {
		return
	}
	_ = s.base.SetLinger(0)
	if s.tls != nil {
		s.base.Close()
	}
}

// pending tells whether bytes have come that nobody has read. Any goroutine may ask.
func (s *socket) pending() (there bool) {
	if s.base == nil {
		return false
	}
	raw, err := s.base.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		there = err == nil && n > 0
	})
	return there
}

// Queued is how many connections wait in a listener's queue to be accepted, where the system tells.
func Queued(l net.Listener) int {
	has, ok := l.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = raw.Control(func(fd uintptr) { n = queued(int(fd)) })
	return n
}

// attend calls wake now and whenever the connection is readable, until it returns true. Its error is the
// connection's: a deadline has passed, or it was closed.
func (s *socket) attend(wake func(fd uintptr) bool) error {
	if s.raw != nil {
		return s.raw.Read(wake)
	}
	for !wake(0) {
	}
	return nil
}

// enter and leave bracket what wake does.
func (s *socket) enter(fd uintptr) { s.in, s.fd = s.raw != nil, int(fd) }
func (s *socket) leave()           { s.in = false }

// read reads once: inside the callback what is there, else it waits. The end of the stream is io.EOF.
func (s *socket) read(p []byte) (int, error) {
	if s.in {
		return tryRead(s.fd, p)
	}
	return s.conn.Read(p)
}

// write writes all of p. Where it has to wait for the peer to take some, t says so.
func (s *socket) write(p []byte, t *timer, c *clock) (n int, err error) {
	if s.in {
		if n, err = tryWrite(s.fd, p); err != nil || n == len(p) {
			return n, err
		}
	}
	t.set(working, c)
	k, err := s.conn.Write(p[n:])
	t.set(nothing, c)
	return n + k, err
}

// past is a deadline that has passed: it wakes whoever waits on a connection.
var past = time.Unix(1, 0)
