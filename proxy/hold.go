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
	"github.com/appia-edge/appia/rules"
)

// A deployment leaves a service without endpoints for a moment: the old task is gone and the new one does not listen yet.
// Requests wait for it, their bodies unread, and whoever asked sees a slow answer instead of a failed one.

var errPaused = errors.New("the service is paused")

// forward has an endpoint answer, and waits for one if it must.
func (v *visit) forward() (*message.Response, *message.Failure) {
	for {
		group := v.awaited()
		turn := group.Turn()
		response, fail := v.ask(group)
		if fail == nil || v.full || !v.hold(group, turn, fail) {
			return response, fail
		}
	}
}

// outlast waits for a service that has just left the swarm to be back, or for its route to be over: then the request is
// another route's, or nobody's. Nothing has been done with it yet.
func (v *visit) outlast(now *view, match rules.Match) (*view, rules.Match) {
	v.service, v.view = match.Route.Service, now
	until := time.Now().Add(v.patience())
	for match.Route != nil && match.Route.Owner.Gone {
		if now.groups[match.Route.Service.ID].Await(v.exchange.Context(), now.over, until) != nil {
			break
		}
		now = v.entry.proxy.view.Load()
		match = v.match(now)
	}
	v.service, v.view = nil, nil
	return now, match
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
func (v *visit) hold(group *balancer.Group, turn balancer.Turn, fail *message.Failure) bool {
	wait := v.patience()
	if wait <= 0 || !unheard(fail) {
		return false
	}
	if v.waits.IsZero() {
		v.waits = time.Now().Add(wait)
	}
	ctx := v.exchange.Context()
	if why := group.Hold(ctx, turn, v.waits); why != nil {
		if ctx.Err() != nil {
			*fail = *message.Ended(ctx, message.NoPlace, fail.Err)
			return false
		}
		fail.Step, fail.Err = message.NoPlace, fmt.Errorf("%w: %w", why, fail.Err)
		return false
	}
	return len(v.above) == 0 && !v.service.Leads() || v.leadAnew()
}

// patience is how long the request may wait: as the service that the route leads to says, or the router.
func (v *visit) patience() time.Duration {
	if v.errand {
		return 0 // a client waits for its answer already, or nobody does
	}
	service := v.service
	if len(v.above) > 0 {
		service = v.above[0].service
	}
	switch {
	case service.Presence.Hold != 0:
		return service.Presence.Hold
	case v.letter != nil:
		return v.entry.act.Hold
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

// longestAfter bounds the seconds after which a client is asked to come again: what it waits for may be over any moment.
const longestAfter = 10

// unavailable says that the service has no endpoint, and when to ask again: with the operator's page if there is one.
func (v *visit) unavailable() *message.Response {
	o := &v.entry.proxy.options
	r := failed(http.StatusServiceUnavailable)
	if o.HoldPage != "" {
		r = middleware.Answer(http.StatusServiceUnavailable, o.HoldPage)
		r.Fields.Set("Content-Type", "text/html; charset=utf-8")
	}
	r.Fields.Set("Retry-After", strconv.Itoa(min(max(1, int(v.patience()/time.Second)), longestAfter)))
	return r
}
