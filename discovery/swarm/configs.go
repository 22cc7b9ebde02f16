package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
)

// A Config is a docker config: a value under a unique name in the swarm's store. It never changes; only its labels could.
type Config struct {
	ID      string
	Name    string // of at most 64 letters, digits and -_.
	Labels  map[string]string
	Data    []byte
	Created time.Time // by the clock of the managers' leader
}

// A ConfigFilter says which configs are meant: those with all the labels ("" is any value) whose names begin in one of the ways
// given, or in any if none is.
type ConfigFilter struct {
	Labels   map[string]string
	Prefixes []string
}

var (
	// ErrConfigExists is the refusal to make a config under a name that is taken. Of many who try at once, one is not refused.
	ErrConfigExists = errors.New("there is a docker config of this name already")
	// ErrNoConfig says that there is no config of this name or id.
	ErrNoConfig = errors.New("there is no docker config of this name")
	// ErrBadConfig is the refusal of a name or of data that the swarm's store does not take.
	ErrBadConfig = errors.New("the swarm does not take this docker config")
)

// OwnConfigs is how the names of configs begin that routers keep for themselves. No hint is given of these: routes do not depend on them.
const OwnConfigs = "appia-vault-"

// ListConfigs answers with the configs that are meant, with their data. The filter is the engine's work. Its error is a
// *Problem, or the context's own, as with all methods here but for the errors they name.
func (c *Client) ListConfigs(ctx context.Context, wanted ConfigFilter) ([]Config, error) {
	var found []swarm.Config
	err := c.onConfigs(ctx, func(ctx context.Context, s *session) (err error) {
		found, err = s.api.ConfigList(ctx, swarm.ConfigListOptions{Filters: wanted.args()})
		return listed(found == nil, err)
	})
	list := make([]Config, 0, len(found))
	for i := range found {
		list = append(list, ownConfig(&found[i]))
	}
	return list, err
}

func (f ConfigFilter) args() filters.Args {
	args := filters.NewArgs()
	for name, value := range f.Labels {
		if value != "" {
			name += "=" + value
		}
		args.Add("label", name)
	}
	for _, prefix := range f.Prefixes {
		args.Add("name", prefix)
	}
	return args
}

func ownConfig(c *swarm.Config) Config {
	return Config{ID: c.ID, Name: c.Spec.Name, Labels: c.Spec.Labels, Data: c.Spec.Data, Created: c.CreatedAt}
}

// CreateConfig makes a config and returns its id, or ErrConfigExists, or ErrBadConfig. After any other error it may have been
// made or not.
func (c *Client) CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (id string, err error) {
	err = c.onConfigs(ctx, func(ctx context.Context, s *session) error {
		made, err := s.api.ConfigCreate(ctx, swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name, Labels: labels}, Data: data})
		id = made.ID
		return err
	})
	return id, named(name, err)
}

// InspectConfig finds a config by its name or id, or says ErrNoConfig.
func (c *Client) InspectConfig(ctx context.Context, nameOrID string) (Config, error) {
	var found swarm.Config
	err := c.onConfigs(ctx, func(ctx context.Context, s *session) (err error) {
		found, _, err = s.api.ConfigInspectWithRaw(ctx, nameOrID)
		return err
	})
	return ownConfig(&found), named(nameOrID, err)
}

// RemoveConfig removes a config by its name or id, or says ErrNoConfig.
func (c *Client) RemoveConfig(ctx context.Context, nameOrID string) error {
	return named(nameOrID, c.onConfigs(ctx, func(ctx context.Context, s *session) error {
		return s.api.ConfigRemove(ctx, nameOrID)
	}))
}

// onConfigs asks one question about configs.
func (c *Client) onConfigs(ctx context.Context, ask func(context.Context, *session) error) error {
	s, err := c.greet(ctx)
	if err != nil {
		return err
	}
	err = configError(c.call(ctx, func(ctx context.Context) error { return ask(ctx, s) }))
	var problem *Problem
	if errors.As(err, &problem) {
		c.forget(s) // it may no longer be the daemon we greeted
	}
	return err
}

// configError tells refusals, which are answers, from problems.
func configError(err error) error {
	var problem *Problem
	switch {
	case !errors.As(err, &problem):
		return err
	case problem.Code == Forbidden:
		return &Problem{Forbidden, problem.Message, "a socket proxy must allow GET, POST and DELETE of /configs where certificates are kept in the swarm", problem.Err}
	case problem.Code != EngineError:
		return err
	case cerrdefs.IsConflict(err):
		return ErrConfigExists
	case cerrdefs.IsNotFound(err):
		return ErrNoConfig
	case cerrdefs.IsInvalidArgument(err):
		return fmt.Errorf("%w: %w", ErrBadConfig, problem.Err)
	}
	return err
}

// named adds to a refusal whose it is.
func named(name string, err error) error {
	if err == ErrConfigExists || err == ErrNoConfig {
		return fmt.Errorf("config %s: %w", name, err)
	}
	return err
}
