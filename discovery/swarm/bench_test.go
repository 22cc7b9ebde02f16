package swarm_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// What a poll of a large swarm costs, both sides together; nearly all of it is the client decoding tasks.
func BenchmarkSnapshotOf50000Tasks(b *testing.B) {
	e := embedded.New(embedded.Options{})
	defer e.Close()
	for i := range 10_000 {
		e.AddService(embedded.Spec{Name: fmt.Sprintf("service-%d", i), Replicas: 5, Networks: []string{"public"},
			Labels: map[string]string{"traefik.port": "80"}})
	}
	endpoint, err := e.ListenUnix(filepath.Join(b.TempDir(), "docker.sock"))
	if err != nil {
		b.Fatal(err)
	}
	c, err := swarm.Dial(swarm.Options{Endpoint: endpoint})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Snapshot(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
