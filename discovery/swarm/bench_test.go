package swarm_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
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

// A meter counts what goes over the connections of a listener.
type meter struct {
	net.Listener
	bytes atomic.Int64
}

type metered struct {
	net.Conn
	bytes *atomic.Int64
}

func (m *meter) Accept() (net.Conn, error) {
	c, err := m.Listener.Accept()
	return metered{c, &m.bytes}, err
}

func (c metered) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c metered) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// What discovery costs a manager of 1,000 services and 5,000 tasks: a look at the Engine API, which polling takes four times
// a minute when calm and four times a second in a deployment, beside what the store tells of one task's change.
func BenchmarkCostOnTheManager(b *testing.B) {
	e := embedded.New(embedded.Options{})
	defer e.Close()
	for i := range 1000 {
		e.AddService(embedded.Spec{Name: fmt.Sprintf("service-%d", i), Replicas: 5, Networks: []string{"public"},
			Labels: map[string]string{"traefik.port": "80"}})
	}
	folder := b.TempDir()
	plain, err := net.Listen("unix", filepath.Join(folder, "docker.sock"))
	if err != nil {
		b.Fatal(err)
	}
	api := &meter{Listener: plain}
	go e.Serve(api)
	quiet, err := net.Listen("unix", filepath.Join(folder, "control.sock"))
	if err != nil {
		b.Fatal(err)
	}
	store := &meter{Listener: quiet}
	if err := e.ServeStore(store); err != nil {
		b.Fatal(err)
	}
	c, err := swarm.Dial(swarm.Options{Endpoint: "unix://" + filepath.Join(folder, "docker.sock"), Socket: filepath.Join(folder, "control.sock")})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	look := func() {
		if _, err := c.Snapshot(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	look() // the greeting and the swarm's id are asked for once
	b.Run("look", func(b *testing.B) {
		before := api.bytes.Load()
		for b.Loop() {
			look()
		}
		b.ReportMetric(float64(api.bytes.Load()-before)/float64(b.N), "bytes/op")
	})
	b.Run("change", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		heard := make(chan struct{}, 1000)
		go c.Watch(ctx, func() { heard <- struct{}{} })
		<-heard
		look()
		before := api.bytes.Load() + store.bytes.Load()
		for n := 0; b.Loop(); n++ {
			if err := e.SetLabel("service-7", "traefik.weight", fmt.Sprint(n)); err != nil {
				b.Fatal(err)
			}
			<-heard
			look()
		}
		b.ReportMetric(float64(api.bytes.Load()+store.bytes.Load()-before)/float64(b.N), "bytes/op")
	})
}
