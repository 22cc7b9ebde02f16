// Package admin shows a running router to people and machines: liveness, readiness, metrics, what it routes and what
// is wrong with the labels it read. It is read only, and answers what Traefik 1.7's admin listener answers.
package admin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/explain"
	"github.com/appia-edge/appia/cmd/internal/metrics"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// Nobody needs longer, and whoever does not speak must not hold a connection for ever.
const (
	headTimeout  = 10 * time.Second
	writeTimeout = time.Minute
	idleTimeout  = 2 * time.Minute
)

// Options are where the admin listener is, and where it reads. All functions are called once a request or more, from
// any goroutine.
type Options struct {
	Address string                                                                   // "host:port"; "": no listener, pages are on entry points
	Pages   Pages                                                                    // of the listener
	Path    string                                                                   // prefix of all paths, "" or "/" for none
	Listen  func(ctx context.Context, network, address string) (net.Listener, error) // nil: net.Listen
	Version string

	NoDashboard bool
	Debug       bool    // the process's variables and profiles, beside the API
	Errors      *Errors // that /health tells; nil: none

	Table        func() *rules.Table
	Fleet        func() balancer.Status
	Discovery    func() discovery.Status
	Leaving      func() bool // termination has begun
	Metrics      http.Handler
	EntryPoints  []metrics.EntryPoint
	Explained    []explain.EntryPoint                     // the entry points, in the order of the flags
	Certificates func() []certs.Status                    // nil: there are none
	Pins         func() (*rules.Table, []*balancer.Tally) // of messages, as metrics.Sources has them; nil: none are taken
	Copies       func() []metrics.Copies
}

// Pages are which pages a place has.
type Pages struct {
	API     bool // /api, /health and the dashboard
	Ping    bool // /ping and /ready
	Metrics bool
}

// A Server is the admin pages, and their listener.
type Server struct {
	options  Options
	server   stdhttp.Server
	listener net.Listener
	health   *health
	started  time.Time
	closed   chan struct{}
	close    sync.Once
}

// New makes a Server that does not listen yet.
func New(o Options) *Server {
	if o.Listen == nil {
		o.Listen = new(net.ListenConfig).Listen
	}
	s := &Server{options: o, started: time.Now(), closed: make(chan struct{})}
	s.health = newHealth(o.EntryPoints, s.started)
	s.server.Handler = s.closing(s.Handler(o.Pages))
	s.server.ReadHeaderTimeout, s.server.WriteTimeout, s.server.IdleTimeout = headTimeout, writeTimeout, idleTimeout
	return s
}

// Listen opens the socket; an address that is taken is its error.
func (s *Server) Listen(ctx context.Context) error {
	if s.options.Address == "" {
		return nil
	}
	listener, err := s.options.Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return err
	}
	s.listener = listener
	return nil
}

// Addr is the address that the server listens on, once it does.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until Close; any other end is its error. Listen comes first.
func (s *Server) Run() error {
	var beat sync.WaitGroup
	defer beat.Wait()
	defer s.Close()
	beat.Go(func() { s.health.run(s.closed) })
	if s.listener == nil {
		<-s.closed
		return nil
	}
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-s.closed // after Shutdown, somebody may still be being answered
	return nil
}

// Shutdown answers whoever has connected, and nobody else. Close comes after it.
func (s *Server) Shutdown(ctx context.Context) {
	s.server.Leave()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	_ = s.server.Shutdown(ctx)
}

// closing has answers say that they are the last on their connections, while the server leaves.
func (s *Server) closing(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.server.Leaving() {
			w.Header().Set("Connection", "close")
		}
		pages.ServeHTTP(w, r)
	})
}

// Close ends Run, and cuts what is being answered: whoever asks for /ping has had "Service Unavailable" for a while.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.closed)
		_ = s.server.Close()
		if s.listener != nil {
			_ = s.listener.Close() // one that was never served on is unknown to the server
		}
	})
}
