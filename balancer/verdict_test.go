package balancer

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/rules"
)

// news collects what OnVerdict tells.
type news struct {
	mu    sync.Mutex
	lines []string
}

func (n *news) hear(service, endpoint string, up bool, why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprint(service, " ", endpoint, " ", up, " ", why))
}

func (n *news) want(t *testing.T, lines ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.lines, lines) {
		t.Errorf("told\n%q, want\n%q", n.lines, lines)
	}
}

// withClinic runs a test in a bubble of time, with a fleet that probes a clinic.
func withClinic(t *testing.T, o Options, test func(*testing.T, *Fleet, *clinic)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newClinic()
		o.Health = health.Options{Transport: c}
		f := New(o)
		defer f.Close()
		test(t, f, c)
	})
}

func TestAnEndpointWhoseCheckFailsIsOutUntilItPasses(t *testing.T) {
	var n news
	withClinic(t, Options{OnVerdict: n.hear}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200)
		c.set(endpoint(1), 503)
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0]
		synctest.Wait()
		if got := picks(g, 10); got["task0"] != 10 {
			t.Error("task1 fails:", got)
		}
		c.set(endpoint(1), 200)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := picks(g, 10); got["task1"] != 5 {
			t.Error("task1 passed:", got)
		}
		n.lines = slices.Sorted(slices.Values(n.lines[:2]))
		n.want(t, "s http://10.0.0.1:80 true passed", "s http://10.0.0.2:80 false status 503 Service Unavailable")
	})
}

func TestANewEndpointWithACheckWaitsForItsFirstPass(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200)
		swap(f, checked(service("s", perTask(1, endpoints(0, 1)))))
		synctest.Wait()
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0] // task1 is silent
		synctest.Wait()
		if got := picks(g, 10); got["task0"] != 10 {
			t.Error("task1 is unproven:", got)
		}
		if e := g.PickOther([]*Endpoint{g.Pick()}); e == nil || e.Task != "task1" {
			t.Error("but better than nothing")
		}
	})
}

func TestUnprobedEndpointsServeWhenNothingHealthyIsThere(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0]
		if got := picks(g, 10); got["task0"] != 5 || got["task1"] != 5 {
			t.Error(got)
		}
	})
}

func TestWhenAllFailTheirChecksNobodyIsPicked(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 500)
		c.set(endpoint(1), 500)
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0]
		synctest.Wait()
		if got := picks(g, 10); got["none"] != 10 {
			t.Error(got)
		}
	})
}

func TestAFailedCanaryGivesItsShareBack(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		for i, status := range []int{200, 200, 200, 500} {
			c.set(endpoint(i), status)
		}
		g := swap(f, checked(service("s", perService(90, endpoints(0, 2)), perService(10, endpoints(2, 4)))))[0]
		synctest.Wait()
		if got := picks(g, 100); got["task0"] != 45 || got["task1"] != 45 || got["task2"] != 10 {
			t.Error("one canary task is down, its source keeps its share:", got)
		}
		c.set(endpoint(2), 500)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := picks(g, 100); got["task0"] != 50 || got["task1"] != 50 {
			t.Error("the whole canary is down:", got)
		}
	})
}

func TestChangingACheckTakesNobodyOut(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200)
		c.set(endpoint(1), 500)
		s := func(path string) *rules.Service {
			s := checked(service("s", perTask(1, endpoints(0, 2))))
			s.Check.Path = path
			return s
		}
		swap(f, s("/one"))
		synctest.Wait()
		c.set(endpoint(0), 0) // the new check has no answer yet
		c.set(endpoint(1), 0)
		g := swap(f, s("/two"))[0]
		synctest.Wait()
		if got := picks(g, 10); got["task0"] != 10 {
			t.Error("the old verdicts hold until there are new ones:", got)
		}
		if len(f.watches) != 2 {
			t.Errorf("%d watches", len(f.watches))
		}
		time.Sleep(health.DefaultTimeout)
		synctest.Wait()
		if g.Pick() != nil {
			t.Error("the new verdicts do not count")
		}
	})
}

func TestAddingACheckTakesNobodyOut(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		swap(f, service("s", perTask(1, endpoints(0, 2))))
		c.set(endpoint(0), 200)
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0] // task1 is silent
		synctest.Wait()
		if got := picks(g, 10); got["task0"] != 5 || got["task1"] != 5 {
			t.Error(got)
		}
	})
}

func TestRemovingACheckBringsAllBack(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 500)
		swap(f, checked(service("s", perTask(1, endpoints(0, 1)))))
		synctest.Wait()
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		if g.Pick() == nil || len(f.watches) != 0 {
			t.Errorf("no endpoint, %d watches", len(f.watches))
		}
	})
}

func TestServicesWithTheSameCheckShareItsProbes(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 500)
		g := swap(f, checked(service("a", perTask(1, endpoints(0, 1)))), checked(service("b", perTask(1, endpoints(0, 1)))))
		synctest.Wait()
		if len(f.watches) != 1 || g[0].Pick() != nil || g[1].Pick() != nil {
			t.Errorf("%d watches", len(f.watches))
		}
	})
}

func TestAVerdictSurvivesAChangeOfTheTable(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 500)
		c.set(endpoint(1), 200)
		swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))
		synctest.Wait()
		g := swap(f, checked(service("s", perTask(9, endpoints(0, 2)))), service("other"))[0]
		if got := picks(g, 10); got["task1"] != 10 {
			t.Error(got)
		}
	})
}

func TestAnEndpointOutByItsCheckDoesNotComeBackByTheClock(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200)
		c.set(endpoint(1), 200)
		g := swap(f, checked(service("s", perTask(1, endpoints(0, 2)))))[0]
		synctest.Wait()
		find(g, "task0").Refused()
		c.set(endpoint(0), 500)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := picks(g, 10); got["task1"] != 10 {
			t.Error(got)
		}
	})
}

func TestProbesEndWithTheLastServiceThatWantsThem(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200)
		swap(f, checked(service("s", perTask(1, endpoints(0, 1)))))
		time.Sleep(time.Minute)
		swap(f)
		synctest.Wait()
		before := c.asked
		time.Sleep(time.Hour)
		if c.asked != before || before < 6 {
			t.Errorf("%d probes, then %d", before, c.asked)
		}
	})
}
