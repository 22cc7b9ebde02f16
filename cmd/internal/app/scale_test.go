package app

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// The scale that Appia is held to: 10,000 services of 5 tasks, every tenth with a path of its own under its neighbour's
// host and every hundredth with a pattern. Figures are CPU time, of all threads, so the collector's share is in them.
const (
	scaleServices = 10_000
	scaleTasks    = 5
)

// A big is a swarm of that scale as the engine knows it, with the docker client that asks it.
type big struct {
	engine *embedded.Engine
	client *swarm.Client
}

func newBig(b *testing.B) *big {
	b.Helper()
	e := embedded.New(embedded.Options{})
	b.Cleanup(e.Close)
	e.AddService(scaleSpecs()...)
	endpoint, err := e.ListenUnix(filepath.Join(b.TempDir(), "docker.sock"))
	if err != nil {
		b.Fatal(err)
	}
	c, err := swarm.Dial(swarm.Options{Endpoint: endpoint})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return &big{engine: e, client: c}
}

func scaleSpecs() []embedded.Spec {
	specs := make([]embedded.Spec, scaleServices)
	for i := range specs {
		rule := fmt.Sprintf("Host:app%d.example.com", i)
		switch {
		case i%100 == 99:
			rule = fmt.Sprintf("HostRegexp:{sub:[a-z]+}.app%d.example.com", i)
		case i%10 == 1:
			rule = fmt.Sprintf("Host:app%d.example.com;PathPrefixStrip:/v2/user", i-1)
		}
		specs[i] = embedded.Spec{Name: fmt.Sprintf("stack%d_app%d", i/10, i), Replicas: scaleTasks, Networks: []string{"public"},
			Labels: map[string]string{
				"traefik.port": "80", "traefik.frontend.rule": rule, "traefik.docker.network": "public", "traefik.weight": "100",
				"traefik.frontend.entryPoints": "http",
			}}
	}
	return specs
}

func (s *big) look(b *testing.B) *snapshot.Swarm {
	b.Helper()
	seen, err := s.client.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return seen
}

// A pipeline is the way of a snapshot from its being seen to its being served.
type pipeline struct {
	reader *labels.Reader
	fleet  *balancer.Fleet
	proxy  *proxy.Proxy
	last   *snapshot.Swarm
	table  *rules.Table
}

func newPipeline() *pipeline {
	fleet := balancer.New(balancer.Options{})
	return &pipeline{
		reader: labels.NewReader(labels.Options{ExposedByDefault: true}), fleet: fleet,
		proxy: proxy.New(proxy.Options{Fleet: fleet}),
	}
}

// publish is what discovery.Loop and App.apply do; it returns the lines of the difference.
func (p *pipeline) publish(seen *snapshot.Swarm) []rules.Change {
	if p.last != nil && seen.Reuse(p.last) {
		return nil
	}
	specs, _ := p.reader.Read(seen)
	table, _ := rules.Recompile(p.table, specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
	p.proxy.Swap(table)
	changes := rules.Diff(p.table, table)
	p.last, p.table = seen, table
	return changes
}

// another is a swarm in which a service's task has given way to another, all of it in memory of its own as after decoding.
func another(s *snapshot.Swarm, service int) *snapshot.Swarm {
	next := &snapshot.Swarm{Cluster: s.Cluster, Own: s.Own, Networks: s.Networks, Services: slices.Clone(s.Services)}
	for i := range next.Services {
		decodeAgain(&next.Services[i])
	}
	task := &next.Services[service].Tasks[scaleTasks/2]
	task.ID += "x"
	task.Addresses[0].IP = task.Addresses[0].IP.Next()
	return next
}

func decodeAgain(s *snapshot.Service) {
	s.ID, s.Name, s.VIPs, s.Tasks = strings.Clone(s.ID), strings.Clone(s.Name), slices.Clone(s.VIPs), slices.Clone(s.Tasks)
	labels := make(map[string]string, len(s.Labels))
	for name, value := range s.Labels {
		labels[strings.Clone(name)] = strings.Clone(value)
	}
	s.Labels = labels
	for i := range s.Tasks {
		t := &s.Tasks[i]
		t.ID, t.Node, t.Addresses = strings.Clone(t.ID), strings.Clone(t.Node), slices.Clone(t.Addresses)
		t.Addresses[0].Network = strings.Clone(t.Addresses[0].Network)
	}
}

// spent is the CPU time of the process so far.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// median reports the middle of what each of the runs has spent.
func median(b *testing.B, costs []time.Duration) {
	slices.Sort(costs)
	b.ReportMetric(float64(costs[len(costs)/2])/1e6, "cpu-ms")
	b.ReportMetric(float64(costs[len(costs)-1])/1e6, "cpu-ms-worst")
}

// heap is what is in use after a collection.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one finalised
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

func BenchmarkScaleFromColdToServed(b *testing.B) {
	swarm := newBig(b)
	swarm.look(b) // the engine keeps its answers
	empty := heap()
	seen := swarm.look(b)
	var costs []time.Duration
	var steady float64
	for b.Loop() {
		runtime.GC()
		p := newPipeline()
		before := spent(b)
		p.publish(seen)
		costs = append(costs, spent(b)-before)
		steady = heap() - empty
		p.fleet.Close()
	}
	median(b, costs)
	b.ReportMetric(steady, "heap-MB")
}

func BenchmarkScaleOneTaskChanged(b *testing.B) {
	seen := newBig(b).look(b)
	measure(b, seen, func(turn int) *snapshot.Swarm {
		seen = another(seen, turn*7919%scaleServices)
		return seen
	}, 2)
}

// A service more or less makes every route's place another, so the table is compiled from scratch.
func BenchmarkScaleOneServiceMoreOrLess(b *testing.B) {
	seen := newBig(b).look(b)
	of := scaleServices / 2
	less := *seen
	less.Services = slices.Delete(slices.Clone(seen.Services), of, of+1)
	measure(b, seen, func(turn int) *snapshot.Swarm {
		next := *[]*snapshot.Swarm{seen, &less}[turn%2]
		next.Services = slices.Clone(next.Services)
		for i := range next.Services {
			decodeAgain(&next.Services[i])
		}
		return &next
	}, 2)
}

// measure publishes a swarm and then one after another, each of which changes so many lines of the table.
func measure(b *testing.B, first *snapshot.Swarm, next func(turn int) *snapshot.Swarm, lines int) {
	p := newPipeline()
	defer p.fleet.Close()
	p.publish(first)
	var costs []time.Duration
	for turn := 1; b.Loop(); turn++ {
		seen := next(turn)
		runtime.GC() // what next left is not the pipeline's to clear up
		before := spent(b)
		changes := p.publish(seen)
		costs = append(costs, spent(b)-before)
		if len(changes) != lines {
			b.Fatal(changes)
		}
	}
	median(b, costs)
}

// What asking the engine costs, both sides together; nearly all of it is the client decoding tasks.
func BenchmarkScaleLook(b *testing.B) {
	swarm := newBig(b)
	swarm.look(b)
	var costs []time.Duration
	for b.Loop() {
		before := spent(b)
		swarm.look(b)
		costs = append(costs, spent(b)-before)
	}
	median(b, costs)
}
