package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
)

// A deployment leaves a service without endpoints for a moment: the old task is gone and the new one does not listen yet.
// Requests wait for it, their bodies unread, and whoever asked sees a slow answer instead of a failed one.

var errPaused = errors.New("the service is paused")

// forward has an endpoint answer, and waits for one if it must.
func (v *visit) forward() (*message.Response, *message.Failure) {
	var until time.Time // zero: it has not waited yet
	for {
		group := v.awaited()
		turn := group.Turn()
		response, fail := v.ask(group)
		if fail == nil || !v.hold(group, turn, fail, &until) {
			return response, fail
		}
	}
}

// awaited is the group whose endpoints the request can wait for: of services that lead to others the first, as any of
// those that it leads to will do.
func (v *visit) awaited() *balancer.Group {
	if len(v.above) > 0 && !v.group.Paused() {
		return v.above[0].group
	}
	return v.group
}

func (v *visit) ask(group *balancer.Group) (*message.Response, *message.Failure) {
	if group.Paused() {
		return nil, &message.Failure{Side: message.Upstream, Step: message.NoPlace, Err: errPaused}
	}
	return v.attempt()
}

// hold waits until the group may have an endpoint that it did not have at the turn. False: the failure stands.
func (v *visit) hold(group *balancer.Group, turn balancer.Turn, fail *message.Failure, until *time.Time) bool {
	wait := v.patience()
	if wait <= 0 || !unheard(fail) {
		return false
	}
	if until.IsZero() {
		*until = time.Now().Add(wait)
	}
	ctx := v.exchange.Context()
	if !group.Hold(ctx, turn, *until) {
		if ctx.Err() != nil {
			fail.Side = message.Client
		}
		fail.Step, fail.Err = message.NoPlace, fmt.Errorf("no endpoint within %v: %w", wait, fail.Err)
		return false
	}
	return len(v.above) == 0 && !v.service.Leads() || v.leadAnew()
}

// patience is how long the request may wait: as the service that the route leads to says, or the router.
func (v *visit) patience() time.Duration {
	service := v.service
	if len(v.above) > 0 {
		service = v.above[0].service
	}
	if service.Presence.Hold != 0 {
		return service.Presence.Hold
	}
	return v.entry.proxy.options.Hold
}

// unheard: no endpoint has heard of the request, so that it can still go to one.
func unheard(f *message.Failure) bool {
	return f.Step == message.NoPlace || undialled(f)
}

// undialled: no connection could be made, or nobody was there any more on a kept one, and the request can be sent from its start.
func undialled(f *message.Failure) bool {
	return f.Side == message.Upstream && f.Again && (f.Step == message.Refused || f.Step == message.TimedOut)
}

// unavailable says that the service has no endpoint, and when to ask again: with the operator's page if there is one.
func (v *visit) unavailable() *message.Response {
	o := &v.entry.proxy.options
	r := failed(http.StatusServiceUnavailable)
	if o.HoldPage != "" {
		r = middleware.Answer(http.StatusServiceUnavailable, o.HoldPage)
		r.Fields.Set("Content-Type", "text/html; charset=utf-8")
	}
	after := 1
	if v.service != nil {
		after = max(after, int(v.patience()/time.Second))
	}
	r.Fields.Set("Retry-After", strconv.Itoa(after))
	return r
}
