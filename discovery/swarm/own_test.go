package swarm_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestOwnNetworksAreThoseOfTheTaskWeRunIn(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{Nodes: 2})
	if err := e.Deploy("edge", []byte(`
version: '3.6'
services:
  appia:
    image: appia
    ports: ["80:80"]
    networks: [public, private]
    deploy: {mode: global}
networks: {public: {}, private: {}, other: {}}
`)); err != nil {
		t.Fatal(err)
	}
	e.AddService(embedded.Spec{Name: "web", Replicas: 1, Networks: []string{"other"}})
	self := e.Services()[0].Tasks[1].ContainerID[:12]
	c := dial(t, swarm.Options{Endpoint: endpoint, Self: func() []string { return []string{"ffffffffffff", self} }})
	s := look(t, c)
	want := []string{network(t, s, "edge_public").ID, network(t, s, "edge_private").ID}
	slices.Sort(want)
	if !slices.Equal(s.Own, want) {
		t.Errorf("own networks are %v, want %v: both of the stack's and not ingress", s.Own, want)
	}
}

func TestAContainerThatNoServiceStartedKnowsItsNetworksToo(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	id := e.RunContainer("debug", "b")
	c := dial(t, swarm.Options{Endpoint: endpoint, Self: func() []string { return []string{id[:12]} }})
	if s := look(t, c); !slices.Equal(s.Own, []string{network(t, s, "b").ID}) {
		t.Errorf("own networks are %v", s.Own)
	}
}

func TestOutsideOfContainersOwnNetworksAreUnknown(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "web", Replicas: 1, Networks: []string{"a"}})
	for _, self := range [][]string{nil, {"0123456789ab"}} {
		c := dial(t, swarm.Options{Endpoint: endpoint, Self: func() []string { return self }})
		if s := look(t, c); s.Own != nil {
			t.Errorf("own networks are %v", s.Own)
		}
	}
}

// inContainer is a client that runs in a container on network b which no task tells of.
func inContainer(t *testing.T, patience time.Duration) (*embedded.Engine, *swarm.Client) {
	t.Helper()
	e, endpoint := raise(t, embedded.Options{})
	id := e.RunContainer("debug", "b")
	return e, dial(t, swarm.Options{Endpoint: endpoint, Timeout: patience, Self: func() []string { return []string{id[:12]} }})
}

func TestALookThatCannotAskForOwnNetworksFailsAndTheNextOneKnowsThem(t *testing.T) {
	for _, c := range []struct {
		name     string
		fault    embedded.Fault
		patience time.Duration
		code     string
	}{
		{"an error", embedded.Refuse("/containers", 500, "boom"), 0, swarm.EngineError},
		{"a broken answer", embedded.Cut("/containers"), 0, swarm.BrokenAnswer},
		{"no answer", embedded.Hang("/containers"), 200 * time.Millisecond, swarm.NoAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, client := inContainer(t, c.patience)
			e.Fault(c.fault)
			_, err := client.Snapshot(within(t))
			wantProblem(t, err, c.code)
			e.Fault()
			if s := look(t, client); len(s.Own) != 1 {
				t.Errorf("own networks are %v after the fault", s.Own)
			}
		})
	}
}

func TestALookCalledOffWhileItAsksForOwnNetworksIsNoSnapshot(t *testing.T) {
	e, c := inContainer(t, 0)
	ctx, cancel := context.WithCancel(within(t))
	e.Fault(func(answer http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/containers") {
				cancel()
				<-r.Context().Done()
				return
			}
			answer.ServeHTTP(w, r)
		})
	})
	if s, err := c.Snapshot(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestASocketProxyThatShutsContainersCostsOwnNetworksAlone(t *testing.T) {
	for _, status := range []int{401, 403} {
		e, c := inContainer(t, 0)
		e.AddService(embedded.Spec{Name: "web", Replicas: 1})
		e.Fault(embedded.Refuse("/containers", status, "Forbidden"))
		if s := look(t, c); s.Own != nil || len(s.Services) != 1 {
			t.Errorf("%d: got %+v", status, s)
		}
	}
}

func TestOwnNetworksOutliveOurTasksPlaceInTheListAndTheSession(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "appia", Replicas: 1, Networks: []string{"a"}})
	self := []string{e.Services()[0].Tasks[0].ContainerID[:12]}
	c := dial(t, swarm.Options{Endpoint: endpoint, Self: func() []string { return self }})
	want := look(t, c).Own
	if len(want) != 1 {
		t.Fatalf("own networks are %v", want)
	}
	if err := e.Scale("appia", 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.Close() // ends the session
		if s := look(t, c); !slices.Equal(s.Own, want) {
			t.Errorf("own networks are %v, want %v as before", s.Own, want)
		}
	}
	self = []string{"0123456789ab"}
	c.Close()
	if s := look(t, c); s.Own != nil {
		t.Errorf("another container has %v", s.Own)
	}
}

func TestNetworksKeptOfAnotherSwarmDoNotCount(t *testing.T) {
	e, c := inContainer(t, 0)
	look(t, c)
	c.Close()
	e.Fault(embedded.Refuse("/containers", 404, "no such container"), func(answer http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/networks" {
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte("[]"))
				return
			}
			answer.ServeHTTP(w, r)
		})
	})
	if s := look(t, c); s.Own != nil {
		t.Errorf("own networks are %v", s.Own)
	}
}
