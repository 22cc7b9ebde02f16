package http1

import (
	"io"

	"github.com/appia-edge/appia/proxy/message"
)

// spliceMin is the size from which a body goes through the kernel alone: TCPConn.ReadFrom does it by splice(2). Below, the
// pipe costs more than the copies save.
const spliceMin = 64 << 10

// canSplice: from plain TCP to plain TCP, with nothing to be looked at on the way.
func (x *exchange) canSplice(from *content, end ending) bool {
	return end == atLength && from.framing == sized && from.left-int64(len(from.stream.unread())) >= spliceMin &&
		x.client.sock.raw != nil && from.stream.sock.raw != nil
}

// splice sends a head, what is there of the body, and the rest.
func (x *exchange) splice(out []byte, from *content) (sent int64, fail *message.Failure) {
	if fail := x.flush(out); fail != nil {
		return 0, fail
	}
	if early := from.stream.unread(); len(early) > 0 {
		if fail := x.flush(early); fail != nil {
			return 0, fail
		}
		from.used(len(early))
		sent = int64(len(early))
	}
	c := x.client
	x.limited = io.LimitedReader{R: from.stream.sock.tcp, N: from.left}
	c.out.set(working, &c.server.clock)
	n, err := c.sock.tcp.ReadFrom(&x.limited)
	c.out.set(nothing, &c.server.clock)
	x.limited.R = nil
	from.left -= n
	from.ended = from.left == 0
	sent += n
	switch {
	case from.ended:
		return sent, nil
	case err == nil:
		return sent, &message.Failure{Side: message.Upstream, Step: message.Relaying, Err: errCut}
	}
	return sent, &message.Failure{Side: x.culprit(from), Step: message.Relaying, Err: err}
}

// culprit finds out which of two connections broke a splice, whose error does not say.
func (x *exchange) culprit(from *content) message.Side {
	if end, reset := from.stream.sock.ended(); end || reset {
		return message.Upstream
	}
	return message.Client
}
