package http1

import (
	"io"

	"github.com/appia-edge/appia/proxy/message"
)

// A tunnel is one side of an upgraded connection.
type tunnel struct {
	sock  socket
	early []byte // what came along with the head
	close func()

	// Of WriteTo.
	to    *tunnel // nil: not of this engine
	page  *page
	rest  []byte // of the page: read, and to be written outside the callback
	moved int64
	err   error
	wake  func(fd uintptr) bool

	out  []byte // what try is to write
	give func(fd uintptr) bool
}

func newTunnel(s *socket, early []byte, closed func()) *tunnel {
	t := &tunnel{sock: *s, early: append([]byte(nil), early...), close: closed}
	t.wake, t.give = t.take, t.giveOut
	return t
}

// Read implements io.Reader.
func (t *tunnel) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.sock.conn.Read(p)
}

// Write implements io.Writer.
func (t *tunnel) Write(p []byte) (int, error) { return t.sock.conn.Write(p) }

// CloseWrite passes on a half-close.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.sock.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return t.Close()
}

// Close implements io.Closer.
func (t *tunnel) Close() error {
	err := t.sock.conn.Close()
	if t.close != nil {
		t.close()
	}
	return err
}

// WriteTo implements io.WriterTo: a tunnel in which nothing happens holds no buffer. What the other side takes at once is
// passed on inside the callback. What it does not take is written outside, so that closing the tunnel never waits for it.
func (t *tunnel) WriteTo(w io.Writer) (int64, error) {
	t.to, _ = w.(*tunnel)
	t.rest, t.early = t.early, nil
	for {
		if len(t.rest) > 0 {
			n, err := w.Write(t.rest)
			t.moved += int64(n)
			if err != nil {
				t.release()
				return t.moved, err
			}
		}
		t.release()
		err := t.sock.attend(t.wake)
		if err == nil {
			err = t.err
		}
		switch err {
		case nil:
		case io.EOF:
			return t.moved, nil
		default:
			return t.moved, err
		}
	}
}

// take passes on what has come, until nothing is left to read. True: leave the callback, there is a rest or an error.
func (t *tunnel) take(fd uintptr) bool {
	t.sock.enter(fd)
	defer t.sock.leave()
	t.page = pages.Get().(*page)
	for {
		n, err := t.sock.read(t.page[:])
		if err != nil {
			t.release()
			t.err = err
			return err != errWait
		}
		t.rest = t.page[:n]
		if t.to != nil {
			t.rest = t.to.try(t.rest)
		}
		t.moved += int64(n - len(t.rest))
		if t.err = nil; len(t.rest) > 0 {
			return true
		}
	}
}

func (t *tunnel) release() {
	if t.page != nil {
		pages.Put(t.page)
		t.page = nil
	}
	t.rest = nil
}

// try writes without waiting and returns what is left, be it for an error, which Write will meet again.
func (t *tunnel) try(p []byte) (rest []byte) {
	t.out = p
	if t.sock.raw != nil {
		_ = t.sock.raw.Write(t.give)
	}
	rest, t.out = t.out, nil
	return rest
}

func (t *tunnel) giveOut(fd uintptr) bool {
	n, _ := tryWrite(int(fd), t.out)
	t.out = t.out[n:]
	return true
}

// Upgrade implements message.Exchange.
func (x *exchange) Upgrade(r *message.Response) (io.ReadWriteCloser, error) {
	c := x.client
	x.answered, x.keep = true, false
	b := appendStatus(nil, r.Status)
	for _, f := range r.Fields.All() {
		if !ours(f.Name) || message.SameName(f.Name, "Connection") {
			b = appendField(b, f.Name, f.Value)
		}
	}
	c.in.set(nothing, &c.server.clock)
	if _, err := c.write(append(b, "\r\n"...)); err != nil {
		return nil, err
	}
	early := x.stream.unread()
	x.stream.skip(len(early))
	return newTunnel(&c.sock, early, nil), nil
}
