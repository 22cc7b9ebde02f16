package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// maxReplays is how often a request is sent again at most, whatever its expression says, as in Traefik 1.x.
const maxReplays = 10

// buffering reads requests and responses to their end before they go on. What is wrong with a body then is known before
// anybody has seen a part of it.
type buffering struct{ rules.Buffering }

// Request implements Asker.
func (b buffering) Request(v *Visit) *message.Response {
	q := v.Exchange.Request()
	if q.Body == nil {
		return nil
	}
	if b.MaxRequest > 0 && q.Body.Length() > b.MaxRequest {
		return tooLarge(v)
	}
	s, err := newSpool(q.Body, b.MemRequest, b.MaxRequest)
	switch {
	case errors.Is(err, errTooLong):
		return tooLarge(v)
	case err != nil && isFile(err):
		return Answer(http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
	case err != nil:
		return unread(v, err)
	}
	q.Body.Close()
	q.Fields.Del("Expect") // what the client waited for has come
	q.Body = s.body(nil)
	v.Keep(s)
	return nil
}

// unread answers for a body that a filter could not read to its end: the client was too slow, has left, or sent no body.
func unread(v *Visit, err error) *message.Response {
	v.Failure = &message.Failure{Side: message.Client, Step: message.Sending, Err: fmt.Errorf("read the client's body: %w", err)}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		v.Failure.Step = message.TimedOut
	case v.Exchange.Context().Err() != nil:
		v.Failure.Step = message.Waiting
	}
	status := v.Failure.Status()
	return Answer(status, http.StatusText(status))
}

func tooLarge(v *Visit) *message.Response {
	v.Refused = "buffering"
	return Answer(http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge))
}

// Done implements Doner.
func (b buffering) Done(v *Visit) {
	if s, ok := v.Kept().(*spool); ok {
		s.close()
	}
}

// Response implements Answerer.
func (b buffering) Response(v *Visit, r *message.Response) *message.Response {
	r = b.replay(v, r)
	if r.Body == nil || message.Bodyless(v.Exchange.Request().Method, r.Status) {
		return r
	}
	if b.MaxResponse > 0 && r.Body.Length() > b.MaxResponse {
		return broken(v, r, http.StatusInternalServerError)
	}
	s, err := newSpool(r.Body, b.MemResponse, b.MaxResponse)
	switch {
	case errors.Is(err, errTooLong) || isFile(err):
		return broken(v, r, http.StatusInternalServerError)
	case err != nil:
		return broken(v, r, http.StatusBadGateway)
	}
	// An engine may use the head's memory again once the body is closed.
	whole := &message.Response{Status: r.Status, Fields: r.Fields.Owned(), Body: s.body(s.close)}
	r.Body.Close()
	if n := whole.Body.Length(); n >= 0 {
		whole.Fields.Set("Content-Length", strconv.FormatInt(n, 10))
	}
	return whole
}

// broken answers in the place of an endpoint whose answer cannot be passed on whole. Traefik 1.x passed on a part of it.
func broken(v *Visit, r *message.Response, status int) *message.Response {
	r.Body.Close()
	v.Forwarded = false
	return Answer(status, http.StatusText(status))
}

// replay sends the request again for as long as the expression holds. What a filter or a limit has refused stays refused.
func (b buffering) replay(v *Visit, r *message.Response) *message.Response {
	if b.Retry == nil || !v.all {
		return r
	}
	q := v.Exchange.Request()
	s, _ := v.Kept().(*spool)
	for n := 1; n <= maxReplays && b.Retry.Repeats(attempt{q.Method, r.Status, n}); n++ {
		if r.Body != nil {
			r.Body.Close()
		}
		if s != nil {
			q.Body = s.body(nil)
		}
		var fail *message.Failure
		if r, fail = v.Router.Again(v); fail != nil {
			r = Answer(fail.Status(), http.StatusText(fail.Status()))
		}
	}
	return r
}

// An attempt is one try to answer a request. It implements rules.Attempt.
type attempt struct {
	method string
	status int
	n      int
}

// IsNetworkError implements rules.Attempt.
func (a attempt) IsNetworkError() bool { return a.status == 502 || a.status == 504 }

// Attempts implements rules.Attempt.
func (a attempt) Attempts() int { return a.n }

// ResponseCode implements rules.Attempt.
func (a attempt) ResponseCode() int { return a.status }

// RequestMethod implements rules.Attempt.
func (a attempt) RequestMethod() string { return a.method }
