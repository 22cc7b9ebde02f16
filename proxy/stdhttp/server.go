package stdhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A Server is net/http's, and loses no request when it leaves. By itself that closes idle connections at once, also those on
// which a request is under way; here they end with their next answer, or once they have been silent for a while. That an answer
// is the last on its connection is the Handler's to say, when Leaving.
type Server struct {
	http.Server
	leaving atomic.Bool
	since   atomic.Pointer[time.Time] // it leaves; nil: Leave was not called
	open    atomic.Int64              // connections, and those who accept them
}

// silence is for how long a connection asks nothing when it is closed between requests by somebody who leaves.
const silence = 2 * time.Second

// Serve serves the connections of l. After Leave, l may be closed by its owner, and the error is http.ErrServerClosed.
func (s *Server) Serve(l net.Listener) error {
	s.open.Add(1)
	defer s.open.Add(-1) // by now net/http has told of every connection that it has accepted
	s.ConnState = s.count
	err := s.Server.Serve(l)
	if s.leaving.Load() && errors.Is(err, net.ErrClosed) {
		return http.ErrServerClosed
	}
	return err
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// Leave says that Shutdown is about to come.
func (s *Server) Leave() {
	now := time.Now()
	s.since.Store(&now)
	s.leaving.Store(true)
}

// Leaving tells whether answers are to be the last on their connections.
func (s *Server) Leaving() bool { return s.leaving.Load() }

// isNew: who has just connected, or has just been answered, is about to ask.
func (s *Server) isNew() bool {
	since := s.since.Load()
	return since != nil && time.Since(*since) < silence
}

// Shutdown waits for silence, then for the requests that are still under way. The listener should be closed.
func (s *Server) Shutdown(ctx context.Context) error {
	look := time.NewTicker(5 * time.Millisecond) // net/http looks in this way, too
	defer look.Stop()
	for s.open.Load() > 0 && s.isNew() && ctx.Err() == nil {
		<-look.C
	}
	if err := s.Server.Shutdown(ctx); !errors.Is(err, net.ErrClosed) { // the listener's owner may have closed it first
		return err
	}
	return nil
}
