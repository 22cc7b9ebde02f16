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
	n     int
	err   error
	page  *page
	wake  func(fd uintptr) bool
}

func newTunnel(s *socket, early []byte, closed func()) *tunnel {
	t := &tunnel{sock: *s, early: append([]byte(nil), early...), close: closed}
	t.wake = t.take
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

// WriteTo implements io.WriterTo: a tunnel in which nothing happens holds no buffer. It leaves the callback before it
// writes, so that closing the tunnel never waits for the other side.
func (t *tunnel) WriteTo(w io.Writer) (total int64, err error) {
	if len(t.early) > 0 {
		n, err := w.Write(t.early)
		total, t.early = int64(n), nil
		if err != nil {
			return total, err
		}
	}
	for {
		err := t.sock.attend(t.wake)
		if err == nil {
			err = t.err
		}
		if t.page != nil {
			if err == nil {
				var n int
				n, err = w.Write(t.page[:t.n])
				total += int64(n)
			}
			pages.Put(t.page)
			t.page = nil
		}
		switch err {
		case nil:
		case io.EOF:
			return total, nil
		default:
			return total, err
		}
	}
}

func (t *tunnel) take(fd uintptr) bool {
	t.sock.enter(fd)
	defer t.sock.leave()
	t.page = pages.Get().(*page)
	t.n, t.err = t.sock.read(t.page[:])
	if t.err == errWait {
		pages.Put(t.page)
		t.page = nil
		return false
	}
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
