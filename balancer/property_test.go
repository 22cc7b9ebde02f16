package balancer

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/appia-edge/appia/rules"
)

// randomServices is some swarm: services that share tasks, with settings that come and go.
func randomServices(r *rand.Rand) []*rules.Service {
	var all []*rules.Service
	for i := range 6 {
		if r.IntN(4) == 0 {
			continue
		}
		s := service(fmt.Sprint("s", i))
		for range r.IntN(3) {
			src := rules.Source{Weight: r.IntN(4), PerService: r.IntN(3) == 0}
			for e := range 12 {
				if r.IntN(3) == 0 {
					src.Endpoints = append(src.Endpoints, endpoint(e))
				}
			}
			s.Sources = append(s.Sources, src)
		}
		if r.IntN(2) == 0 {
			s = checked(s)
		}
		if r.IntN(2) == 0 {
			s = sticky(s)
		}
		if r.IntN(2) == 0 {
			s = limited(s, 5)
		}
		all = append(all, s)
	}
	return all
}

// alive is everything that outlives a table, by its key.
type alive struct {
	endpoints map[key]*Endpoint
	groups    map[string]*Group
	watches   map[watchKey]*watch
	verdicts  map[watchKey]verdict
	ejected   map[key]bool
	inFlight  map[key]int64
	positions map[string]uint64
	limiters  map[string]*limiter
	seats     map[string]bool // services whose limiter counts a request
}

func census(f *Fleet) alive {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := alive{
		map[key]*Endpoint{}, map[string]*Group{}, map[watchKey]*watch{}, map[watchKey]verdict{},
		map[key]bool{}, map[key]int64{}, map[string]uint64{}, map[string]*limiter{}, map[string]bool{},
	}
	for k, e := range f.endpoints {
		a.endpoints[k], a.ejected[k], a.inFlight[k] = e, e.ejected.Load(), e.InFlight()
	}
	for k, w := range f.watches {
		a.watches[k], a.verdicts[k] = w, w.verdict
	}
	for name, g := range f.groups {
		a.groups[name], a.positions[name] = g, g.next.Load()
		if l := g.limit.Load(); l != nil {
			a.limiters[name], a.seats[name] = l, l.shard("held").counts["held"] != nil
		}
	}
	return a
}

// kept checks that a key in both maps has the same value.
func kept[K comparable, V comparable](t *testing.T, what string, before, after map[K]V) {
	t.Helper()
	for k, v := range before {
		if now, there := after[k]; there && now != v {
			t.Fatalf("%s of %v was %v and is %v", what, k, v, now)
		}
	}
}

// live uses the fleet a little: requests begin, dials are refused.
func live(r *rand.Rand, f *Fleet, groups []*Group) {
	for _, g := range groups {
		e := g.Pick()
		if e == nil {
			continue
		}
		if r.IntN(2) == 0 {
			e.Begin()
		}
		if r.IntN(4) == 0 {
			e.Refused()
		}
		g.Enter("held")
	}
}

func TestWhatTwoSnapshotsShareSurvivesTheSwap(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		r := rand.New(rand.NewPCG(3, 4))
		for i := range 12 {
			c.set(endpoint(i), []int{200, 500, 0}[i%3])
		}
		for range 300 {
			s := randomServices(r)
			live(r, f, swap(f, s...))
			synctest.Wait()
			before := census(f)
			next := randomServices(r)
			swap(f, next...)
			after := census(f)
			kept(t, "endpoint", before.endpoints, after.endpoints)
			kept(t, "group", before.groups, after.groups)
			kept(t, "watch", before.watches, after.watches)
			kept(t, "verdict", before.verdicts, after.verdicts)
			kept(t, "ejection", before.ejected, after.ejected)
			kept(t, "in-flight count", before.inFlight, after.inFlight)
			kept(t, "position", before.positions, after.positions)
			kept(t, "limiter", before.limiters, after.limiters)
			kept(t, "counted request", before.seats, after.seats)
			nothingMore(t, f, next)
		}
	})
}

// nothingMore checks that the fleet holds what the services name, and only that.
func nothingMore(t *testing.T, f *Fleet, services []*rules.Service) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := make(map[key]int)
	watched := make(map[watchKey]bool)
	for _, s := range services {
		mine := make(map[key]bool)
		for _, src := range s.Sources {
			for _, e := range src.Endpoints {
				mine[keyOf(&e)] = true
			}
		}
		for k := range mine {
			wanted[k]++
			if s.Check != nil {
				watched[watchKey{f.endpoints[k], checkOf(s.Check)}] = true
			}
		}
	}
	if len(f.endpoints) != len(wanted) || len(f.groups) != len(services) || len(f.watches) != len(watched) {
		t.Fatalf("%d endpoints of %d, %d groups of %d, %d watches of %d",
			len(f.endpoints), len(wanted), len(f.groups), len(services), len(f.watches), len(watched))
	}
	for k, n := range wanted {
		if len(f.endpoints[k].groups) != n {
			t.Fatalf("%v is in %d groups, knows of %d", k, n, len(f.endpoints[k].groups))
		}
	}
}

func TestRequestsAndSwapsDoNotDisturbEachOther(t *testing.T) {
	f := newFleet(t, Options{Eject: 1})
	groups := swap(f, service("a", perTask(1, endpoints(0, 6))), service("b", perTask(2, endpoints(3, 9))))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		g := groups[i%2]
		wg.Go(func() {
			for n := 0; !isDone(stop); n++ {
				e := g.Pick()
				if e == nil {
					t.Error("nobody to pick, though two endpoints are always there")
					return
				}
				e.Begin()
				g.Token(e)
				if n%50 == 0 {
					e.Refused()
					g.PickOther([]*Endpoint{e})
				}
				e.End()
			}
		})
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		swap(f,
			sticky(service("a", perTask(1, endpoints(r.IntN(4), 6)))),
			service("b", perTask(1+r.IntN(3), endpoints(3, 5+r.IntN(4)))))
		f.Status()
	}
	close(stop)
	wg.Wait()
}
