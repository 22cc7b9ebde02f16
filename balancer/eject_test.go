package balancer

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/balancer/health"
)

func find(g *Group, task string) *Endpoint {
	for _, e := range append(g.ring.Load().live, g.ring.Load().spare...) {
		if e.Task == task {
			return e
		}
	}
	return nil
}

// doors are where endpoints accept connections, or not.
type doors struct {
	mu   sync.Mutex
	open map[string]bool
}

func (d *doors) set(addr string, open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = map[string]bool{}
	}
	d.open[addr] = open
}

func (d *doors) dial(_ context.Context, _, addr string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open[addr] {
		return nil, syscall.ECONNREFUSED
	}
	ours, theirs := net.Pipe()
	theirs.Close()
	return ours, nil
}

func TestARefusedEndpointIsOutUntilItAcceptsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at doors
		f := New(Options{Health: health.Options{Dial: at.dial}})
		defer f.Close()
		g := swap(f, service("a", perTask(1, endpoints(0, 2))), service("b", perTask(1, endpoints(0, 2))))
		find(g[0], "task0").Refused()
		for range 2 {
			for _, g := range g {
				if got := picks(g, 10); got["task1"] != 10 {
					t.Errorf("%s: %v", g.Name, got)
				}
			}
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		at.set("10.0.0.1:80", true)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := picks(g[1], 10); got["task0"] != 5 || got["task1"] != 5 {
			t.Errorf("not back: %v", got)
		}
	})
}

func TestAnEndpointThatFailsRequestsIsOutForAGrowingMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Eject: time.Second})
		defer f.Close()
		g := swap(f, service("s", perTask(1, endpoints(0, 4))))[0]
		e := find(g, "task0")
		for _, moment := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			e.Faulted()
			e.Faulted()
			e.Answered()
			e.Faulted()
			e.Faulted()
			if picks(g, 12)["task0"] != 3 {
				t.Error("out although it has answered in between")
			}
			e.Faulted()
			time.Sleep(moment - 1)
			synctest.Wait()
			if got := picks(g, 12); got["task0"] != 0 {
				t.Errorf("in before %s: %v", moment, got)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if got := picks(g, 12); got["task0"] != 3 {
				t.Errorf("still out after %s: %v", moment, got)
			}
		}
		time.Sleep(forgiven + 1)
		for range maxFaults {
			e.Faulted()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := picks(g, 12); got["task0"] != 3 {
			t.Errorf("old failures are not forgiven: %v", got)
		}
	})
}

func TestNoMoreThanHalfOfAServiceIsOutForFailing(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 5))), service("alone", perTask(1, endpoints(9, 10))))
	for i := range 5 {
		e := find(g[0], fmt.Sprint("task", i))
		for range maxFaults {
			e.Faulted()
		}
	}
	if got := picks(g[0], 30); len(got) != 3 {
		t.Errorf("five that fail: %v, want three of them to go on", got)
	}
	for range 10 {
		find(g[1], "task9").Faulted()
	}
	if got := picks(g[1], 5); got["task9"] != 5 || find(g[1], "task9").ejected.Load() {
		t.Error("the only endpoint is out")
	}
}

func TestANewbornTakesNoTurnBeforeItAcceptsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at doors
		f := New(Options{Greet: true, Health: health.Options{Dial: at.dial}})
		defer f.Close()
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		synctest.Wait()
		if got := picks(g, 4); got["task0"] != 4 {
			t.Error("an endpoint that was there before us is greeted")
		}
		swap(f, service("s", perTask(1, endpoints(0, 2))))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := picks(g, 4); got["task0"] != 4 {
			t.Errorf("a newborn that does not listen takes turns: %v", got)
		}
		if s := g.Status().Endpoints[1]; s.State != Fresh || s.Why == "" {
			t.Errorf("it is told to be %v (%s)", s.State, s.Why)
		}
		at.set("10.0.0.2:80", true)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := picks(g, 4); got["task0"] != 2 || got["task1"] != 2 {
			t.Errorf("it listens: %v", got)
		}
	})
}

func TestNewbornsAloneAreTriedNevertheless(t *testing.T) {
	f := newFleet(t, Options{Greet: true})
	swap(f)
	g := swap(f, service("s", perTask(1, endpoints(0, 2))))[0]
	g.Pick().Refused() // no news, and it stays tried
	if got := picks(g, 4); got["task0"] != 2 || got["task1"] != 2 {
		t.Error(got)
	}
}

func TestWhenAllHaveRefusedAllAreTriedNevertheless(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 2))))[0]
	find(g, "task0").Refused()
	find(g, "task1").Refused()
	if got := picks(g, 10); got["task0"] != 5 || got["task1"] != 5 {
		t.Error(got)
	}
}

func TestARetryMayTryAnEjectedEndpointLast(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 2))))[0]
	find(g, "task0").Refused()
	e := g.Pick()
	if other := g.PickOther([]*Endpoint{e}); other == nil || other.Task != "task0" {
		t.Error("a request fails while an endpoint is untried")
	}
}

func TestAnEjectionSurvivesAChangeOfTheTable(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 2))))[0]
	find(g, "task0").Refused()
	g = swap(f, service("s", perTask(1, endpoints(0, 3))))[0]
	if got := picks(g, 10); got["task0"] != 0 || got["task1"] != 5 || got["task2"] != 5 {
		t.Error(got)
	}
}

func TestTwoRefusalsAtOnceAreOneEjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n news
		f := New(Options{OnVerdict: n.hear, Health: health.Options{Dial: new(doors).dial}})
		defer f.Close()
		e := swap(f, service("s", perTask(1, endpoints(0, 2))))[0].Pick()
		e.Refused()
		e.Refused()
		time.Sleep(time.Minute)
		n.want(t,
			"s http://10.0.0.1:80 false refused a connection, out until it accepts one")
	})
}

func TestARetiredEndpointIsNotEjected(t *testing.T) {
	f := newFleet(t, Options{})
	e, _ := picked(f)
	swap(f)
	e.Refused()
	if e.ejected.Load() {
		t.Error("ejected from nowhere")
	}
}
