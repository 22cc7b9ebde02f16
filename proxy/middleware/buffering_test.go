package middleware

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A brokenBody is a body whose client fails.
type brokenBody struct {
	message.Body
	err error
}

func (f brokenBody) Length() int64            { return -1 }
func (f brokenBody) Read([]byte) (int, error) { return 0, f.err }

// A halfExchange is an exchange that is a request and a context.
type halfExchange struct {
	message.Exchange
	request *message.Request
	context context.Context
}

func (a halfExchange) Request() *message.Request { return a.request }
func (a halfExchange) Context() context.Context  { return a.context }

func TestABodyThatCannotBeReadIsItsClientsFaultByKind(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	for _, c := range []struct {
		err  error
		ctx  context.Context
		want int
	}{
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), t.Context(), 408},
		{io.ErrUnexpectedEOF, t.Context(), 400},
		{io.ErrUnexpectedEOF, left, 499},
	} {
		v := &Visit{Exchange: halfExchange{request: &message.Request{Body: brokenBody{err: c.err}}, context: c.ctx}}
		r := buffering{rules.Buffering{}}.Request(v)
		if r == nil || r.Status != c.want || v.Failure == nil || v.Failure.Side != message.Client {
			t.Errorf("%v: answered %v, for %v", c.err, r, v.Failure)
		}
	}
}
