package http1

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A pump sends a long request body while its exchange waits for the response, which may come at any time. It is the one
// second goroutine there is, and ends with the exchange.
type pump struct {
	up      *upstream
	body    message.Body
	done    chan struct{}
	stopped atomic.Bool
	started bool
	failed  error    // of the client's side; to be read once done is closed
	unsent  bool     // the endpoint did not take all
	mine    *content // the body, or what is inside of it, if it is of this engine and so can be interrupted
}

func newPump(u *upstream, body message.Body) *pump {
	return &pump{up: u, body: body, done: make(chan struct{}), mine: inside(body)}
}

// inside is the client's own body that another one was put around, or nil. Who puts one around offers Unwrap.
func inside(body message.Body) *content {
	for {
		if c, ok := body.(*content); ok {
			return c
		}
		around, ok := body.(interface{ Unwrap() message.Body })
		if !ok {
			return nil
		}
		body = around.Unwrap()
	}
}

func (p *pump) start() {
	p.started = true
	go p.run()
}

func (p *pump) run() {
	if from, ok := p.body.(*content); ok && from.framing == sized && from.left >= spliceMin && from.stream.sock.raw != nil && p.up.sock.raw != nil {
		p.splice(from)
	} else {
		p.copy()
	}
	close(p.done)
	if p.failed != nil {
		// The endpoint must not wait for the rest, nor we for its answer.
		_ = p.up.sock.conn.SetDeadline(past)
	}
}

func (p *pump) copy() {
	buffer := sheets.Get().(*sheet)
	defer sheets.Put(buffer)
	length, total := p.body.Length(), int64(0)
	for {
		n, err := p.body.Read(buffer[frame : len(buffer)-tail])
		if p.stopped.Load() {
			p.unsent = true
			return
		}
		total += int64(n)
		ended := isEnd(p.body, err)
		if !ended && err != nil || ended && length >= 0 && total != length {
			p.fail(err)
			return
		}
		out := buffer[frame : frame+n]
		if length < 0 {
			out = chunk(buffer[:], 0, n)
		}
		if ended && length < 0 {
			out = appendTrailers(out, p.body.Trailers())
		}
		if !p.send(out) || ended {
			return
		}
	}
}

func (p *pump) fail(err error) {
	if err == nil || errors.Is(err, io.EOF) {
		err = errShort
	}
	p.failed = err
}

func (p *pump) send(b []byte) bool {
	u := p.up
	u.out.set(working, &u.carrier.back.clock)
	_, err := u.sock.conn.Write(b)
	u.out.set(nothing, &u.carrier.back.clock)
	p.unsent = err != nil
	return err == nil
}

func (p *pump) splice(from *content) {
	if early := from.stream.unread(); len(early) > 0 {
		if !p.send(early) {
			return
		}
		from.used(len(early))
	}
	if from.owner != nil && from.owner.reading() != nil {
		p.failed = errCut
		return
	}
	u, b := p.up, p.up.carrier.back
	x := from.owner.(*exchange)
	x.client.in.set(spliced, &x.client.server.clock)
	u.out.set(working, &b.clock)
	n, err := u.sock.tcp.ReadFrom(&io.LimitedReader{R: from.stream.sock.tcp, N: from.left})
	u.out.set(nothing, &b.clock)
	x.client.in.set(working, &x.client.server.clock)
	from.left -= n
	from.ended = from.left == 0
	switch end, reset := from.stream.sock.ended(); {
	case from.ended:
	case err == nil || end || reset || x.client.in.expired():
		from.err = errCut
		p.failed = errCut
	default:
		p.unsent = true
	}
}

// halt ends the pump and waits for it, if it can be made to end. It tells whether all was sent.
func (p *pump) halt() bool {
	if !p.started {
		return false
	}
	select {
	case <-p.done:
		return p.failed == nil && !p.unsent
	default:
	}
	p.stopped.Store(true)
	_ = p.up.sock.conn.SetWriteDeadline(past)
	if p.mine == nil {
		return false // whoever offers the body ends its reads when the exchange is over
	}
	client := p.mine.stream.sock.conn
	_ = client.SetReadDeadline(past)
	<-p.done
	_ = client.SetReadDeadline(time.Time{})
	if p.up.client != nil && p.up.client.isGone() {
		_ = client.SetDeadline(past) // it was cut meanwhile
	}
	return false
}

// clientError is what the client's side said, if the pump has ended.
func (p *pump) clientError() error {
	if p == nil || !p.started {
		return nil
	}
	select {
	case <-p.done:
		return p.failed
	default:
		return nil
	}
}
