package http3

import (
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// inherit is a port as another process has it, its sockets duplicated.
func inherit(t *testing.T, p *Port) *Port {
	t.Helper()
	var all []*net.UDPConn
	for _, s := range p.Sockets {
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, socketOf(t, file))
	}
	return (&Port{Sockets: all, Slot: p.Slot}).Next()
}

func socketOf(t *testing.T, file *os.File) *net.UDPConn {
	t.Helper()
	defer file.Close()
	c, err := net.FilePacketConn(file)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*net.UDPConn)
}

// Routers follow each other, more of them than there are sockets. Each has requests under way until the one after the next serves.
func TestConnectionsStayWithTheirRouterAndNewOnesGoToItsSuccessor(t *testing.T) {
	a := proxytest.NewAuthority(t)
	const many = 8 // clients of each
	port, err := OpenPort(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := port.socket().LocalAddr().String()
	type generation struct {
		server  *Server
		name    string
		release chan struct{}
		clients []*http.Client
		waiting []chan string
		down    chan error
	}
	var before []*generation
	for n := range Slots + 3 {
		if n > 0 {
			port = inherit(t, port)
		}
		g := &generation{name: strconv.Itoa(n), release: make(chan struct{}), down: make(chan error, 1)}
		g.server, _ = serverOf(t, a, port, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/slow" {
				<-g.release
			}
			io.WriteString(w, g.name)
		})
		if n > 0 {
			last := before[len(before)-1]
			if said := ask(newClient(t, a, address), "/"); said != last.name {
				t.Errorf("before %s serves: %s", g.name, said)
			}
		}
		go g.server.Serve()
		until(t, "the successor gets a client", func() bool { return ask(newClient(t, a, address), "/") == g.name })
		for range many {
			c, got := newClient(t, a, address), make(chan string, 1)
			if said := ask(c, "/"); said != g.name {
				t.Errorf("a new client of %s: %s", g.name, said)
			}
			g.clients, g.waiting = append(g.clients, c), append(g.waiting, got)
			go func() { got <- ask(c, "/slow") }()
		}
		until(t, "all wait", func() bool { return inFlight(g.server) == many })
		if n > 0 {
			last := before[len(before)-1]
			for _, c := range last.clients {
				if said := ask(c, "/"); said != last.name {
					t.Errorf("on a connection of %s: %s", last.name, said)
				}
			}
			go func() { last.down <- last.server.Shutdown(t.Context()) }()
		}
		if before = append(before, g); n < 2 {
			continue
		}
		done := before[n-2]
		close(done.release)
		for _, got := range done.waiting {
			if said := <-got; said != done.name {
				t.Errorf("a request of %s that was under way: %s", done.name, said)
			}
		}
		if err := <-done.down; err != nil {
			t.Error(err)
		}
	}
	for _, g := range before[Slots+1:] {
		close(g.release)
		for _, got := range g.waiting {
			if said := <-got; said != g.name {
				t.Errorf("a request of %s that was under way: %s", g.name, said)
			}
		}
	}
}

func TestPortThatSomebodyHasIsAnError(t *testing.T) {
	port, err := OpenPort(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	if second, err := OpenPort(t.Context(), port.socket().LocalAddr().String()); err == nil {
		second.Close()
		t.Error("two have it, who do not know of each other")
	}
}
