package http1

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A crew is the goroutines of one listener. Each accepts a connection, serves it until it ends or falls asleep, and accepts again unless
// enough others wait. So a connection mostly finds a goroutine whose stack has already grown to what a request takes:
// starting, growing and ending one was 9 % of the profile of connections with a single request, and is 3 % now.
type crew struct {
	server   *Server
	listener net.Listener
	waiting  atomic.Int32 // those who accept, or are about to, or have what they accepted not yet counted; never none while the listener is open
	ended    chan error   // why they stopped, once all have
}

// maxWaiting bounds what is kept for connections to come: some 4 KiB of stack for each.
const maxWaiting = 64

// hire adds one who waits.
func (c *crew) hire() {
	c.waiting.Add(1)
	go c.work()
}

func (c *crew) work() {
	for {
		conn, err := c.accept()
		if err != nil {
			c.end(err)
			return
		}
		client := c.server.admit(conn)
		if c.waiting.Add(-1) == 0 {
			c.hire()
		}
		client.run()
		if c.waiting.Add(1) > maxWaiting {
			c.waiting.Add(-1)
			return
		}
	}
}

func (c *crew) accept() (net.Conn, error) {
	for {
		conn, err := c.listener.Accept()
		var temporary interface{ Temporary() bool }
		switch {
		case err == nil:
			return conn, nil
		case c.server.leaving.Load():
			return nil, http.ErrServerClosed
		case !errors.As(err, &temporary) || !temporary.Temporary():
			return nil, err
		}
		time.Sleep(5 * time.Millisecond) // out of descriptors: net/http waits too
	}
}

// end is told by the last who waits: from then on every connection that was accepted is known to the server, and who waits
// for the last one to end forgets none.
func (c *crew) end(err error) {
	if c.waiting.Add(-1) > 0 {
		return
	}
	select {
	case c.ended <- err:
	default: // it was told; this one had served a connection meanwhile
	}
}
