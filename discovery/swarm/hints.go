package swarm

import (
	"context"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// Hints calls hint when something in the swarm may have changed: once when the event stream opens, as what happened before is
// lost, then at each event that matters. It returns when the stream breaks, with a *Problem or the context's error; calling again,
// after a while, is the caller's business. hint must not block.
//
// The engine tells of services, nodes, networks, secrets, configs, and of its own node's containers. It never tells of
// tasks (moby#37403), so hints alone are not enough to stay up to date.
func (c *Client) Hints(ctx context.Context, hint func()) error {
	s, err := c.greet(ctx)
	if err != nil {
		return err
	}
	defer c.forget(s)

	stream, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	opening := time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })
	messages, errs := s.api.Events(stream, events.ListOptions{Filters: wantedEvents()})
	if !opening.Stop() {
		return diagnose(context.Cause(stream), c.endpoint.url)
	}
	hint() // should opening have failed after all, a hint too many does no harm
	for {
		select {
		case message := <-messages:
			if matters(message) {
				hint()
			}
		case err := <-errs:
			return c.streamEnd(ctx, err)
		}
	}
}

func wantedEvents() filters.Args {
	wanted := filters.NewArgs()
	for _, kind := range []events.Type{
		events.ServiceEventType, events.NodeEventType, events.NetworkEventType,
		events.SecretEventType, events.ConfigEventType, events.ContainerEventType,
	} {
		wanted.Add("type", string(kind))
	}
	return wanted
}

// matters keeps out the containers that are not of the swarm, the exec_* events that each container's health check
// makes every few seconds, and what routers keep for themselves: a lease of theirs is renewed every few seconds.
func matters(m events.Message) bool {
	if m.Type == events.ConfigEventType {
		return !strings.HasPrefix(m.Actor.Attributes["name"], OwnConfigs)
	}
	if m.Type != events.ContainerEventType {
		return true
	}
	return m.Actor.Attributes["com.docker.swarm.service.id"] != "" && !strings.HasPrefix(string(m.Action), "exec_")
}

func (c *Client) streamEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if isBroken(err) {
		return &Problem{StreamEnded, "the docker daemon at " + c.endpoint.url + " ended its event stream", "nothing, if it was restarted", err}
	}
	return diagnose(err, c.endpoint.url)
}
