package http1

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
)

// An ending is how the end of an answer is marked for the client.
type ending uint8

const (
	atHead   ending = iota // there is no body
	atLength               // Content-Length
	atChunk                // the last chunk
	atClose                // the end of the connection, for HTTP/1.0
)

func (x *exchange) endingOf(r *message.Response) ending {
	switch {
	case message.Bodyless(x.request.Method, r.Status):
		return atHead
	case r.Body == nil || r.Body.Length() >= 0:
		return atLength
	case x.request.Proto == message.HTTP10:
		return atClose
	}
	return atChunk
}

// Inform implements message.Exchange.
func (x *exchange) Inform(r *message.Response) error {
	if x.request.Proto == message.HTTP10 {
		return nil
	}
	b := appendStatus(nil, r.Status)
	for _, f := range r.Fields.All() {
		if !ours(f.Name) {
			b = appendField(b, f.Name, f.Value)
		}
	}
	_, err := x.client.write(append(b, "\r\n"...))
	return err
}

// Send implements message.Exchange.
func (x *exchange) Send(r *message.Response) (int64, *message.Failure) {
	x.answered = true
	end := x.endingOf(r)
	if end == atClose || x.head.expects && x.uninvited() || x.client.server.leaving.Load() || x.request.Body != nil && x.leftover(r) {
		x.keep = false
	}
	buffer := pages.Get().(*page)
	out := x.appendHead(buffer[:0], r, end)
	sent, fail := x.sendBody(out, r, end)
	pages.Put(buffer)
	if fail != nil {
		fail = x.blamed(fail)
		x.broken = true
		if end == atClose {
			x.client.sock.reset() // else half an answer would look whole
		}
	}
	return sent, fail
}

// leftover tells whether a rest of the request's body will end the connection: a client that is not told so may lose its
// next request on it. Of a body that another goroutine may be sending to an endpoint that answers early, nothing can be said.
func (x *exchange) leftover(r *message.Response) bool {
	if !message.IsText(r.Body) || x.client.serving() != nil {
		return false
	}
	return !x.body.ended && (x.body.framing != sized || !x.body.whole())
}

// blamed puts a failure on the client where it was cut: the endpoint's connection was cut along with its own.
func (x *exchange) blamed(f *message.Failure) *message.Failure {
	if !x.client.isGone() {
		return f
	}
	return message.Ended(x.Context(), f.Step, f.Err)
}

func (x *exchange) appendHead(b []byte, r *message.Response, end ending) []byte {
	b = appendStatus(b, r.Status)
	dated := false
	given := ""
	for _, f := range r.Fields.All() {
		if ours(f.Name) {
			if len(f.Name) == len("Content-Length") {
				given = f.Value
			}
			continue
		}
		dated = dated || len(f.Name) == len("Date") && message.SameName(f.Name, "Date")
		b = appendField(b, f.Name, f.Value)
	}
	if !dated { // RFC 9110, 6.6.1, has a proxy add it
		b = appendField(b, "Date", *x.client.server.date.Load())
	}
	switch {
	case end == atChunk:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case end == atLength && r.Body == nil:
		b = appendLength(b, 0)
	case end == atLength:
		b = appendLength(b, r.Body.Length())
	case end == atHead && r.Status >= 200 && r.Status != http.StatusNoContent:
		if n, ok := decimalOf(given); ok {
			b = appendLength(b, n) // what there would be of a body; in plain digits, as everywhere
		}
	}
	switch {
	case !x.keep:
		b = append(b, "Connection: close\r\n"...)
	case x.request.Proto == message.HTTP10:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return append(b, "\r\n"...)
}

// sendBody sends the head in out, and the body behind it.
func (x *exchange) sendBody(out []byte, r *message.Response, end ending) (int64, *message.Failure) {
	if r.Body == nil {
		return 0, x.flush(out)
	}
	from, _ := r.Body.(*content)
	switch {
	case end == atHead:
		// The endpoint's connection is free for others before the answer is under way: Close first.
		r.Body.Close()
		return 0, x.flush(out)
	case from != nil && from.framing == sized && from.whole() && from.left <= int64(cap(out)-len(out)):
		n := from.left
		out = append(out, from.stream.unread()[:n]...)
		from.used(int(n))
		from.ended = true
		r.Body.Close()
		return n, x.flush(out)
	}
	defer r.Body.Close()
	if from != nil && x.canSplice(from, end) {
		return x.splice(out, from)
	}
	if !ready(r.Body) || len(out) > pageSize {
		if fail := x.flush(out); fail != nil {
			return 0, fail
		}
		out = nil
	}
	return x.relay(out, r.Body, end)
}

// ready tells whether a body has something without waiting for it; then it can go along with the head.
func ready(body message.Body) bool {
	b, ok := body.(interface{ Ready() bool })
	return ok && b.Ready()
}

func (x *exchange) flush(out []byte) *message.Failure {
	if _, err := x.client.write(out); err != nil {
		return &message.Failure{Side: message.Client, Step: message.Relaying, Err: err}
	}
	return nil
}

// frame is the space for a chunk's size in front of its data: "ffff\r\n" at most.
const frame = 6

var errShort = errors.New("the body is shorter than its length")

// relay copies a body, and first a head that has not gone yet. What was read goes out at once, so that event streams and
// long polls need no timer and no option.
func (x *exchange) relay(head []byte, body message.Body, end ending) (sent int64, fail *message.Failure) {
	buffer := sheets.Get().(*sheet)
	defer sheets.Put(buffer)
	left := body.Length()
	for {
		start := copy(buffer[:], head)
		data := start
		if end == atChunk {
			data += frame
		}
		space := buffer[data : len(buffer)-tail]
		if end == atLength {
			space = space[:min(int64(len(space)), left-sent)]
		}
		n, err := 0, io.EOF
		if len(space) > 0 {
			n, err = body.Read(space)
		}
		out := buffer[:data+n]
		if end == atChunk {
			out = chunk(buffer[:], start, n)
		}
		sent += int64(n)
		done := isEnd(body, err)
		if done && end == atChunk {
			out = appendTrailers(out, body.Trailers())
		}
		if len(out) > 0 {
			if fail := x.flush(out); fail != nil {
				return sent, fail
			}
		}
		head = nil
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return sent, &message.Failure{Side: message.Upstream, Step: message.Relaying, Err: err}
		case done && end == atLength && sent < left:
			return sent, &message.Failure{Side: message.Upstream, Step: message.Relaying, Err: errShort}
		case done:
			return sent, nil
		}
	}
}

// tail is the space for a chunk's end and the last chunk without trailers.
const tail = 16

// isEnd tells whether nothing more will come. Our own bodies know before they are asked again, which saves a write.
func isEnd(body message.Body, err error) bool {
	if c, ok := body.(*content); ok && c.ended {
		return true
	}
	return errors.Is(err, io.EOF)
}

// chunk frames the n bytes that stand behind start and the space for their size.
func chunk(buffer []byte, start, n int) []byte {
	if n == 0 {
		return buffer[:start]
	}
	size := strconv.AppendInt(buffer[:start], int64(n), 16)
	size = append(size, "\r\n"...)
	if gap := start + frame - len(size); gap > 0 {
		copy(buffer[len(size):], buffer[start+frame:start+frame+n])
	}
	return append(buffer[:len(size)+n], "\r\n"...)
}
