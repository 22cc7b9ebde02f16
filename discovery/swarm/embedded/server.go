package embedded

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"

	"github.com/docker/docker/api/types/swarm"
)

// A server is what runs in a task's container: an HTTP server on a loopback port, made when it is first dialled.
// (50,000 tasks that nobody asks anything cost nothing.)
type server struct {
	http *http.Server
	addr string
}

// DialContext connects to a task, by any of its addresses or by its service's virtual one, and any port. Who is not running refuses.
func (e *Engine) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	loopback, err := e.find(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", loopback)
}

func (e *Engine) find(addr string) (loopback string, err error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.at[at.Addr()]
	if s := e.vips[at.Addr()]; s != nil {
		t = s.next()
	}
	if t == nil || t.Status.State != swarm.TaskStateRunning || e.ctx.Err() != nil {
		return "", syscall.ECONNREFUSED
	}
	if t.server == nil {
		t.server, err = e.serve(t)
	}
	if err != nil {
		return "", err
	}
	return t.server.addr, nil
}

// next is the running task whose turn it is; nil if none runs. A virtual address goes round the tasks in the same way.
func (s *service) next() *task {
	for range s.tasks {
		s.turn++
		t := s.tasks[s.turn%len(s.tasks)]
		if t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning {
			return t
		}
	}
	return nil
}

func (e *Engine) serve(t *task) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{addr: l.Addr().String()}
	s.http = &http.Server{Handler: e.options.Answer(e.describe(t)), ErrorLog: silent, Protocols: new(http.Protocols)}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	e.running.Go(func() { s.http.Serve(l) })
	return s, nil
}

// quit is SIGTERM to a well-behaved program: no new connections, and those at work finish.
func (e *Engine) quit(t *task) {
	if t.server == nil {
		return
	}
	server := t.server.http
	e.running.Go(func() {
		if err := server.Shutdown(e.ctx); errors.Is(err, context.Canceled) {
			server.Close()
		}
	})
}

// kill is SIGKILL: connections break.
func (s *server) kill() {
	if s != nil {
		s.http.Close()
	}
}
