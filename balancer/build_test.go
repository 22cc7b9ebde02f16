package balancer

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// endpoint is task i at an address of its own.
func endpoint(i int) rules.Endpoint {
	return rules.Endpoint{
		Task:   fmt.Sprintf("task%d", i),
		Name:   fmt.Sprintf("server-%d", i),
		Scheme: "http",
		Addr:   fmt.Sprintf("10.0.%d.%d:80", i/250, i%250+1),
	}
}

// endpoints are tasks from to to-1.
func endpoints(from, to int) []rules.Endpoint {
	var all []rules.Endpoint
	for i := from; i < to; i++ {
		all = append(all, endpoint(i))
	}
	return all
}

func perTask(weight int, endpoints []rules.Endpoint) rules.Source {
	return rules.Source{Weight: weight, Endpoints: endpoints}
}

func perService(weight int, endpoints []rules.Endpoint) rules.Source {
	return rules.Source{Weight: weight, PerService: true, Endpoints: endpoints}
}

func service(name string, sources ...rules.Source) *rules.Service {
	return &rules.Service{Name: name, Sources: sources}
}

func services(s ...*rules.Service) []*rules.Service { return s }

// swap is what a router does with a new table.
func swap(f *Fleet, s ...*rules.Service) []*Group {
	groups := f.Grow(s)
	f.Shrink(s)
	return groups
}

func newFleet(t testing.TB, o Options) *Fleet {
	t.Helper()
	if o.Health.Dial == nil {
		o.Health.Dial = new(doors).dial
	}
	f := New(o)
	t.Cleanup(f.Close)
	return f
}

// picks counts so many picks by task.
func picks(g *Group, n int) map[string]int {
	got := make(map[string]int)
	for range n {
		if e := g.Pick(); e != nil {
			got[e.Task]++
		} else {
			got["none"]++
		}
	}
	return got
}

// clinic answers health probes: an address passes, fails or, when unknown, is silent.
type clinic struct {
	mu     sync.Mutex
	status map[string]int
	asked  int
}

func newClinic() *clinic { return &clinic{status: make(map[string]int)} }

func (c *clinic) set(e rules.Endpoint, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status[e.Addr] = status
}

func (c *clinic) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	status := c.status[r.URL.Host]
	c.asked++
	c.mu.Unlock()
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func checked(s *rules.Service) *rules.Service {
	s.Check = &rules.Check{Path: "/", Interval: 10 * time.Second}
	return s
}
