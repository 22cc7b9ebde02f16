package balancer

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/appia-edge/appia/rules"
)

func limited(s *rules.Service, amount int64) *rules.Service {
	s.MaxConn = &rules.MaxConn{Amount: amount}
	return s
}

func TestALimitCountsByKey(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, limited(service("s"), 2))[0]
	for i, want := range []bool{true, true, false} {
		if got := g.Enter("a"); got != want {
			t.Errorf("the %d. of a is let in: %t", i+1, got)
		}
	}
	if !g.Enter("b") {
		t.Error("b is another key")
	}
	g.Leave("a")
	if !g.Enter("a") {
		t.Error("one has left")
	}
}

func TestALimitOfZeroIsOffAndANegativeOneRefusesAll(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("none"), limited(service("zero"), 0), limited(service("minus"), -1))
	for range 100 {
		if !g[0].Enter("a") || !g[1].Enter("a") {
			t.Fatal("refused without a limit")
		}
	}
	if g[2].Enter("a") {
		t.Error("a negative limit lets in")
	}
}

func TestCountsSurviveAChangeOfTheLimit(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, limited(service("s"), 1))[0]
	g.Enter("a")
	swap(f, limited(service("s"), 2))
	if !g.Enter("a") || g.Enter("a") {
		t.Error("the request under way is not counted")
	}
	swap(f, service("s"))
	g.Leave("a")
	g.Leave("a")
	g.Leave("a") // entered while there was no limit
	swap(f, limited(service("s"), 1))
	if !g.Enter("a") || g.Enter("a") {
		t.Error("the count is off after the limit was away")
	}
}

func TestALimiterForgetsKeys(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, limited(service("s"), 1))[0]
	key := []byte("a")
	for i := range 1000 {
		key[0] = byte(i)
		if g.Enter(string(key)) {
			g.Leave(string(key))
		}
	}
	for i := range g.limit.Load().shards {
		if n := len(g.limit.Load().shards[i].counts); n != 0 {
			t.Fatalf("%d keys left", n)
		}
	}
}

func TestNoMoreThanTheLimitAreEverIn(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, limited(service("s"), 3))[0]
	var in, most atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 1000 {
				if !g.Enter("k") {
					continue
				}
				if n := in.Add(1); n > most.Load() {
					most.Store(n)
				}
				in.Add(-1)
				g.Leave("k")
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d at once", most.Load())
	}
}
