package proxytest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Patience is how long anything in a test may take. It is a deadline and no measure: nothing waits for it to pass.
const Patience = 20 * time.Second

// An Answer is what a Backend says to one request.
type Answer struct {
	Hint  string // comes as soon as the head is there, as a 100 does
	Text  string
	Early bool // so does the text
	Then  Then
}

// Then is what follows an answer.
type Then uint8

// The ways to go on.
const (
	Keep   Then = iota
	Close       // after the answer
	Reset       // after the answer, so that the other side sees an error and no end
	Stop        // close the sending half
	Tunnel      // what follows is no request
)

// A Backend answers requests by a script and lints every byte it gets.
type Backend struct {
	listener net.Listener
	reply    func(n int, head *Message) Answer
	conns    sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed whenever something has
	got      []*Got
	open     map[*Got]net.Conn
	requests int
	faults   []string
}

// Got is what came on one connection.
type Got struct {
	Requests []*Message // whole ones
	Rest     []byte     // of one that is not whole, or what went through a tunnel
	Ended    bool
}

// Start begins to answer: reply says what to the n-th request, of which there may be the head alone.
func Start(t testing.TB, reply func(n int, head *Message) Answer) *Backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Backend{listener: l, reply: reply, changed: make(chan struct{}), open: map[*Got]net.Conn{}}
	b.conns.Go(b.accept)
	t.Cleanup(b.Close)
	return b
}

// Echo says what was asked.
func Echo(m *Message) Answer {
	text := m.Line
	return Answer{Text: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)}
}

// Addr is where it listens.
func (b *Backend) Addr() string { return b.listener.Addr().String() }

// Close cuts all connections and waits for them.
func (b *Backend) Close() {
	b.listener.Close()
	b.mu.Lock()
	for _, c := range b.open {
		c.SetDeadline(time.Unix(1, 0))
	}
	b.mu.Unlock()
	b.conns.Wait()
}

// Settle waits until no request is half there, and returns what came on each connection and what was wrong with it. Half a
// request whose connection has not ended is a fault: the backend waits for the rest.
func (b *Backend) Settle() (got []Got, faults []string) {
	late := time.After(Patience)
	for {
		b.mu.Lock()
		halves := 0
		got = got[:0]
		for _, g := range b.got {
			if len(g.Rest) > 0 && !g.Ended {
				halves++
			}
			got = append(got, *g)
		}
		faults, changed := append([]string(nil), b.faults...), b.changed
		b.mu.Unlock()
		if halves == 0 {
			return got, faults
		}
		select {
		case <-changed:
		case <-late:
			return got, append(faults, "half a request, and the connection is left open")
		}
	}
}

// Open is the number of connections.
func (b *Backend) Open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

func (b *Backend) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		g := new(Got)
		b.change(func() { b.got, b.open[g] = append(b.got, g), c })
		b.conns.Go(func() {
			b.serve(c, g)
			c.Close()
			b.change(func() {
				g.Ended = true
				delete(b.open, g)
			})
		})
	}
}

func (b *Backend) change(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *Backend) fault(format string, args ...any) {
	b.change(func() { b.faults = append(b.faults, fmt.Sprintf(format, args...)) })
}

// serve reads requests one by one, and lints each as soon as its head is there.
func (b *Backend) serve(c net.Conn, g *Got) {
	var buf []byte
	var answer Answer
	asked, said := false, false // the head is there; the answer has gone
	for {
		m, n := ReadRequest(buf)
		if m != nil && len(m.Faults) > 0 {
			b.fault("%q forwarded: %q", buf, m.Faults)
			return
		}
		if m != nil && !asked {
			b.mu.Lock()
			index := b.requests
			b.requests++
			b.mu.Unlock()
			answer, asked = b.reply(index, m), true
			if _, err := io.WriteString(c, answer.Hint); err != nil {
				return
			}
		}
		if asked && !said && (n > 0 || answer.Early) {
			if n > 0 && len(buf) > n && answer.Then != Tunnel {
				b.fault("%q forwarded before the request in front of it was answered", buf[n:])
				return
			}
			said = true
			if n > 0 { // before the answer, so that whoever has it finds the request
				rest := buf[n:]
				b.change(func() { g.Requests, g.Rest = append(g.Requests, m), append([]byte(nil), rest...) })
			}
			if !b.say(c, answer) {
				return
			}
			if n > 0 && answer.Then == Tunnel {
				b.tunnel(c, g)
				return
			}
		} else if n > 0 && said {
			b.change(func() { g.Requests, g.Rest = append(g.Requests, m), nil })
		}
		if n > 0 {
			buf, asked, said = buf[n:], false, false
			continue
		}
		more, err := receive(c)
		buf = append(buf, more...)
		rest := append([]byte(nil), buf...)
		b.change(func() { g.Rest = rest })
		if err != nil {
			return
		}
	}
}

func (b *Backend) say(c net.Conn, a Answer) (goesOn bool) {
	_, err := io.WriteString(c, a.Text)
	tcp := c.(*net.TCPConn)
	switch {
	case err != nil, a.Then == Close:
		return false
	case a.Then == Reset:
		tcp.SetLinger(0)
		return false
	case a.Then == Stop:
		return tcp.CloseWrite() == nil
	}
	return true
}

func (b *Backend) tunnel(c net.Conn, g *Got) {
	for {
		more, err := receive(c)
		b.change(func() { g.Rest = append(g.Rest, more...) })
		if err != nil {
			return
		}
	}
}

func receive(c net.Conn) ([]byte, error) {
	buf := make([]byte, 64<<10)
	n, err := c.Read(buf)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return buf[:n], err
}
