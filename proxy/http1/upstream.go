package http1

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// An upstream is a connection to an endpoint and the response on it. It carries one exchange at a time.
type upstream struct {
	carrier  *carrier
	sock     socket
	stream   stream
	status   status
	head     head
	response message.Response
	body     content
	pump     *pump // sends a long request body; nil: there is none
	client   *client
	reused   bool
	keep     bool // the connection outlives the exchange
	stop     func() bool
	pending  []byte // a request to be written at the next wake-up
	wrote    int    // bytes of it
	err      error  // of the last wake-up
	callback func(fd uintptr) bool

	in       timer
	out      timer
	patience atomic.Int64 // for the head of this answer, in nanoseconds; 0: as long as for any
	moved    uint64       // bytes, when last asked; only for sweep
	aborted  atomic.Bool  // cut because the client or the endpoint is gone
	unheard  atomic.Bool  // cut because the endpoint's machine acknowledges nothing
}

func newUpstream(c *carrier, conn net.Conn) *upstream {
	u := &upstream{carrier: c, sock: newSocket(conn)}
	u.stream.sock = &u.sock
	u.head.fields = &u.response.Fields
	u.callback = u.wake
	return u
}

// reading, read and closed implement owner, for the response's body.
func (u *upstream) reading() error { return nil }
func (u *upstream) read()          {}

// closed ends the exchange. The connection is kept if both sides have said all they had to say, and nothing more.
func (u *upstream) closed(c *content) {
	clean := c.ended && u.keep && len(u.stream.unread()) == 0 && !u.out.expired()
	if u.pump != nil {
		clean = u.pump.halt() && clean
	}
	if !clean || !u.detach() {
		u.drop()
		return
	}
	u.stream.giveBack()
	if !u.carrier.put(u) {
		u.drop()
	}
}

// detach lets go of the exchange. False: it was cut, and the connection with it.
func (u *upstream) detach() bool {
	if u.stop != nil {
		if !u.stop() {
			u.aborted.Store(true) // or is about to be
		}
		u.stop = nil
	}
	if u.client != nil {
		u.client.attach(nil)
		u.client = nil
	}
	u.pump = nil
	u.response.Body = nil
	return !u.aborted.Load()
}

// drop closes the connection.
func (u *upstream) drop() {
	if u.pump != nil {
		u.pump.halt()
	}
	u.detach()
	u.in.set(nothing, &u.carrier.back.clock)
	u.sock.conn.Close()
	u.stream.giveBack()
	u.carrier.forget(u)
}

// abort wakes whoever waits on the connection. It does not wait itself.
func (u *upstream) abort() {
	u.aborted.Store(true)
	_ = u.sock.conn.SetDeadline(past)
}

// spent tells whether an idle connection is of no more use. It needs carrier.mu.
func (u *upstream) spent() bool {
	_, _, age := u.in.get(&u.carrier.back.clock)
	if passed(age, u.carrier.back.options.IdleTimeout) {
		return true
	}
	return !u.sock.silent()
}

// giveUp ends a request to a machine that is gone, or cannot be reached any more: without a word, so that the kernel would
// send it again and again, for a quarter of an hour. It must not wait.
func (u *upstream) giveUp(word uint64) {
	u.unheard.Store(true)
	if !u.in.expire(word) {
		u.unheard.Store(false) // something has been heard after all
		return
	}
	_ = u.sock.conn.SetDeadline(past)
}

func (u *upstream) headTimeout() time.Duration {
	if own := u.patience.Load(); own != 0 {
		return time.Duration(own)
	}
	return u.carrier.back.options.HeadTimeout
}

// sweep cuts what is overdue; it must not wait.
func (u *upstream) sweep() {
	b := u.carrier.back
	if word, w, age := u.in.get(&b.clock); w == heading && passed(age, u.headTimeout()) && u.in.expire(word) {
		_ = u.sock.conn.SetReadDeadline(past)
	}
	if word, w, age := u.in.get(&b.clock); (w == heading || w == working) && passed(age, b.options.Unheard) && u.sock.unheard(b.options.Unheard) {
		u.giveUp(word)
	}
	word, w, age := u.out.get(&b.clock)
	if w != working || !passed(age, b.options.WriteTimeout) {
		return
	}
	if _, sent := u.sock.movedBytes(); sent != u.moved || !u.sock.owing() {
		u.moved = sent
		u.out.word.CompareAndSwap(word, uint64(working)<<32|uint64(b.clock.ticks.Load()))
		return
	}
	if !u.out.expire(word) {
		return
	}
	_ = u.sock.conn.SetWriteDeadline(past)
	if word, w, _ := u.in.get(&b.clock); (w == working || w == heading) && u.in.expire(word) {
		_ = u.sock.conn.SetReadDeadline(past) // no answer yet, and who takes no more of the question will have none
	}
}
