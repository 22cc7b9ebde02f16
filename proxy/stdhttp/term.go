package stdhttp

import (
	"context"
	"sync"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A term is the time that an exchange may take. net/http's own WriteTimeout leaves what waits for an endpoint waiting, and
// tells nobody.
type term struct {
	context context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer

	mu   sync.Mutex
	over bool // what is under the exchange is another's by now
}

// begin starts an exchange's term; nil if it has none.
func (f Front) begin(x *exchange) *term {
	if f.Whole <= 0 {
		return nil
	}
	t := &term{}
	t.context, t.cancel = context.WithCancelCause(x.origin.Context())
	t.timer = time.AfterFunc(f.Whole, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.over {
			return
		}
		f.Cause(message.Overdue, x.request.Client)
		t.cancel(message.ErrOverdue)
		_ = x.control.SetWriteDeadline(past) // its own writers can
	})
	return t
}

// past is a deadline that has passed: it wakes whoever waits on a connection.
var past = time.Unix(1, 0)

// end is the end of an exchange, or of its being one. A nil term has none.
func (t *term) end() {
	if t == nil {
		return
	}
	t.timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}
