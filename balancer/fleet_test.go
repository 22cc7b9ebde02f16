package balancer

import (
	"testing"
)

func TestARebuiltRingGoesOnWhereItWas(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 4))))[0]
	a := g.Pick()
	swap(f, service("s", perTask(7, endpoints(0, 4)))) // another weight, the same order
	b := g.Pick()
	if a.Task != "task0" || b.Task != "task1" {
		t.Errorf("%s, then %s", a.Task, b.Task)
	}
}

func TestAnUnchangedServiceKeepsItsVeryRing(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 4))))[0]
	before := g.ring.Load()
	swap(f, service("s", perTask(1, endpoints(0, 4))), service("other", perTask(1, endpoints(5, 6))))
	if g.ring.Load() != before {
		t.Error("the ring was made anew")
	}
}

func TestWeightIsNotPartOfAnEndpointsIdentity(t *testing.T) {
	f := newFleet(t, Options{})
	before := swap(f, service("s", perTask(1, endpoints(0, 1))))[0].Pick()
	after := swap(f, service("s", perTask(50, endpoints(0, 1))))[0].Pick()
	if before != after {
		t.Error("a new weight made a new endpoint")
	}
}

func TestAnInheritedAddressIsANewEndpoint(t *testing.T) {
	f := newFleet(t, Options{})
	old := endpoint(0)
	young := old
	young.Task = "young"
	before := swap(f, service("s", perTask(1, endpoints(0, 1))))[0].Pick()
	s := service("s", perTask(1, nil))
	s.Sources[0].Endpoints = append(s.Sources[0].Endpoints, young)
	after := swap(f, s)[0].Pick()
	if before == after || after.Task != "young" {
		t.Error("the newborn inherited the dead one's state")
	}
}

func TestRequestsOnTheOldTableSeeTheChangeAlready(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, endpoints(0, 2))))[0]
	grown := f.Grow(services(service("s", perTask(1, endpoints(1, 3))))) // no Shrink yet: the old table is in force
	if grown[0] != g {
		t.Fatal("another group")
	}
	if got := picks(g, 10); got["task0"] != 0 || got["task1"] != 5 || got["task2"] != 5 {
		t.Error(got)
	}
}

func TestARenamedServiceIsServedUnderItsOldNameUntilTheSwap(t *testing.T) {
	f := newFleet(t, Options{})
	old := swap(f, service("old", perTask(1, endpoints(0, 2))))[0]
	renamed := services(service("new", perTask(1, endpoints(1, 2)))) // task0 died on the way
	f.Grow(renamed)
	if got := picks(old, 4); got["task1"] != 4 {
		t.Error(got)
	}
	f.Shrink(renamed)
	if got := picks(old, 4); got["task1"] != 4 {
		t.Error("a request that held the old table past the swap:", got)
	}
}

func TestAServiceThatReturnsBeforeTheSwapIsWhole(t *testing.T) {
	f := newFleet(t, Options{})
	s := service("s", perTask(1, endpoints(0, 2)))
	g := swap(f, s)[0]
	f.Grow(nil)
	if g.Pick() != nil {
		t.Error("its tasks are not wanted, yet one is picked")
	}
	again := swap(f, s)[0]
	if got := picks(again, 4); again != g || got["task0"] != 2 || got["task1"] != 2 {
		t.Error(got)
	}
}

func TestGroupsComeInTheOrderOfTheServices(t *testing.T) {
	f := newFleet(t, Options{})
	for i, g := range swap(f, service("b"), service("a"), service("c")) {
		if want := []string{"b", "a", "c"}[i]; g.Name != want {
			t.Errorf("group %d is %s", i, g.Name)
		}
	}
}

func TestSharedEndpointsAreOne(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("a", perTask(1, endpoints(0, 1))), service("b", perTask(2, endpoints(0, 1))))
	if g[0].Pick() != g[1].Pick() {
		t.Error("two services, two endpoints for one task")
	}
	g = swap(f, service("b", perTask(2, endpoints(0, 1))))
	select {
	case <-g[0].Pick().Retired():
		t.Error("retired while one service still wants it")
	default:
	}
}
