package swarm_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// within is a deadline for what should not take any time: reaching it fails the test, it never decides one.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// raise starts an engine and returns it with its endpoint.
func raise(t *testing.T, o embedded.Options) (*embedded.Engine, string) {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	}
	e := embedded.New(o)
	t.Cleanup(e.Close)
	endpoint, err := e.ListenUnix(filepath.Join(t.TempDir(), "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return e, endpoint
}

func dial(t *testing.T, o swarm.Options) *swarm.Client {
	t.Helper()
	if o.Self == nil {
		o.Self = func() []string { return nil }
	}
	c, err := swarm.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// start is raise and dial at once.
func start(t *testing.T, o embedded.Options) (*embedded.Engine, *swarm.Client) {
	t.Helper()
	e, endpoint := raise(t, o)
	return e, dial(t, swarm.Options{Endpoint: endpoint})
}

func look(t *testing.T, c *swarm.Client) *snapshot.Swarm {
	t.Helper()
	s, err := c.Snapshot(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func wantProblem(t *testing.T, err error, code string) {
	t.Helper()
	var problem *swarm.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("got %v, want a problem %s", err, code)
	}
	if problem.Code != code {
		t.Errorf("got %s (%v), want %s", problem.Code, problem, code)
	}
	if problem.Message == "" || problem.Hint == "" {
		t.Errorf("problem %s has no words: %v", code, problem)
	}
}

func service(t *testing.T, s *snapshot.Swarm, name string) snapshot.Service {
	t.Helper()
	for _, service := range s.Services {
		if service.Name == name {
			return service
		}
	}
	t.Fatalf("no service %s in the snapshot", name)
	return snapshot.Service{}
}

const blog = `
version: '3.6'
services:
  ghost:
    image: ghost:2.20-alpine
    networks: [public]
    deploy:
      replicas: 2
      update_config: {order: start-first}
      labels:
        - traefik.port=2368
        - traefik.frontend.rule=Host:blog.litup.me
        - somebody.else=1
networks:
  public: {external: true, name: traefik_public}
`
