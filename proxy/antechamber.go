package proxy

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// An antechamber is where connections wait until it is known who they are and how they speak: the PROXY protocol's header of
// a balancer in front, then what tells the route of a whole connection, where there are any, then the handshake of TLS. Each has
// a goroutine of its own meanwhile: one that is slow must not keep the others waiting.
type antechamber struct {
	net.Listener
	entry   *EntryPoint
	timeout time.Duration
	ready   chan accepted
	done    chan struct{}
	all     sync.WaitGroup // the goroutines

	mu       sync.Mutex
	closed   bool
	pressed  bool                  // those who wait have little time left
	pending  map[net.Conn]struct{} // connections that wait
	deadline time.Time             // of those who come when it is pressed
}

type accepted struct {
	conn net.Conn
	err  error
}

// arrivalTimeout is how long a header and a handshake may take where nothing else is said.
const arrivalTimeout = 10 * time.Second

// pressedTime is how long they may take once the router leaves.
const pressedTime = 2 * time.Second

func newAntechamber(l net.Listener, e *EntryPoint) *antechamber {
	a := makeAntechamber(l, e)
	a.all.Go(a.run)
	return a
}

func makeAntechamber(l net.Listener, e *EntryPoint) *antechamber {
	a := &antechamber{
		Listener: l, entry: e, timeout: e.proxy.options.ReadTimeout, ready: make(chan accepted), done: make(chan struct{}), pending: map[net.Conn]struct{}{},
	}
	if a.timeout <= 0 {
		a.timeout = arrivalTimeout
	}
	return a
}

// Accept implements net.Listener.
func (a *antechamber) Accept() (net.Conn, error) {
	select {
	case c := <-a.ready:
		return c.conn, c.err
	case <-a.done:
		return nil, net.ErrClosed
	}
}

func (a *antechamber) run() {
	for {
		conn, err := a.Listener.Accept()
		switch {
		case err != nil && errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			a.hand(nil, err) // whoever accepts knows which errors pass
		case a.entry.secure == nil && !a.entry.sorts.Load() && !a.entry.tellsOfClients(conn):
			a.hand(conn, nil)
		case a.begin(conn):
			a.all.Go(func() { a.receive(conn) })
		}
	}
}

func (a *antechamber) hand(conn net.Conn, err error) {
	select {
	case a.ready <- accepted{conn, err}:
	case <-a.done:
		if conn != nil {
			conn.Close()
		}
	}
}

// begin notes that a connection waits; false when the listener is closed, and with it the connection.
func (a *antechamber) begin(conn net.Conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		conn.Close()
		return false
	}
	_ = conn.SetDeadline(time.Now().Add(a.timeout))
	if a.pressed {
		_ = conn.SetDeadline(a.deadline)
	}
	a.pending[conn] = struct{}{}
	return true
}

// limit gives a connection its time.
func (a *antechamber) limit(conn net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	until := time.Now().Add(a.timeout)
	if a.pressed {
		until = a.deadline
	}
	_ = conn.SetDeadline(until)
}

// receive hands on a connection once all is known of it. One that goes wrong ends here.
func (a *antechamber) receive(conn net.Conn) {
	known, err := conn, error(nil)
	if a.entry.tellsOfClients(conn) {
		known, err = readProxyHeader(conn)
	}
	var to *passage
	if err == nil && a.entry.sorts.Load() {
		known, to, err = a.sort(known)
	}
	switch {
	case err != nil:
	case to != nil:
		err = to.open()
	case a.entry.secure != nil:
		known, err = a.entry.handshake(known)
	}
	a.mu.Lock()
	delete(a.pending, conn)
	closed := a.closed
	a.mu.Unlock()
	switch {
	case to != nil && (err != nil || closed):
		to.finish()
		return
	case err != nil || closed:
		conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if to != nil {
		to.tunnel = a.entry.tunnels.add(to)
		go to.serve()
		return
	}
	if speaksHTTP2(known) && a.entry.front.takeHTTP2(known) {
		return
	}
	a.hand(known, nil)
}

// finish hands on what has been accepted, after the listener below was closed, and then closes.
func (a *antechamber) finish(ctx context.Context) {
	a.press()
	handed := make(chan struct{})
	go func() {
		a.all.Wait()
		close(handed)
	}()
	select {
	case <-handed:
	case <-ctx.Done():
	}
	_ = a.Close()
	<-handed
}

// press gives those who wait little time: many a browser connects in advance and says nothing, and a router that leaves would
// wait for it.
func (a *antechamber) press() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pressed, a.deadline = true, time.Now().Add(min(pressedTime, a.timeout))
	for conn := range a.pending {
		_ = conn.SetDeadline(a.deadline)
	}
}

// Close ends what is pending, too, and waits for it.
func (a *antechamber) Close() error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return net.ErrClosed
	}
	a.closed = true
	for conn := range a.pending {
		conn.Close()
	}
	a.mu.Unlock()
	close(a.done)
	err := a.Listener.Close()
	a.all.Wait()
	return err
}
