package proxy

import (
	"errors"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
)

// The list of tasks always lags a little behind the swarm, so that a refused connection is news and not an end:
// the next endpoint is asked at once. Time-outs cost the client a second each, so that few are allowed.
const (
	maxTries    = 10
	maxTimeouts = 3
)

var errNoEndpoint = errors.New("the service has no endpoint that could answer")

// forward finds an endpoint that answers.
func (v *visit) forward() (*message.Response, *message.Failure) {
	var tried [maxTries]*balancer.Endpoint
	var last *message.Failure
	timeouts := 0
	for n := 0; n < maxTries; n++ {
		e := v.pick(tried[:n])
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
		if !fail.Again || timeouts == maxTimeouts {
			break
		}
	}
	if last == nil {
		last = &message.Failure{Side: message.Upstream, Step: message.NoPlace, Err: errNoEndpoint}
	}
	return nil, last
}

// pick is the endpoint that a sticky client asks for, if it is there, or the next in turn.
func (v *visit) pick(tried []*balancer.Endpoint) *balancer.Endpoint {
	if len(tried) > 0 {
		return v.group.PickOther(tried)
	}
	if v.route.Service.Sticky != nil {
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
		v.remember(e, response)
		return response, nil
	}
	e.End()
	v.engaged = false
	if fail.Step == message.Refused || dialTimedOut(fail) {
		e.Refused()
	}
	return nil, fail
}

// dialTimedOut: only a time-out before anything was sent may be tried again, and only it says that nobody is there.
func dialTimedOut(f *message.Failure) bool { return f.Step == message.TimedOut && f.Again }
