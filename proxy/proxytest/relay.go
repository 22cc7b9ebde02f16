package proxytest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A Relay stands between a router and a real server and records both ways. When the router ends a connection, the relay ends
// only that half: whatever the server thinks it was asked, it can still answer.
type Relay struct {
	network, target string
	listener        net.Listener
	conns           sync.WaitGroup

	mu       sync.Mutex
	recorded []*Relayed
	open     int
	changed  chan struct{}
}

// Relayed is what went through one connection.
type Relayed struct{ Asked, Answered []byte }

// StartRelay begins to relay to a server.
func StartRelay(t testing.TB, network, target string) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{network: network, target: target, listener: l, changed: make(chan struct{})}
	r.conns.Go(r.accept)
	t.Cleanup(func() {
		l.Close()
		r.conns.Wait()
	})
	return r
}

// Addr is where it listens.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Take waits until all connections have ended, and returns what went through them since the last time. False: one does
// not end.
func (r *Relay) Take() ([]*Relayed, bool) {
	late := time.After(Patience)
	for {
		r.mu.Lock()
		open, changed, all := r.open, r.changed, r.recorded
		if open == 0 {
			r.recorded = nil
		}
		r.mu.Unlock()
		if open == 0 {
			return all, true
		}
		select {
		case <-changed:
		case <-late:
			return all, false
		}
	}
}

func (r *Relay) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		both := new(Relayed)
		r.change(func() { r.open, r.recorded = r.open+1, append(r.recorded, both) })
		r.conns.Go(func() {
			r.join(c, both)
			r.change(func() { r.open-- })
		})
	}
}

func (r *Relay) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *Relay) join(router net.Conn, both *Relayed) {
	defer router.Close()
	server, err := net.Dial(r.network, r.target)
	if err != nil {
		return
	}
	defer server.Close()
	late := time.Now().Add(Patience)
	router.SetDeadline(late)
	server.SetDeadline(late)
	var asking sync.WaitGroup
	asking.Go(func() { both.Asked = pour(server, router) })
	both.Answered = pour(router, server)
	asking.Wait()
}

// pour copies until the end, hands the end on, and returns what it copied. What the other side does not take is copied all
// the same.
func pour(to, from net.Conn) (all []byte) {
	for {
		more, err := receive(from)
		all = append(all, more...)
		_, _ = to.Write(more)
		if err != nil {
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			return all
		}
	}
}
