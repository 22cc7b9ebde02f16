package http1

import (
	"errors"
	"io"
)

// readChunked decodes as much as is in the buffer and fits, and waits only when that is nothing.
func (c *content) readChunked(p []byte) (n int, err error) {
	for n < len(p) {
		k, moved, err := c.step(p[n:])
		n += k
		switch {
		case err == nil && moved:
		case err == nil && n == 0:
			if k, err = c.more(p); err != nil {
				return 0, err
			}
			n += k
		case err != nil && n == 0:
			return 0, err
		default:
			if !errors.Is(err, io.EOF) {
				c.err = err
			}
			return n, nil
		}
	}
	return n, nil
}

// step makes one move with what the buffer holds. moved: another may follow.
func (c *content) step(p []byte) (n int, moved bool, err error) {
	buf := c.stream.unread()
	switch {
	case c.left > 0:
		n = copy(p[:min(int64(len(p)), c.left)], buf)
		c.used(n)
		return n, n > 0, nil
	case c.inside:
		return 0, len(buf) >= 2, c.chunkEnd(buf)
	case c.last:
		return 0, false, c.end(buf)
	}
	size, used, f := chunkLine(buf)
	if f != nil {
		return 0, false, f
	}
	c.stream.skip(used)
	if used > 0 {
		c.left, c.inside, c.last = size, size > 0, size == 0
	}
	return 0, used > 0, nil
}

func (c *content) used(n int) {
	c.stream.skip(n)
	c.left -= int64(n)
}

// chunkEnd takes the CRLF behind a chunk's data.
func (c *content) chunkEnd(buf []byte) error {
	if len(buf) > 0 && buf[0] != '\r' || len(buf) > 1 && buf[1] != '\n' {
		return badChunkEnd
	}
	if len(buf) >= 2 {
		c.stream.skip(2)
		c.inside = false
	}
	return nil
}

// end takes the trailers. They alias the buffer, which stays as it is until the exchange is over.
func (c *content) end(buf []byte) error {
	h := head{fields: &c.trailers, server: true}
	used, f := readTrailers(buf, &h)
	if f != nil {
		return f
	}
	if used == 0 {
		return nil
	}
	c.stream.skip(used)
	c.ended = true
	return io.EOF
}

// more reads from the socket: straight into p when that is inside a chunk, else into the buffer.
func (c *content) more(p []byte) (n int, err error) {
	if c.left > 0 {
		n, err = c.receive(p[:min(int64(len(p)), c.left)])
		c.left -= int64(n)
		return n, err
	}
	if !c.stream.makeRoom(maxTrailers) {
		return 0, longTrailer
	}
	s := c.stream
	n, err = c.receive(s.buf[s.w:])
	s.w += n
	return 0, err
}
