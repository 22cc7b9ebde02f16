// Package http3 takes requests by HTTP/3 (RFC 9114), over QUIC by quic-go, and hands them to an http.Handler. What QUIC has
// and TCP has not is dealt with here: a socket for all clients, addresses that nobody has proved yet, connections that two
// processes would have to share.
package http3

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"
)

// Options is what a Server is made of. A duration of zero is no limit.
type Options struct {
	Handler http.Handler // may be called until Shutdown or Close returns
	TLS     *tls.Config  // for "h3"; new keys for its session tickets may be set at any time
	Log     *zap.Logger
	Refuse  func(code string, client netip.AddrPort) // told why a connection, or a request, got no further than here

	HeadBytes   int // of a request's head, by the count of RFC 9114, 4.2.2; 0: a megabyte
	Fields      int // lines of a head; 0: as many as fit
	TargetBytes int // of a request's target; 0: as many as fit

	Head  time.Duration // for a handshake, and for the first byte of a body that need not be there
	Body  time.Duration // between two pieces of a request's body, until the answer begins
	Idle  time.Duration // of a connection between requests
	Write time.Duration // between two pieces that the client takes of an answer
}

const (
	// streams is how many requests a connection may have under way. One that its client has taken back counts until it is not
	// worked on any more (CVE-2023-44487).
	streams = 100
	// silence is for how long a connection asks nothing when it is closed by somebody who leaves: the last answer, and the word
	// that no more are served, may have to be sent again until then.
	silence = 2 * time.Second
	// unheard is for how long a client may be silent altogether. Who waits for an answer says now and then that he does
	// (RFC 9114, 5.1).
	unheard = time.Minute
	// lastHandshakes is for how long a server that leaves waits for handshakes that are under way.
	lastHandshakes = time.Second
	// handshakeTime is for one where nothing else is said.
	handshakeTime = 10 * time.Second
)

// A Server serves HTTP/3 from its socket of a port.
type Server struct {
	options   Options
	port      *Port
	transport *quic.Transport
	http      *http3.Server
	gate      gate

	leaving atomic.Bool // new clients are refused
	ended   context.Context
	end     context.CancelFunc

	mu       sync.Mutex
	closing  bool // nobody gets in any more
	clients  map[*client]struct{}
	entering sync.WaitGroup // connections on their way to http, which must not be shut down meanwhile
	serving  sync.WaitGroup // connections
}

// New makes a server of a port, which it closes in the end. Nothing is read from it before Serve: clients that come earlier
// are served a moment later, or by the predecessor.
func New(port *Port, o Options) *Server {
	quiet()
	askForBuffer(port.socket(), o.Log)
	if o.Head <= 0 {
		o.Head = handshakeTime
	}
	s := &Server{options: o, port: port, clients: map[*client]struct{}{}}
	s.ended, s.end = context.WithCancel(context.Background())
	s.http = &http3.Server{
		Handler: http.HandlerFunc(s.serve), MaxHeaderBytes: o.HeadBytes, IdleTimeout: o.Idle, ConnContext: s.enter,
		Logger: slog.New(slog.DiscardHandler), // it tells of single clients' faults
	}
	s.transport = &quic.Transport{
		Conn: port.socket(), ConnectionIDGenerator: port, ConnContext: s.admit, VerifySourceAddress: s.gate.isPressed,
	}
	return s
}

// Addr is where the server listens.
func (s *Server) Addr() *net.UDPAddr { return s.port.socket().LocalAddr().(*net.UDPAddr) }

// Serve serves until Shutdown or Close; its error is http.ErrServerClosed then.
func (s *Server) Serve() error {
	listener, err := s.transport.Listen(s.options.TLS, &quic.Config{
		HandshakeIdleTimeout: s.options.Head, MaxIdleTimeout: unheard, MaxIncomingStreams: streams, MaxIncomingUniStreams: 16,
		Allow0RTT: false, // a request of a first flight can be sent again by anybody (RFC 8470)
	})
	if s.ended.Err() != nil {
		return http.ErrServerClosed
	}
	if err != nil {
		return err
	}
	s.port.steer()
	for {
		conn, err := listener.Accept(s.ended)
		switch {
		case s.ended.Err() != nil:
			return http.ErrServerClosed
		case err != nil:
			return err
		}
		s.accept(conn)
	}
}

