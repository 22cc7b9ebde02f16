package proxytest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// A Client sends bytes as they are and lints what comes back.
type Client struct {
	*net.TCPConn
	buf []byte
	end error
}

// Dial opens a connection that no test can hang on.
func Dial(t testing.TB, addr string) *Client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(Patience))
	t.Cleanup(func() { c.Close() })
	return &Client{TCPConn: c.(*net.TCPConn)}
}

// Next is the next response, interim ones too. Its error is that there is none, or that it is not whole or not well made.
func (c *Client) Next(headOnly bool) (*Message, error) {
	for {
		m, n := ReadResponse(c.buf, headOnly, errors.Is(c.end, io.EOF))
		switch {
		case m != nil && len(m.Faults) > 0:
			return m, fmt.Errorf("%q: %q", c.buf, m.Faults)
		case n > 0:
			c.buf = c.buf[n:]
			return m, nil
		case c.end != nil && len(c.buf) == 0:
			return nil, c.end
		case c.end != nil:
			return m, fmt.Errorf("only %q: %w", c.buf, c.end)
		}
		c.receive()
	}
}

func (c *Client) receive() {
	var more []byte
	more, c.end = receive(c.TCPConn)
	c.buf = append(c.buf, more...)
}

// AtEnd waits for more, and tells whether there is nothing.
func (c *Client) AtEnd() bool {
	for c.end == nil && len(c.buf) == 0 {
		c.receive()
	}
	return len(c.buf) == 0
}

// Rest is all that comes until the end.
func (c *Client) Rest() ([]byte, error) {
	for c.end == nil {
		c.receive()
	}
	rest := c.buf
	c.buf = nil
	if errors.Is(c.end, io.EOF) {
		return rest, nil
	}
	return rest, c.end
}
