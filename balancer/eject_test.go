package balancer

import (
	"testing"
	"testing/synctest"
	"time"
)

func find(g *Group, task string) *Endpoint {
	for _, e := range append(g.ring.Load().live, g.ring.Load().spare...) {
		if e.Task == task {
			return e
		}
	}
	return nil
}

func TestARefusedEndpointIsOutForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Eject: 5 * time.Second})
		defer f.Close()
		g := swap(f, service("a", perTask(1, endpoints(0, 2))), service("b", perTask(1, endpoints(0, 2))))
		find(g[0], "task0").Refused()
		for _, g := range g {
			if got := picks(g, 10); got["task1"] != 10 {
				t.Errorf("%s: %v", g.Name, got)
			}
		}
		time.Sleep(5*time.Second - 1)
		synctest.Wait()
		if got := picks(g[0], 10); got["task1"] != 10 {
			t.Errorf("back too soon: %v", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := picks(g[1], 10); got["task0"] != 5 || got["task1"] != 5 {
			t.Errorf("not back: %v", got)
		}
	})
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
		f := New(Options{OnVerdict: n.hear})
		defer f.Close()
		e := swap(f, service("s", perTask(1, endpoints(0, 2))))[0].Pick()
		e.Refused()
		e.Refused()
		time.Sleep(time.Minute)
		n.want(t,
			"s http://10.0.0.1:80 false refused a connection, out for 5s",
			"s http://10.0.0.1:80 true in again after refusing a connection")
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
