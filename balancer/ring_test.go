package balancer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// sequence is so many picks, as task names.
func sequence(g *Group, n int) []string {
	s := make([]string, n)
	for i := range s {
		if e := g.Pick(); e != nil {
			s[i] = e.Task
		}
	}
	return s
}

// everyWindow checks that each window of the sequence holds the same count of every name.
func everyWindow(t *testing.T, s []string, window int, want map[string]int) {
	t.Helper()
	count := make(map[string]int)
	for i, name := range s {
		count[name]++
		if i >= window {
			count[s[i-window]]--
		}
		if i < window-1 {
			continue
		}
		for name, n := range want {
			if count[name] != n {
				t.Fatalf("window %d..%d has %s %d times, want %d", i-window+1, i, name, count[name], n)
			}
		}
	}
}

// bySource replaces tasks by the name of their source.
func bySource(s []string, svc *rules.Service) []string {
	of := make(map[string]string)
	for i, src := range svc.Sources {
		for _, e := range src.Endpoints {
			of[e.Task] = fmt.Sprint("source", i)
		}
	}
	named := make([]string, len(s))
	for i, task := range s {
		named[i] = of[task]
	}
	return named
}

func TestACanaryOfEqualReplicasIsExactInEveryWindowOfTen(t *testing.T) {
	f := newFleet(t, Options{})
	svc := service("api", perTask(90, endpoints(0, 3)), perTask(10, endpoints(3, 6)))
	g := swap(f, svc)[0]
	s := sequence(g, 900)
	everyWindow(t, bySource(s, svc), 10, map[string]int{"source0": 9, "source1": 1})
	everyWindow(t, bySource(s, svc), 100, map[string]int{"source0": 90, "source1": 10})
	everyWindow(t, s, 30, map[string]int{"task0": 9, "task1": 9, "task2": 9, "task3": 1, "task4": 1, "task5": 1})
}

// The splits of traefik-1x.md 4.9.
func TestSourcesSplitAsTheirTasksWeigh(t *testing.T) {
	for _, c := range []struct {
		a, b   rules.Source
		window int
		want   map[string]int
	}{
		{perTask(1, endpoints(0, 3)), perTask(1, endpoints(3, 4)), 4, map[string]int{"source0": 3, "source1": 1}},
		{perTask(1, endpoints(0, 3)), perTask(3, endpoints(3, 4)), 2, map[string]int{"source0": 1, "source1": 1}},
		{perTask(10, endpoints(0, 9)), perTask(10, endpoints(9, 10)), 10, map[string]int{"source0": 9, "source1": 1}},
		{perTask(100, endpoints(0, 1)), perTask(1, endpoints(1, 2)), 101, map[string]int{"source0": 100, "source1": 1}},
		{perService(90, endpoints(0, 7)), perService(10, endpoints(7, 8)), 10, map[string]int{"source0": 9, "source1": 1}},
		{perTask(0, endpoints(0, 2)), perTask(5, endpoints(2, 3)), 1, map[string]int{"source0": 0, "source1": 1}},
		{perService(90, nil), perService(10, endpoints(7, 8)), 1, map[string]int{"source0": 0, "source1": 1}},
	} {
		f := newFleet(t, Options{})
		svc := service("shop", c.a, c.b)
		everyWindow(t, bySource(sequence(swap(f, svc)[0], 1000), svc), c.window, c.want)
	}
}

func TestEveryWindowOfTheSumOfWeightsIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		f := New(Options{})
		svc := service("s")
		next, total := 0, 0
		want := make(map[string]int)
		for range 1 + random.IntN(4) {
			n, weight := 1+random.IntN(5), 1+random.IntN(30)
			svc.Sources = append(svc.Sources, perTask(weight, endpoints(next, next+n)))
			for i := next; i < next+n; i++ {
				want[fmt.Sprint("task", i)] = weight
			}
			next, total = next+n, total+n*weight
		}
		g := swap(f, svc)[0]
		g.next.Store(random.Uint64N(1 << 40)) // wherever the position is
		everyWindow(t, sequence(g, 3*total), total, want)
		f.Close()
	}
}

