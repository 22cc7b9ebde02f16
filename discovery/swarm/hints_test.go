package swarm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// hearing runs Hints until the test ends. Each hint is one value of the channel; the end's error comes on the other.
func hearing(t *testing.T, c *swarm.Client) (hints <-chan struct{}, end <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}, 1000), make(chan error, 1)
	go func() {
		ended <- c.Hints(ctx, func() { heard <- struct{}{} })
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		for range ended {
		}
	})
	hear(t, heard, "the opening of the stream")
	return heard, ended
}

func hear(t *testing.T, heard <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-heard:
	case <-within(t).Done():
		t.Fatalf("no hint of %s", what)
	}
}

func TestEachChangeOfTheSwarmGivesAHint(t *testing.T) {
	e, c := start(t, embedded.Options{})
	for _, change := range []struct {
		what string
		do   func() error
	}{
		{"a stack deployed", func() error { return e.Deploy("blog", []byte(blog)) }},
		{"a label set", func() error { return e.SetLabel("blog_ghost", "traefik.weight", "3") }},
		{"a label removed", func() error { return e.RemoveLabel("blog_ghost", "traefik.weight") }},
		{"more replicas", func() error { return e.Scale("blog_ghost", 4) }},
		{"fewer replicas", func() error { return e.Scale("blog_ghost", 1) }},
		{"an update", func() error { return e.Update("blog_ghost") }},
		{"a container's death", func() error { return e.KillTask("blog_ghost", 1) }},
		{"a service removed", func() error { return e.RemoveService("blog_ghost") }},
		{"services added", func() error { e.AddService(embedded.Spec{Name: "web", Replicas: 1}); return nil }},
	} {
		ctx, cancel := context.WithCancel(within(t))
		heard, ended := make(chan struct{}, 1000), make(chan struct{})
		go func() {
			defer close(ended)
			if err := c.Hints(ctx, func() { heard <- struct{}{} }); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: the stream ended with %v", change.what, err)
			}
		}()
		hear(t, heard, "the opening of the stream")
		if err := change.do(); err != nil {
			t.Fatal(err)
		}
		hear(t, heard, change.what)
		cancel()
		<-ended
	}
}

func TestABrokenStreamIsAProblemAndTheNextOneHints(t *testing.T) {
	e, c := start(t, embedded.Options{})
	_, end := hearing(t, c)
	e.DropEvents()
	select {
	case err := <-end:
		wantProblem(t, err, swarm.StreamEnded)
	case <-within(t).Done():
		t.Fatal("the stream does not end")
	}
	hearing(t, c)
}

func TestAStreamThatNeverOpensEndsInTime(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	e.Fault(embedded.Hang("/events"))
	c := dial(t, swarm.Options{Endpoint: endpoint, Timeout: 50 * time.Millisecond})
	err := c.Hints(within(t), func() { t.Error("a hint from a stream that is not open") })
	wantProblem(t, err, swarm.NoAnswer)
}

func TestCancellingEndsTheStreamWithoutAProblem(t *testing.T) {
	_, c := start(t, embedded.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Hints(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAfterTheStreamBrokeTheClusterIsAskedForAgain(t *testing.T) {
	e, c := start(t, embedded.Options{})
	look(t, c)
	_, end := hearing(t, c)
	e.DropEvents()
	<-end
	e.Fault(embedded.Refuse("/info", 500, "broken"))
	_, err := c.Snapshot(within(t))
	wantProblem(t, err, swarm.EngineError)
}
