package swarm_test

import (
	"slices"
	"testing"

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
