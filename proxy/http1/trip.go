package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// maxInterim bounds the interim responses before a final one.
const maxInterim = 16

// continueTimeout is how long a client's expectation is left to the endpoint. Not every server answers one.
const continueTimeout = time.Second

var errStale = errors.New("the endpoint had closed the connection, or spoken unasked")

// roundTrip carries one request to the endpoint and returns with the head of the response in u.response.
func (u *upstream) roundTrip(x message.Exchange) *message.Failure {
	u.err, u.wrote = nil, 0
	if !u.bind(x) {
		return &message.Failure{Side: message.Client, Step: message.Sending, Err: context.Canceled}
	}
	if err := u.ask(x.Request()); err != nil {
		return u.failure(x, err)
	}
	if err := u.answer(x); err != nil {
		return u.failure(x, err)
	}
	if !u.in.set(nothing, &u.carrier.back.clock) {
		return u.failure(x, os.ErrDeadlineExceeded)
	}
	return nil
}

// bind has the connection cut when the client goes away.
func (u *upstream) bind(x message.Exchange) bool {
	if mine, ok := x.(*exchange); ok {
		u.client = mine.client
		return u.client.attach(u)
	}
	u.stop = context.AfterFunc(x.Context(), u.abort)
	return x.Context().Err() == nil
}

// ask sends the request and waits for the first bytes of the answer.
func (u *upstream) ask(q *message.Request) error {
	buffer := pages.Get().(*page)
	defer pages.Put(buffer) // an open-coded defer, 2 ns
	out := appendRequest(buffer[:0], q)
	if own := int64(q.Patience); u.patience.Load() != own {
		u.patience.Store(own)
	}
	u.in.set(heading, &u.carrier.back.clock)
	body, mine := q.Body.(*content)
	switch {
	case q.Body == nil:
		u.pending = out
	case mine && body.whole() && body.framing == sized:
		u.pending = append(out, body.stream.unread()[:body.left]...)
	default:
		if err := u.askLong(out, q); err != nil {
			return err
		}
	}
	if err := u.sock.attend(u.callback); err != nil {
		return err
	}
	return u.err
}

// askLong sends the head of a request whose body has to be waited for, and sets the pump on that.
func (u *upstream) askLong(out []byte, q *message.Request) error {
	if u.reused && !u.sock.silent() {
		return errStale
	}
	var err error
	if u.wrote, err = u.sock.write(out, &u.out, &u.carrier.back.clock); err != nil {
		return err
	}
	u.pump = newPump(u, q)
	if !q.Fields.Has("Expect") {
		u.pump.start()
		return nil
	}
	return u.expect()
}

