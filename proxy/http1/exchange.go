package http1

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
)

// An exchange is one request and its answer, and before that, the bytes that may become one. A connection borrows it when
// it wakes up and gives it back when it sleeps.
type exchange struct {
	client  *client
	stream  stream
	request message.Request
	head    head
	body    content
	limited io.LimitedReader // for splicing
	context context.Context  // nil: nobody has asked
	scanned int              // bytes of an unfinished head that were looked through

	awaiting bool       // the head is here, and its small body is on its way
	outside  bool       // not to be served inside the callback
	preface  bool       // of HTTP/2
	keep     bool       // the connection outlives the exchange
	expects  bool       // the client waits for a 100; under inviting
	inviting sync.Mutex // net/http's goroutines may read a body, and thereby ask for it, while its exchange is answered
	answered bool       // a final response has begun
	broken   bool       // and ended before its end
}

var exchanges = sync.Pool{New: func() any {
	x := new(exchange)
	x.head = head{fields: &x.request.Fields, server: true}
	return x
}}

func newExchange(c *client) *exchange {
	x := exchanges.Get().(*exchange)
	x.client, x.stream.sock = c, &c.sock
	return x
}

// park gives everything back.
func (x *exchange) park() {
	x.stream.giveBack()
	x.client, x.stream.sock = nil, nil
	exchanges.Put(x)
}

// http2Preface is what only a client of HTTP/2 sends (RFC 9113, 3.4), as far as one line goes.
var http2Preface = []byte("PRI * HTTP/2.0\r\n")

// isHandshake tells whether what came is the beginning of TLS's, and no request.
func isHandshake(b []byte) bool { return b[0] == 0x16 && (len(b) == 1 || b[1] == 3) }

// noTLSHere is a fatal alert, handshake_failure: it ends a handshake at once, and clients say so.
var noTLSHere = []byte{0x15, 3, 1, 0, 2, 2, 40}

// next looks whether the buffer holds a request that can be served.
func (x *exchange) next() (ready bool, f *fault) {
	c := x.client
	buf := x.stream.unread()
	if x.awaiting {
		x.awaiting = !x.body.whole()
		return !x.awaiting, nil
	}
	if c.ip == "" && c.secure == nil { // nobody has asked for anything yet
		switch {
		case c.server.HTTP2 != nil && bytes.HasPrefix(buf, http2Preface):
			x.preface = true
			return false, nil
		case isHandshake(buf):
			return false, tlsOnPlain
		}
	}
	l := &c.server.limits
	if x.scanned > 0 && !mayEnd(buf, x.scanned) && (len(buf) <= l.TargetBytes || bytes.IndexByte(buf[2:], '\n') >= 0) {
		x.scanned = len(buf)
		return false, nil
	}
	end, f := readRequest(buf, &x.request, &x.head, l)
	switch {
	case f != nil:
		return false, f
	case end > l.HeadBytes:
		return false, longHead
	case end == 0:
		x.scanned = len(buf)
		return false, nil
	}
	x.scanned = 0
	x.stream.skip(end)
	x.stream.floor = x.stream.r
	x.begin()
	return !x.awaiting, nil
}

// begun tells whether a part of a request is here.
func (x *exchange) begun() bool { return x.awaiting || len(x.stream.unread()) > 0 }

// mayEnd tells whether bytes from the given position on may complete a head, or show that it is none. Without it, a head
// that comes byte by byte would be read from its start for each.
func mayEnd(buf []byte, from int) bool {
	for i := from; ; i++ {
		j := bytes.IndexByte(buf[i:], '\n')
		if j < 0 {
			return false
		}
		i += j
		if i < 2 || buf[i-1] != '\r' || buf[i-2] == '\n' {
			return true
		}
	}
}

// begin makes a request of the head that was read.
func (x *exchange) begin() {
	c, q, h := x.client, &x.request, &x.head
	if c.ip == "" {
		c.ip = c.addr.Addr().Unmap().WithZone("").String()
	}
	q.Scheme, q.TLS, q.Client, q.ClientIP, q.Body = c.scheme, c.secure, c.addr, c.ip, nil
	if c.server.limits.Whole > 0 {
		c.began.Store(c.server.clock.ticks.Load())
	}
	x.keep = h.persists(q.Proto)
	x.answered, x.broken, x.awaiting, x.expects = false, false, false, false
	x.outside = q.Upgrade != ""
	if h.expects && q.Proto == message.HTTP10 {
		q.Fields.Del("Expect") // RFC 9110, 10.1.1: ignored
	}
	switch {
	case h.chunked:
		x.body.begin(&x.stream, chunked, -1, x)
	case h.length > 0:
		x.body.begin(&x.stream, sized, h.length, x)
	default:
		return
	}
	q.Body = &x.body
	if x.body.whole() {
		return
	}
	x.expects = h.expects && q.Proto == message.HTTP11
	// A small body is waited for: most come in a segment of their own, right behind the head.
	fits := h.length <= int64(len(x.stream.buf)-x.stream.r)
	x.awaiting = !h.chunked && !x.expects && !x.outside && fits
	x.outside = !x.awaiting
}

// finish cleans up behind an exchange. False: the connection ends.
func (x *exchange) finish() (goesOn bool) {
	x.end()
	if !x.answered || x.broken || !x.keep || x.client.out.expired() {
		return false
	}
	if x.request.Body != nil && !x.body.ended {
		if x.body.framing != sized || !x.body.whole() {
			return false
		}
		x.stream.skip(int(x.body.left))
	}
	if x.request.Body != nil && x.body.interrupted {
		x.client.resume()
	}
	x.stream.release()
	return true
}

// end ends the context.
func (x *exchange) end() {
	if x.context == nil {
		return
	}
	c := x.client
	c.mu.Lock()
	cancel := c.cancel
	c.cancel = nil
	c.mu.Unlock()
	x.context = nil
	cancel(nil)
}

// Request implements message.Exchange.
func (x *exchange) Request() *message.Request { return &x.request }

// Context implements message.Exchange. Most exchanges need none.
func (x *exchange) Context() context.Context {
	if x.context != nil {
		return x.context
	}
	c := x.client
	ctx, cancel := context.WithCancelCause(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	x.context, c.cancel = ctx, cancel
	if c.gone {
		cancel(c.why())
	}
	return ctx
}

// reading implements owner: a client that waits for it is told to go on, now that somebody wants its body.
func (x *exchange) reading() error {
	if x.head.expects {
		if err := x.invite(); err != nil {
			return err
		}
	}
	x.client.in.set(body, &x.client.server.clock)
	return nil
}

// invite tells a client that waits for it to send its body. One that has begun to send does not wait (RFC 9110, 10.1.1).
func (x *exchange) invite() error {
	x.inviting.Lock()
	defer x.inviting.Unlock()
	waits := x.expects && len(x.stream.unread()) == 0
	x.expects = false
	if !waits {
		return nil
	}
	_, err := x.client.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return err
}

// uninvited tells whether the client still waits, and has it wait no more: behind an answer there is no 100.
func (x *exchange) uninvited() bool {
	x.inviting.Lock()
	defer x.inviting.Unlock()
	waits := x.expects
	x.expects = false
	return waits
}

// read implements owner.
func (x *exchange) read() { x.client.in.set(working, &x.client.server.clock) }

// closed implements owner.
func (x *exchange) closed(*content) {}
