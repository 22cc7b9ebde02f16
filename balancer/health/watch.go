package health

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A watch is one endpoint being probed for one check. It has a goroutine only while a probe is under way:
// between probes it is a timer, so that fifty thousand of them cost little.
type watch struct {
	rounds
	check  rules.Check
	target rules.Endpoint
	tell   func(up bool, why string)

	// Only the probe under way touches these, and there is never more than one.
	judge judge
	later bool // it has passed once, or is asked no more often than others
	tries int  // until then
}

// turn makes one probe and sets the time of the next.
func (w *watch) turn() {
	started := time.Now()
	w.round(w.probe, func(err error) {
		if w.judge.hear(err == nil) {
			w.tell(w.judge.up, reason(err))
		}
		w.schedule(w.period(err)-time.Since(started), w.turn)
	})
}

// A newborn endpoint is asked often for a while: its program takes seconds to come up, and not the interval.
const (
	newborn      = time.Second
	newbornTimes = 60
)

// period is the interval, but for an endpoint that has never passed. The first after a pass is up to a fifth shorter, so
// that ten thousand checks that began together do not go on together.
func (w *watch) period(err error) time.Duration {
	if w.later {
		return w.check.Interval
	}
	if w.tries++; err != nil && w.tries < newbornTimes {
		return min(newborn, w.check.Interval)
	}
	w.later = true
	return w.check.Interval - time.Duration(rand.Int64N(int64(w.check.Interval)/5+1))
}

func (w *watch) probe() error {
	ctx, cancel := context.WithTimeout(w.ctx, w.check.Timeout)
	defer cancel()
	if scheme := w.scheme(); scheme == "tcp" || scheme == "tls" {
		return w.connect(ctx)
	}
	req, err := request(ctx, w.target, &w.check)
	if err != nil {
		return err
	}
	resp, err := w.prober.client(w.scheme()).Do(req)
	if err != nil && ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("no answer within %v", w.check.Timeout)
	}
	if err != nil {
		return err
	}
	resp.Body.Close()
	return pass(resp.StatusCode)
}

// connect is a probe of who speaks no HTTP: a connection that is made, and closed.
func (w *watch) connect(ctx context.Context) error {
	addr, err := hostPort(w.target.Addr, w.check.Port)
	if err != nil {
		return err
	}
	c, err := w.prober.dial(ctx, "tcp", addr)
	if err != nil && ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("no connection within %v", w.check.Timeout)
	}
	if err != nil {
		return err
	}
	return c.Close()
}

func (w *watch) scheme() string {
	if w.check.Scheme != "" {
		return w.check.Scheme
	}
	return w.target.Scheme
}

func pass(status int) error {
	if status >= 200 && status < 400 {
		return nil
	}
	return fmt.Errorf("status %d %s", status, http.StatusText(status))
}

// reason is the error without the address, which the reader of a verdict knows already.
func reason(err error) string {
	if err == nil {
		return "passed"
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return err.Error()
}
