package http1

import (
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// sweep looks once a second whether the client keeps its time. It must not wait.
func (c *client) sweep() {
	l := &c.server.limits
	word, w, age := c.in.get(&c.server.clock)
	switch w {
	case idle, dozing, asleep:
		if c.server.leaving.Load() {
			c.leave()
			break
		}
		switch {
		case passed(age, l.Idle):
			c.expire(word, "idle-timeout")
		case w == idle && age >= restless && c.sleeps():
			c.doze()
		case w == idle && age == restless && c.left():
			// A request and its end may have come as one event, and then nothing wakes us for the end. The dormitory sees it.
			c.expire(word, "")
		}
	case heading:
		if passed(age, l.Head) {
			c.expire(word, "head-timeout")
		}
	case body:
		if passed(age, l.Body) {
			c.expire(word, "body-timeout")
		}
	case spliced:
		if passed(age, l.Body) && !c.renew(&c.in, word) && !c.heldUp() {
			c.expire(word, "body-timeout")
		}
	case working:
		c.present(age, l.Gone)
	}
	if w == working || w == body || w == spliced {
		c.finishInTime(word, l.Whole)
	}
	word, w, age = c.out.get(&c.server.clock)
	// While the kernel moves a body, somebody else may be slow: then there is nothing that the client has yet to take.
	if w == working && passed(age, l.Write) && !c.renew(&c.out, word) && c.sock.owing() && c.out.expire(word) {
		c.server.cause("write-timeout", c)
		_ = c.sock.conn.SetWriteDeadline(past)
	}
}

// finishInTime gives up a request that takes longer than it may, be it for the client, for the endpoint or for us.
func (c *client) finishInTime(word uint64, limit time.Duration) {
	if !passed(c.server.clock.ticks.Load()-c.began.Load(), limit) || !c.in.expire(word) {
		return
	}
	c.server.cause(message.Overdue, c)
	c.mu.Lock()
	c.late = true
	c.mu.Unlock()
	c.cut()
}

// restless is for how many ticks an idle connection stays awake.
const restless = 2

// sleeps tells whether the connection can leave its goroutine: a socket that is read by a callback can be watched instead.
func (c *client) sleeps() bool { return c.server.dormitory != nil && c.sock.raw != nil && !c.sleepless }

// doze asks an idle connection to leave its goroutine.
func (c *client) doze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.become(idle, dozing) {
		_ = c.sock.conn.SetReadDeadline(past)
	}
}

// stir takes back what doze did.
func (c *client) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone && !c.in.expired() {
		_ = c.sock.conn.SetReadDeadline(time.Time{})
	}
}

// expire gives the connection up, unless something has happened since word was read, and says why if there is a word for it.
func (c *client) expire(word uint64, code string) {
	c.mu.Lock()
	given := c.in.expire(word)
	if given {
		_ = c.sock.conn.SetReadDeadline(past)
	}
	c.mu.Unlock()
	if !given {
		return
	}
	if code != "" {
		c.server.cause(code, c)
	}
	c.server.dormitory.rouse(c)
}

// heldUp tells whether a body that the kernel moves waits for the endpoint, and not for the client.
func (c *client) heldUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up != nil && c.up.sock.owing()
}

// renew grants more time if bytes have moved since it was last asked.
func (c *client) renew(t *timer, word uint64) bool {
	received, sent := c.sock.movedBytes()
	if received+sent == c.moved {
		return false
	}
	c.moved = received + sent
	w := wait(word >> 32)
	return t.word.CompareAndSwap(word, uint64(w)<<32|uint64(c.server.clock.ticks.Load()))
}

func (c *client) left() bool {
	end, reset := c.sock.ended()
	return end || reset
}

// present cuts the exchange of a client that is gone. One that has only closed its sending half may still want its
// answer; nobody can tell the two apart, so that it is given a while.
func (c *client) present(age uint32, patience time.Duration) {
	if age == 0 {
		return
	}
	end, reset := c.sock.ended()
	if end {
		c.ending++
		if _, taken := c.sock.movedBytes(); taken != c.taken {
			c.ending, c.taken = 0, taken // whoever takes an answer is there
		}
	}
	if reset || passed(c.ending, patience) {
		c.cut()
	}
}

// why it was cut, for the context of its exchange. It needs c.mu.
func (c *client) why() error {
	if c.late {
		return message.ErrOverdue
	}
	return nil
}

// cut ends the connection and what is done for it.
func (c *client) cut() {
	c.mu.Lock()
	c.gone = true
	if c.cancel != nil {
		c.cancel(c.why())
	}
	if c.up != nil {
		c.up.abort()
	}
	c.mu.Unlock()
	_ = c.sock.conn.SetDeadline(past)
	c.server.dormitory.rouse(c)
}

// leave closes the connection if it has been between requests for a while. That nothing has come is looked at last: a request
// that meets the close is lost, and its client may not send every request again (RFC 9112, 9.3.1).
func (c *client) leave() {
	word, w, age := c.in.get(&c.server.clock)
	if w != idle && w != dozing && w != asleep {
		return
	}
	if age >= restless && !c.sock.pending() {
		c.expire(word, "")
		return
	}
	c.server.dormitory.rouse(c) // the dormitory closes
}

// attach tells who serves the exchange, to be cut along with it. False: it is cut.
func (c *client) attach(u *upstream) bool {
	c.mu.Lock()
	c.up = u
	gone := c.gone
	c.mu.Unlock()
	return !gone
}

// resume lets the connection be read again after its reads were made to fail.
func (c *client) resume() {
	_ = c.sock.conn.SetReadDeadline(time.Time{})
	if c.isGone() {
		_ = c.sock.conn.SetDeadline(past) // it was cut meanwhile
	}
}

func (c *client) serving() *upstream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up
}

func (c *client) write(p []byte) (int, error) { return c.sock.write(p, &c.out, &c.server.clock) }

func (c *client) soon() time.Time { return time.Now().Add(time.Second) }