func TestSharesPerServiceAreExactAndTheirTasksEqual(t *testing.T) {
	f := newFleet(t, Options{})
	svc := service("s", perService(3, endpoints(0, 5)), perService(4, endpoints(5, 7)))
	s := sequence(swap(f, svc)[0], 700)
	everyWindow(t, bySource(s, svc), 7, map[string]int{"source0": 3, "source1": 4})
	everyWindow(t, s, 35, map[string]int{"task0": 3, "task1": 3, "task2": 3, "task3": 3, "task4": 3, "task5": 10, "task6": 10})
}

func TestTurnsAreSpreadOut(t *testing.T) {
	f := newFleet(t, Options{})
	svc := service("s", perTask(5, endpoints(0, 1)), perTask(1, endpoints(1, 2)), perTask(1, endpoints(2, 3)))
	if got := fmt.Sprint(sequence(swap(f, svc)[0], 7)); got != "[task0 task0 task1 task0 task2 task0 task0]" {
		t.Error(got)
	}
}

func TestWithoutEndpointsOrWeightsNobodyIsPicked(t *testing.T) {
	f := newFleet(t, Options{})
	for _, g := range swap(f,
		service("none"),
		service("empty", perTask(1, nil)),
		service("zero", perTask(0, endpoints(0, 2)), perService(0, endpoints(2, 3))),
	) {
		if e := g.Pick(); e != nil {
			t.Errorf("%s picks %s", g.Name, e.Task)
		}
		if e := g.PickOther(nil); e != nil {
			t.Errorf("%s picks another: %s", g.Name, e.Task)
		}
	}
}

func TestAnEndpointListedTwiceHasOneShare(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(1, append(endpoints(0, 2), endpoint(0)))))[0]
	if got := picks(g, 10); got["task0"] != 5 || got["task1"] != 5 {
		t.Error(got)
	}
}

func TestHugeWeightsKeepTheRingBoundedAndNobodyIsLost(t *testing.T) {
	for _, weights := range [][]uint64{
		{1_000_000_007, 1},
		{1<<31 - 1, 1<<31 - 2, 1},
		{65537, 65536},
		{999_983, 1, 1, 1},
	} {
		order := smooth(weights)
		if len(order) > maxPeriod+len(weights) {
			t.Errorf("%v: %d turns", weights, len(order))
		}
		turns := make([]uint64, len(weights))
		for _, turn := range order {
			turns[turn.hand]++
		}
		for i, w := range weights {
			ideal := float64(w) / float64(sum(weights)) * float64(len(order))
			if turns[i] == 0 || float64(turns[i]) > ideal+float64(len(weights)) || float64(turns[i]) < ideal-float64(len(weights)) {
				t.Errorf("%v: source %d has %d turns of %d, ideal %.2f", weights, i, turns[i], len(order), ideal)
			}
		}
	}
}

func TestAThousandSourcesStayWithinTheBudget(t *testing.T) {
	weights := make([]uint64, 1000)
	for i := range weights {
		weights[i] = uint64(1_000_003 + 2*i)
	}
	if n := len(smooth(weights)); n < 1000 || n*len(weights) > maxSteps+len(weights)*len(weights) {
		t.Errorf("%d turns", n)
	}
}

func TestPickOtherAvoidsTheTried(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, service("s", perTask(100, endpoints(0, 1)), perTask(1, endpoints(1, 4))))[0]
	var tried []*Endpoint
	for range 4 {
		e := g.PickOther(tried)
		if e == nil {
			t.Fatalf("nobody left after %d", len(tried))
		}
		for _, before := range tried {
			if e == before {
				t.Fatalf("%s again", e.Task)
			}
		}
		tried = append(tried, e)
	}
	if e := g.PickOther(tried); e != nil {
		t.Errorf("all tried, got %s", e.Task)
	}
}
