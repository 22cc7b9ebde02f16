package http1

import (
	"errors"
	"io"

	"github.com/appia-edge/appia/proxy/message"
)

// A content is the body of one message on its way in: first what came along with the head, then what the socket has.
// It implements message.Body.
type content struct {
	stream      *stream
	framing     framing
	left        int64 // to come: of the body if it is sized, of this chunk if it is chunked
	length      int64 // of the whole, -1: unknown
	inside      bool  // between a chunk's size line and its end
	last        bool  // the last chunk was seen, its trailers not yet
	ended       bool  // all was read
	touched     bool  // some was
	interrupted bool  // the connection's reads fail until that is taken back
	taken       int64 // bytes that Read gave out
	err         error // why it will not be
	trailers    message.Fields
	owner       owner
}

// framing is how a body ends.
type framing uint8

const (
	sized framing = iota
	chunked
	untilClose
)

// An owner is the side of an exchange that a content belongs to.
type owner interface {
	reading() error  // the socket is about to be read
	read()           // and has given something
	closed(*content) // nobody wants more of it
}

var errCut = errors.New("the connection ended before the message did")

func (c *content) begin(s *stream, f framing, length int64, o owner) {
	c.trailers.Reset()
	*c = content{stream: s, framing: f, left: length, length: length, owner: o, trailers: c.trailers}
	switch f {
	case sized:
		c.ended = length == 0
	case chunked:
		c.left, c.length = 0, -1
	case untilClose:
		c.length = -1
	}
}

// Length implements message.Body.
func (c *content) Length() int64 { return c.length }

// Trailers implements message.Body.
func (c *content) Trailers() *message.Fields { return &c.trailers }

// Close implements io.Closer.
func (c *content) Close() error {
	if o := c.owner; o != nil {
		c.owner = nil
		o.closed(c)
	}
	return nil
}

// Interrupt makes a Read on another goroutine give up waiting for the client. It may not have been waiting: then the
// connection may outlive the exchange, which calls resume.
func (c *content) Interrupt() {
	c.interrupted = true
	_ = c.stream.sock.conn.SetReadDeadline(past)
}

// whole tells whether all of it is here.
func (c *content) whole() bool {
	return c.ended || c.framing == sized && c.left <= int64(len(c.stream.unread()))
}

// Held implements message.Held.
func (c *content) Held() ([]byte, bool) {
	if c.touched || c.err != nil || c.framing != sized || !c.ended && c.left > int64(len(c.stream.unread())) {
		return nil, false
	}
	return c.stream.unread()[:c.left], true
}

// Ready tells whether Read returns at once.
func (c *content) Ready() bool { return c.ended || c.err != nil || len(c.stream.unread()) > 0 }

// Read implements io.Reader.
func (c *content) Read(p []byte) (n int, err error) {
	c.touched = true
	switch {
	case c.err != nil:
		return 0, c.err
	case c.ended:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case c.framing == chunked:
		n, err = c.readChunked(p)
	default:
		n, err = c.readPlain(p)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	c.taken += int64(n)
	return n, err
}

// Received is how much has been read of it, be it by Read or by a way around it, which only sized ones have.
func (c *content) Received() int64 {
	if c.framing == sized {
		return c.length - c.left
	}
	return c.taken
}

// readPlain reads sized content, and what only the connection's end ends. Past the buffer it reads straight into p.
func (c *content) readPlain(p []byte) (n int, err error) {
	if c.framing == sized && int64(len(p)) > c.left {
		p = p[:c.left]
	}
	if n = copy(p, c.stream.unread()); n > 0 {
		c.stream.skip(n)
	} else if n, err = c.receive(p); err != nil {
		return n, err
	}
	if c.framing == sized {
		c.left -= int64(n)
		c.ended = c.left == 0
	}
	return n, nil
}

// receive reads from the socket.
func (c *content) receive(p []byte) (n int, err error) {
	if c.owner != nil {
		if err := c.owner.reading(); err != nil {
			return 0, err
		}
	}
	n, err = c.stream.sock.read(p)
	if n > 0 && c.owner != nil {
		c.owner.read()
	}
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, io.EOF) && c.framing == untilClose:
		c.ended = true
		return 0, io.EOF
	case errors.Is(err, io.EOF):
		return 0, errCut
	}
	return 0, err
}
