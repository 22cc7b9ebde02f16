package swarm

import (
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// ownNetworks are the swarm's networks that this process is attached to, without ingress, which leads to no task; nil if unknown.
//
// A task's networks never change (an update makes a new task), so what was found once holds for the session.
func (c *Client) ownNetworks(ctx context.Context, s *session, tasks []swarm.Task, all []snapshot.Network) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil {
		return s.own
	}
	self := c.self()
	attached := ofTask(tasks, self)
	if attached == nil && !s.inspected {
		attached = c.ofContainer(ctx, s, self)
	}
	for _, n := range all {
		if !n.Ingress && slices.Contains(attached, n.ID) {
			s.own = append(s.own, n.ID)
		}
	}
	return s.own
}

// ofTask finds the task that runs in the container we are in, whatever its state: with a HEALTHCHECK we are
// "starting" until we have answered it, and need our networks before.
func ofTask(tasks []swarm.Task, self []string) (networks []string) {
	for i := range tasks {
		status := tasks[i].Status.ContainerStatus
		if status == nil || !matches(status.ContainerID, self) {
			continue
		}
		for _, attachment := range tasks[i].NetworksAttachments {
			networks = append(networks, attachment.Network.ID)
		}
	}
	return networks
}

func matches(id string, self []string) bool {
	return slices.ContainsFunc(self, func(prefix string) bool { return strings.HasPrefix(id, prefix) })
}

// ofContainer asks the engine, for a container that no service started (docker run --network). Not being known
// there is no error: the engine may be another machine's.
func (c *Client) ofContainer(ctx context.Context, s *session, self []string) (networks []string) {
	for _, id := range self {
		var found container.InspectResponse
		err := c.call(ctx, func(ctx context.Context) (err error) {
			found, err = s.api.ContainerInspect(ctx, id)
			return err
		})
		if err != nil || found.NetworkSettings == nil {
			continue
		}
		for _, attachment := range found.NetworkSettings.Networks {
			networks = append(networks, attachment.NetworkID)
		}
		break
	}
	s.inspected = ctx.Err() == nil
	return networks
}
