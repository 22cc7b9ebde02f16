package swarm

import (
	"context"
	"errors"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// lists is what three list calls answer: the whole swarm, in docker's words.
type lists struct {
	services []swarm.Service
	tasks    []swarm.Task
	networks []network.Summary
}

// Snapshot is the swarm as it is now: while the store is watched, what is known of it; else a look at the Engine API. Its
// error is a *Problem, or the context's own.
func (c *Client) Snapshot(ctx context.Context) (*snapshot.Swarm, error) {
	if known, err := c.known(ctx); known != nil || err != nil {
		return known, err
	}
	c.follower.looking()
	found, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	return c.follower.looked(found), nil
}

// look asks for everything.
func (c *Client) look(ctx context.Context) (*picture, error) {
	s, err := c.greet(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.paint(ctx, s)
	if err != nil {
		c.forget(s) // it may no longer be the daemon we greeted
		return nil, err
	}
	return found, nil
}

func (c *Client) paint(ctx context.Context, s *session) (*picture, error) {
	answer, err := c.list(ctx, s)
	if err != nil {
		return nil, err
	}
	found := answer.picture()
	if found.around.Cluster, err = c.cluster(ctx, s); err != nil {
		return nil, err
	}
	if found.around.Own, err = c.ownNetworks(ctx, s, answer.tasks, found.around.Networks); err != nil {
		return nil, err
	}
	return found, nil
}

func (c *Client) list(ctx context.Context, s *session) (answer lists, err error) {
	err = c.call(ctx, func(ctx context.Context) error {
		answer.services, err = s.api.ServiceList(ctx, swarm.ServiceListOptions{})
		return listed(answer.services == nil, err)
	})
	if err != nil {
		return lists{}, err
	}
	err = c.call(ctx, func(ctx context.Context) error {
		answer.tasks, err = s.api.TaskList(ctx, swarm.TaskListOptions{Filters: wantedTasks()})
		return listed(answer.tasks == nil, err)
	})
	if err != nil {
		return lists{}, err
	}
	err = c.call(ctx, func(ctx context.Context) error {
		answer.networks, err = s.api.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("scope", "swarm"))})
		return err
	})
	return answer, err
}

func listed(null bool, err error) error {
	if err == nil && null {
		return errNoList
	}
	return err
}

// errNoList is an answer that is none: the engine lists nothing as [], and what else may answer in its place is not believed
// that the swarm is empty.
var errNoList = errors.New("null where a list was asked for")

// wantedTasks asks for tasks that shall run, now (running) or as soon as their predecessor is out of the way (ready). The ready ones
// never serve, but only they show that a global service is about to get a task back.
func wantedTasks() filters.Args {
	return filters.NewArgs(
		filters.Arg("desired-state", string(swarm.TaskStateRunning)),
		filters.Arg("desired-state", string(swarm.TaskStateReady)),
	)
}

// cluster is the swarm's own id, asked for once a session. Info and not /swarm, because the latter hands out the join tokens and
// socket proxies therefore keep it shut.
func (c *Client) cluster(ctx context.Context, s *session) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != "" {
		return s.cluster, nil
	}
	err := c.call(ctx, func(ctx context.Context) error {
		info, err := s.api.Info(ctx)
		if err == nil && info.Swarm.Cluster != nil {
			s.cluster = info.Swarm.Cluster.ID
		}
		return err
	})
	var problem *Problem
	if errors.As(err, &problem) && problem.Code == Forbidden {
		return "", nil // a socket proxy that shuts /info costs us the id, not the routes
	}
	return s.cluster, err
}
