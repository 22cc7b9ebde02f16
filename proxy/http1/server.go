package http1

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A Server turns the connections of a listener into exchanges. Tick has to be called once a second: it is what makes
// time pass for time-outs and for the Date field.
type Server struct {
	Handle func(message.Exchange)                   // called once for each request, on its connection's goroutine
	Limits Limits                                   // not to be changed once serving
	HTTP2  func(net.Conn)                           // takes over a connection that begins with HTTP/2's preface; may be nil
	Panic  func(what any, stack []byte)             // told of a fault of our own; the client gets a 500
	Cause  func(code string, client netip.AddrPort) // told why a connection was refused or given up; must not wait; may be nil
	Refuse func(status int) (kind, text string)     // what a client is told of that, and its Content-Type; nil: the status in words

	once    sync.Once
	limits  Limits
	clock   clock
	date    atomic.Pointer[string]
	leaving atomic.Bool

	dormitory *dormitory // of connections that have long been idle; nil: the system has none

	mu        sync.Mutex
	closed    bool // no listener is taken any more
	listeners map[net.Listener]struct{}
	first     *client // of a list of all connections
	open      int
	empty     chan struct{} // closed when no connection is left and none can come, while somebody waits
}

func (s *Server) start() {
	s.once.Do(func() {
		s.limits = s.Limits.filled()
		s.listeners = map[net.Listener]struct{}{}
		s.dormitory = openDormitory()
		s.setDate(time.Now())
	})
}

func (s *Server) setDate(now time.Time) {
	text := now.UTC().Format(http.TimeFormat)
	s.date.Store(&text)
}

// Serve serves the connections of l until Shutdown or Close, and then to the end of the last one; its error is
// http.ErrServerClosed.
func (s *Server) Serve(l net.Listener) error {
	s.start()
	if !s.track(l) {
		return http.ErrServerClosed
	}
	c := &crew{server: s, listener: l, ended: make(chan error, 1)}
	c.hire()
	err := <-c.ended
	s.untrack(l)
	if errors.Is(err, http.ErrServerClosed) {
		<-s.emptied() // whoever makes time pass can stop when we return, and what is left still has its time-outs
	}
	return err
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.tellEmpty()
}

// admit puts a connection on the list.
func (s *Server) admit(conn net.Conn) *client {
	c := newClient(s, conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	c.next = s.first
	if c.next != nil {
		c.next.prev = c
	}
	s.first = c
	return c
}

// forget takes a connection off the list.
func (s *Server) forget(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.next != nil {
		c.next.prev = c.prev
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		s.first = c.next
	}
	s.open--
	s.tellEmpty()
}

// tellEmpty is called with mu held.
func (s *Server) tellEmpty() {
	if s.open == 0 && len(s.listeners) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// Tick makes a second pass.
func (s *Server) Tick(now time.Time) {
	s.start()
	s.setDate(now)
	s.clock.ticks.Add(1)
	s.each((*client).sweep)
	s.dormitory.tick()
}

// each calls do for every connection. None of what it does may wait.
func (s *Server) each(do func(*client)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := s.first; c != nil; c = c.next {
		do(c)
	}
}

// Leave says that Shutdown is about to come: answers tell clients that theirs was the last request, and a listener may be
// closed by its owner. Until then its connections are served as ever.
func (s *Server) Leave() {
	s.start()
	s.leaving.Store(true)
}

// Shutdown stops accepting and lets what is in flight finish. A connection ends with its next answer, or once it has been
// silent for a second or two: whoever has just connected, or has just been answered, is about to ask, and would lose what it
// has sent. So Tick has to be called meanwhile. Its error is that ctx ended first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.leave()
	s.each((*client).leave)
	s.dormitory.close()
	select {
	case <-s.emptied():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// emptied is closed when no connection is left and none can come.
func (s *Server) emptied() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.tellEmpty()
	return empty
}

// Close cuts every connection. It does not wait for their goroutines.
func (s *Server) Close() error {
	s.leave()
	s.each((*client).cut)
	s.dormitory.close()
	return nil
}

func (s *Server) leave() {
	s.Leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
}

func (s *Server) cause(code string, c *client) {
	if s.Cause != nil {
		s.Cause(code, c.addr)
	}
}
