package swarm_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// counted is a listener that knows how many of its connections are open.
type counted struct {
	net.Listener
	open sync.WaitGroup
}

func (l *counted) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(l.open.Done)}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

func TestADaemonThatIsNotGreetedKeepsNoConnection(t *testing.T) {
	for name, refusal := range map[string]func(e *embedded.Engine){
		"it refuses the ping": func(e *embedded.Engine) { e.Fault(embedded.Refuse("/_ping", 500, "boom")) },
		"it is too old":       func(e *embedded.Engine) { e.SetVersions("1.10", "1.20") },
	} {
		t.Run(name, func(t *testing.T) {
			e := embedded.New(embedded.Options{})
			path := filepath.Join(t.TempDir(), "docker.sock")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			connections := &counted{Listener: l}
			var serving sync.WaitGroup
			serving.Go(func() { e.Serve(connections) })
			t.Cleanup(serving.Wait)
			t.Cleanup(e.Close)
			refusal(e)
			c := dial(t, swarm.Options{Endpoint: "unix://" + path})
			for range 5 {
				if _, err := c.Snapshot(within(t)); err == nil {
					t.Fatal("no error")
				}
			}
			closed := make(chan struct{})
			go func() {
				defer close(closed)
				connections.open.Wait()
			}()
			select {
			case <-closed:
			case <-within(t).Done():
				t.Error("connections stay open")
			}
		})
	}
}

func TestOneGreetsTheDaemonAndOthersWaitAsLongAsTheyLike(t *testing.T) {
	e, c := start(t, embedded.Options{})
	var pings atomic.Int32
	pinged, answer := make(chan struct{}, 10), make(chan struct{})
	e.Fault(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/_ping" {
				pings.Add(1)
				pinged <- struct{}{}
				<-answer
			}
			next.ServeHTTP(w, r)
		})
	})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := c.Snapshot(within(t)); err != nil {
			t.Error(err)
		}
	})
	<-pinged
	short, cancel := context.WithTimeout(within(t), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Snapshot(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who waits in vain gets %v", err)
	}
	close(answer)
	first.Wait()
	look(t, c)
	if n := pings.Load(); n != 1 {
		t.Errorf("the daemon was pinged %d times, want once", n)
	}
}
