package swarm

import (
	"context"
	"errors"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"
)

// A Config is a docker config: a small file in the swarm's own store, which all managers have. Its name is unique and its data
// never change; its labels may, and each change gives it another version.
type Config struct {
	ID      string
	Name    string
	Labels  map[string]string
	Data    []byte
	Version uint64
}

// What may come of a change to configs that somebody else was quicker with.
var (
	ErrConfigExists  = errors.New("there is a config of this name")
	ErrConfigChanged = errors.New("the config has changed meanwhile, or is gone")
)

// Configs lists the configs that have a label and whose name begins with a prefix, "" for all.
func (c *Client) Configs(ctx context.Context, label, prefix string) (list []Config, err error) {
	wanted := filters.NewArgs(filters.Arg("label", label))
	if prefix != "" {
		wanted.Add("name", prefix)
	}
	err = c.ask(ctx, func(ctx context.Context, api *client.Client) error {
		found, err := api.ConfigList(ctx, swarm.ConfigListOptions{Filters: wanted})
		if err == nil && found == nil {
			return errNoList
		}
		for _, one := range found {
			list = append(list, Config{one.ID, one.Spec.Name, one.Spec.Labels, one.Spec.Data, one.Version.Index})
		}
		return err
	})
	return list, err
}

// CreateConfig makes a config, or says ErrConfigExists: of several who make one of the same name one succeeds.
func (c *Client) CreateConfig(ctx context.Context, made Config) error {
	return c.ask(ctx, func(ctx context.Context, api *client.Client) error {
		_, err := api.ConfigCreate(ctx, swarm.ConfigSpec{Annotations: swarm.Annotations{Name: made.Name, Labels: made.Labels}, Data: made.Data})
		if err != nil && (cerrdefs.IsConflict(err) || cerrdefs.IsAlreadyExists(err) || strings.Contains(err.Error(), "AlreadyExists")) {
			return ErrConfigExists
		}
		return err
	})
}

// RelabelConfig gives a config the labels that it is handed with, if it still has that version; else ErrConfigChanged.
func (c *Client) RelabelConfig(ctx context.Context, changed Config) error {
	return c.ask(ctx, func(ctx context.Context, api *client.Client) error {
		spec := swarm.ConfigSpec{Annotations: swarm.Annotations{Name: changed.Name, Labels: changed.Labels}, Data: changed.Data}
		err := api.ConfigUpdate(ctx, changed.ID, swarm.Version{Index: changed.Version}, spec)
		if err != nil && (cerrdefs.IsNotFound(err) || strings.Contains(err.Error(), "update out of sequence")) {
			return ErrConfigChanged
		}
		return err
	})
}

// RemoveConfig removes a config. That it is not there is no error.
func (c *Client) RemoveConfig(ctx context.Context, id string) error {
	return c.ask(ctx, func(ctx context.Context, api *client.Client) error {
		if err := api.ConfigRemove(ctx, id); err != nil && !cerrdefs.IsNotFound(err) {
			return err
		}
		return nil
	})
}

// ConfigHints is Hints for configs alone.
func (c *Client) ConfigHints(ctx context.Context, hint func()) error {
	return c.listen(ctx, filters.NewArgs(filters.Arg("type", string(events.ConfigEventType))), hint)
}

// ask greets the daemon if need be, and asks it.
func (c *Client) ask(ctx context.Context, question func(context.Context, *client.Client) error) (lost error) {
	greeting, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := c.greet(greeting)
	if err != nil {
		return err
	}
	err = c.call(ctx, func(ctx context.Context) error {
		err := question(ctx, s.api)
		if errors.Is(err, ErrConfigExists) || errors.Is(err, ErrConfigChanged) {
			lost, err = err, nil // no problem of the daemon's
		}
		return err
	})
	if err != nil {
		c.forget(s)
		return err
	}
	return lost
}