// expect leaves it to the endpoint whether the client is to send its body, for a while.
func (u *upstream) expect() error {
	_ = u.sock.conn.SetReadDeadline(time.Now().Add(continueTimeout))
	err := u.sock.attend(u.callback)
	_ = u.sock.conn.SetReadDeadline(time.Time{})
	if u.aborted.Load() || u.in.expired() {
		_ = u.sock.conn.SetDeadline(past) // it may have come just before the deadline was lifted
	}
	if err == nil {
		err = u.err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !u.aborted.Load() {
		u.err = nil
		u.pump.start()
		return nil
	}
	return err
}

// wake is called by the poller: first it sends the request, in the same go in which the wait for the answer begins.
func (u *upstream) wake(fd uintptr) bool {
	u.sock.enter(fd)
	done := u.turn()
	u.sock.leave()
	return done
}

func (u *upstream) turn() (done bool) {
	if u.pending == nil {
		return u.receive()
	}
	// Whatever came before we asked is no answer. Taking it for one would give this client what another asked for.
	if !u.sock.silent() {
		u.err = errStale
		return true
	}
	u.wrote, u.err = u.sock.write(u.pending, &u.out, &u.carrier.back.clock)
	u.pending = nil
	return u.err != nil
}

// receive takes a buffer only once there is something for it.
func (u *upstream) receive() (done bool) {
	if len(u.stream.unread()) > 0 {
		return true
	}
	u.stream.makeRoom(pageSize)
	_, err := u.stream.fill()
	if errors.Is(err, errWait) {
		u.stream.giveBack()
		return false
	}
	u.err = err
	return true
}

// answer reads heads until the final one.
func (u *upstream) answer(x message.Exchange) error {
	for interim := 0; ; {
		end, f := readResponse(u.stream.unread(), &u.status, &u.head, &u.carrier.back.limits)
		switch {
		case f != nil:
			return f
		case end == 0:
			if err := u.more(); err != nil {
				return err
			}
			continue
		}
		u.stream.skip(end)
		if u.status.code >= 200 || u.status.code == 101 {
			u.stream.floor = u.stream.r
			return u.accept(x.Request())
		}
		if interim++; interim > maxInterim {
			return manyInterim
		}
		if err := u.interim(x); err != nil {
			return err
		}
	}
}

func (u *upstream) more() error {
	if !u.stream.makeRoom(u.carrier.back.limits.HeadBytes) {
		return longHead
	}
	_, err := u.stream.fill()
	return err
}

// interim passes on what comes before the answer. A 100 is for the pump: the client gets its own when its body is read.
func (u *upstream) interim(x message.Exchange) error {
	if u.status.code == 100 {
		if u.pump != nil && !u.pump.started {
			u.pump.start()
		}
		return nil
	}
	u.response.Status = u.status.code
	message.RemoveHopByHop(&u.response.Fields)
	return x.Inform(&u.response)
}

// accept makes a response of the final head.
func (u *upstream) accept(q *message.Request) error {
	r, h := &u.response, &u.head
	r.Status, r.Upgraded, r.Body = u.status.code, nil, &u.body
	if body, ok := q.Body.(*content); ok && u.pump == nil {
		body.used(int(body.left)) // it went along with the head
		body.ended, body.touched = true, true
	}
	u.keep = h.persists(u.status.proto)
	switch {
	case r.Status == 101:
		return u.switched(q)
	case message.Bodyless(q.Method, r.Status):
		u.body.begin(&u.stream, sized, 0, u)
		u.body.length = max(h.length, 0)
	case h.chunked:
		u.body.begin(&u.stream, chunked, -1, u)
	case h.length >= 0:
		u.body.begin(&u.stream, sized, h.length, u)
	default:
		u.keep = false
		u.body.begin(&u.stream, untilClose, -1, u)
	}
	return nil
}

// switched hands over the connection after a 101, to a protocol that the client has named (RFC 9110, 7.8).
func (u *upstream) switched(q *message.Request) error {
	to := u.response.Fields.Joined("Upgrade") // of several lines a list, which is nothing that was asked for
	if to == "" || !message.Listed(q.Upgrade, to) || !u.head.upgrade || u.status.proto == message.HTTP10 {
		return fmt.Errorf("%w: to %q where the client asked for %q", unasked, to, q.Upgrade)
	}
	if u.pump != nil && !u.pump.finish() {
		return earlyUpgrade
	}
	u.detach()
	u.response.Upgraded = newTunnel(&u.sock, u.stream.unread(), func() { u.carrier.forget(u) })
	return nil
}

// failure says what an error means: whose it is, how far it came, and whether elsewhere may be tried.
func (u *upstream) failure(x message.Exchange, err error) *message.Failure {
	f := &message.Failure{Side: message.Upstream, Step: message.Waiting, Err: err}
	var clientErr error
	if u.pump != nil {
		u.pump.halt()
		clientErr = u.pump.clientError()
	}
	if ctx := x.Context(); ctx.Err() != nil {
		return message.Ended(ctx, f.Step, err)
	}
	q := x.Request()
	whole := u.pump == nil || !u.pump.started
	var bad *fault
	switch {
	case clientErr != nil:
		f.Side, f.Step, f.Err = message.Client, message.Sending, fmt.Errorf("read the client's body: %w", clientErr)
		if errors.Is(clientErr, os.ErrDeadlineExceeded) {
			f.Step, f.Err = message.TimedOut, fmt.Errorf("%w: %w", lateBody, f.Err)
		}
		if mine, ok := x.(*exchange); ok {
			mine.keep = false // nobody knows where its next request would begin
		}
	case u.aborted.Load(), errors.As(err, &bad):
	case errors.Is(err, os.ErrDeadlineExceeded) && u.unheard.Load():
		f.Step, f.Err = message.TimedOut, fmt.Errorf("%w: %w", endpointGone, err)
		f.Again = whole && message.Idempotent(q.Method)
	case errors.Is(err, os.ErrDeadlineExceeded) && u.out.expired():
		f.Step, f.Err = message.TimedOut, fmt.Errorf("%w: %w", endpointStalls, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.Step, f.Err = message.TimedOut, fmt.Errorf("%w: %w", endpointLate, err)
	case errors.Is(err, errStale) || u.reused && u.wrote == 0:
		f.Again = whole
	default:
		f.Again = whole && message.Idempotent(q.Method)
	}
	if errors.Is(err, io.EOF) {
		f.Err = errNoAnswer
	}
	return f
}

var errNoAnswer = errors.New("the endpoint closed the connection without an answer")
