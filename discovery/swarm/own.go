package swarm

import (
	"context"
	"errors"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// ownNetworks are the swarm's networks that this process is attached to, without ingress, which leads to no task; nil if unknown.
//
// A task's networks never change (an update makes a new task), so what was found once holds for the session. Without
// them services on several networks lose their endpoints, so not to have got an answer is an error, not an unknown.
func (c *Client) ownNetworks(ctx context.Context, s *session, tasks []swarm.Task, all []snapshot.Network) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil {
		return s.own, nil
	}
	self := c.self()
	attached := ofTask(tasks, self)
	if attached == nil && !s.inspected {
		var err error
		if attached, err = c.ofContainer(ctx, s, self); err != nil {
			return nil, err
		}
		s.inspected = true
	}
	s.own = c.remember(self, among(all, attached), all)
	return s.own, nil
}

// among are the networks of the swarm, without ingress, that have one of these ids.
func among(all []snapshot.Network, ids []string) (own []string) {
	for _, n := range all {
		if !n.Ingress && slices.Contains(ids, n.ID) {
			own = append(own, n.ID)
		}
	}
	return own
}

// A membership is the networks that a container was last seen attached to.
type membership struct {
	self     []string // the container's ids
	networks []string
}

// remember keeps what was found, beyond the session. Where nothing was, it gives back what was kept of the same
// container: a task that is told to stop leaves the list seconds before it ends, and serves on until then.
func (c *Client) remember(self, found []string, all []snapshot.Network) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found != nil {
		c.own = membership{self, found}
		return found
	}
	if !slices.Equal(c.own.self, self) {
		return nil
	}
	return among(all, c.own.networks) // another swarm, behind the same address, has other networks
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

// ofContainer asks the engine, for a container that no service started (docker run --network).
func (c *Client) ofContainer(ctx context.Context, s *session, self []string) ([]string, error) {
	for _, id := range self {
		var found container.InspectResponse
		err := c.call(ctx, func(ctx context.Context) (err error) {
			found, err = s.api.ContainerInspect(ctx, id)
			return err
		})
		if isUntold(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if found.NetworkSettings == nil {
			continue
		}
		var networks []string
		for _, attachment := range found.NetworkSettings.Networks {
			networks = append(networks, attachment.NetworkID)
		}
		return networks, nil
	}
	return nil, nil
}

// isUntold: the engine knows no such container, as it may be another machine's, or a socket proxy that shuts /containers
// costs us our own networks, not the routes.
func isUntold(err error) bool {
	var problem *Problem
	return cerrdefs.IsNotFound(err) || errors.As(err, &problem) && problem.Code == Forbidden
}
