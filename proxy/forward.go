package proxy

import (
	"errors"
	"fmt"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// The list of tasks always lags a little behind the swarm, so that a refused connection is news and not an end:
// the next endpoint is asked at once. Time-outs cost the client a second each, so that few are allowed.
const (
	maxTries    = 10
	maxTimeouts = 3
)

var errNoEndpoint = errors.New("the service has no endpoint that could answer")

// attempt finds an endpoint that answers.
func (v *visit) attempt() (*message.Response, *message.Failure) {
	var tried [maxTries]*balancer.Endpoint
	var last *message.Failure
	timeouts, twice, retry := 0, false, v.retry()
	for n := 0; n < v.tries(retry); n++ {
		if n > 0 && !v.pause(retry, n) {
			break
		}
		e := v.pick(tried[:n])
		if e == nil && n > 0 && !v.full && (retry != nil || !undialled(last) && !twice && v.patience() > 0) {
			twice, e = true, v.group.Pick() // all have been tried; one that died of this is back, or refuses now and is waited for
		}
		if e == nil {
			break
		}
		v.endpoint, tried[n] = e, e
		if n > 0 {
			v.group.Retries.Add(1)
			v.retries++
		}
		response, fail := v.try(e)
		if fail == nil {
			return response, nil
		}
		last = fail
		if fail.Step == message.TimedOut {
			timeouts++
		}
		if !fail.Again || timeouts == maxTimeouts || !undialled(fail) && !v.mayRetry(fail) {
			break
		}
	}
	if last == nil {
		last = &message.Failure{Side: message.Upstream, Step: message.NoPlace, Err: errNoEndpoint}
	}
	return nil, last
}

// mayRetry takes a retry from the service's budget, and waits for one as long as the request would for an endpoint: a task
// that is killed fails all its requests at once.
func (v *visit) mayRetry(fail *message.Failure) bool {
	if v.group.MayRetry() {
		return true
	}
	wait := v.patience()
	if wait <= 0 {
		return false
	}
	if v.waits.IsZero() { // only now: a request that has been retried at once has not waited yet
		v.waits = time.Now().Add(wait)
	}
	ctx := v.exchange.Context()
	switch why := v.group.AwaitRetry(ctx, v.waits); {
	case why == nil:
		return true
	case ctx.Err() != nil:
		*fail = *message.Ended(ctx, fail.Step, fail.Err)
	default:
		fail.Err = fmt.Errorf("%w: %w", why, fail.Err)
	}
	return false
}

// retry is what the route or the operator says of tries; nil: nothing.
func (v *visit) retry() *rules.Retry {
	if v.chain != nil && v.chain.Retry() != nil {
		return v.chain.Retry()
	}
	return v.entry.proxy.options.Retry
}

// tries is how many there may be. Without a word about it every endpoint may be asked that refuses a connection.
func (v *visit) tries(r *rules.Retry) int {
	switch {
	case r == nil:
		return maxTries
	case r.Attempts <= 0:
		return min(max(v.group.Size(), 1), maxTries)
	}
	return min(r.Attempts, maxTries)
}

// longestPause bounds the time between two tries.
const longestPause = 10 * time.Second

// pause waits before the n-th try, from 1, where it is asked for. False: the client has left.
func (v *visit) pause(r *rules.Retry, n int) bool {
	if r == nil || r.Interval <= 0 {
		return true
	}
	wait := time.NewTimer(min(r.Interval<<min(n-1, maxTries), longestPause))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-v.exchange.Context().Done():
		return false
	}
}

// pick is the endpoint that a sticky client asks for, if it is there, or the next in turn.
func (v *visit) pick(tried []*balancer.Endpoint) *balancer.Endpoint {
	if len(tried) > 0 {
		e := v.group.PickOther(tried)
		if e == nil && v.above != nil && v.leadElsewhere() {
			e = v.group.PickOther(tried)
		}
		return e
	}
	if v.service.Sticky != nil {
		if e := v.stuckTo(); e != nil {
			return e
		}
	}
	return v.group.Pick()
}

func (v *visit) try(e *balancer.Endpoint) (*message.Response, *message.Failure) {
	q := v.exchange.Request()
	host := q.Host
	if !v.route.PassHost {
		q.Host = e.Addr
	}
	e.Begin()
	v.engaged = true
	response, fail := v.entry.proxy.options.Back.RoundTrip(v.exchange, e)
	q.Host = host
	if fail == nil {
		e.Answered()
		v.remember(e, response)
		return response, nil
	}
	e.End()
	v.engaged = false
	switch {
	case fail.Side != message.Upstream:
	case fail.Step == message.Refused, fail.Step == message.TimedOut && fail.Again: // nobody is there: of time-outs no other may be tried again
		e.Refused()
	default:
		e.Faulted()
	}
	return nil, fail
}