// accept serves a connection whose handshake is done.
func (s *Server) accept(conn *quic.Conn) {
	c := clientOf(conn.Context())
	c.known.Store(true)
	c.arrived()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		s.serving.Go(func() { s.reject(conn) })
		return
	}
	c.conn, c.entered = conn, sync.OnceFunc(s.entering.Done)
	c.leave()
	s.clients[c] = struct{}{}
	s.entering.Add(1)
	s.serving.Go(func() { s.converse(c) })
}

// reject has a client that has come too late ask elsewhere.
func (s *Server) reject(conn *quic.Conn) {
	ctx, cancel := context.WithTimeout(s.ended, silence)
	defer cancel()
	_, _ = s.http.NewRawServerConn(conn)
	for {
		stream, err := conn.AcceptStream(ctx)
		if err != nil {
			_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
			return
		}
		stream.CancelRead(quic.StreamErrorCode(http3.ErrCodeRequestRejected))
		stream.CancelWrite(quic.StreamErrorCode(http3.ErrCodeRequestRejected))
	}
}

func (s *Server) converse(c *client) {
	err := s.http.ServeQUICConn(c.conn)
	c.entered()
	s.mu.Lock()
	delete(s.clients, c)
	s.mu.Unlock()
	if isBreach(err) {
		s.options.Refuse("http3", c.addr)
	}
}

// Leaving tells whether Leave was called.
func (s *Server) Leaving() bool { return s.leaving.Load() }

// Leave says that Shutdown is about to come: who connects is refused, and goes elsewhere at once.
func (s *Server) Leave() { s.leaving.Store(true) }

// close lets nobody in any more, and waits for those who are about to come in.
func (s *Server) close() {
	s.Leave()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.entering.Wait()
}

// Shutdown tells all clients that no more requests are served (GOAWAY) and waits for those under way. What a client has sent
// without knowing is rejected in the way that lets it ask elsewhere, whatever the method (RFC 9114, 4.1.1).
func (s *Server) Shutdown(ctx context.Context) error {
	s.Leave()
	s.awaitHandshakes(ctx)
	s.close()
	down := make(chan error, 1)
	go func() { down <- s.http.Shutdown(ctx) }()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	since := time.Now()
	for {
		select {
		case err := <-down:
			s.finish()
			return err
		case now := <-look.C:
			s.closeSilent(since, now)
		}
	}
}

// awaitHandshakes lets those in who have come before Leave.
func (s *Server) awaitHandshakes(ctx context.Context) {
	late := time.Now().Add(lastHandshakes)
	for s.gate.inside.Load() > 0 && ctx.Err() == nil && time.Now().Before(late) {
		time.Sleep(time.Millisecond)
	}
}

// closeSilent closes connections that have been told, and have asked nothing for a while.
func (s *Server) closeSilent(since, now time.Time) {
	s.mu.Lock()
	var silent []*client
	for c := range s.clients {
		if now.Sub(since) > silence && c.idleFor(now) > silence {
			silent = append(silent, c)
		}
	}
	s.mu.Unlock()
	for _, c := range silent {
		_ = c.conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
	}
}

// Close cuts everything at once.
func (s *Server) Close() error {
	s.close()
	_ = s.http.Close()
	s.finish()
	return nil
}

func (s *Server) finish() {
	s.end()
	_ = s.transport.Close()
	s.port.Close()
	s.serving.Wait()
}

// isBreach tells whether a connection ended because the client broke the protocol.
func isBreach(err error) bool {
	var protocol *http3.Error
	var application *quic.ApplicationError
	var transport *quic.TransportError
	switch {
	case errors.As(err, &protocol):
		return !protocol.Remote && protocol.ErrorCode != http3.ErrCodeNoError
	case errors.As(err, &application):
		return !application.Remote && application.ErrorCode != quic.ApplicationErrorCode(http3.ErrCodeNoError)
	case errors.As(err, &transport):
		return !transport.Remote && transport.ErrorCode != quic.NoError
	}
	return false
}
