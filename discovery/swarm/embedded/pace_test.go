package embedded

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// seen is a service's tasks as slot:state/desired, in the order of their making.
func seen(e *Engine, service string) string {
	var list []string
	for _, s := range e.Services() {
		if s.Name != service {
			continue
		}
		for _, t := range s.Tasks {
			list = append(list, fmt.Sprintf("%d:%s/%s", t.Slot, t.State, t.Desired))
		}
	}
	return strings.Join(list, " ")
}

// story checks what is seen at each moment, counted from the first.
func story(t *testing.T, e *Engine, service string, moments ...string) {
	t.Helper()
	begin := time.Now()
	for _, moment := range moments {
		at, want, _ := strings.Cut(moment, " ")
		after, err := time.ParseDuration(at)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(begin.Add(after))) // synctest's time
		synctest.Wait()
		if got := seen(e, service); got != strings.TrimSpace(want) {
			t.Errorf("after %s: got %q, want %q", at, got, want)
		}
	}
}

var pace = Pace{Start: 2 * time.Second, Stop: 3 * time.Second, Restart: 5 * time.Second}

// withPace runs a test in a bubble of its own time, with a service that has started.
func withPace(t *testing.T, spec Spec, test func(t *testing.T, e *Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{Pace: pace})
		defer e.Close()
		e.AddService(spec)
		story(t, e, spec.Name, "0s "+first(spec, "preparing"),
			"1s "+first(spec, "starting"), "2s "+first(spec, "running"))
		test(t, e)
	})
}

func first(spec Spec, state string) string {
	var list []string
	for i := range spec.Replicas {
		list = append(list, fmt.Sprintf("%d:%s/running", i+1, state))
	}
	return strings.Join(list, " ")
}

func TestStartFirstEndsTheOldTaskWhenTheNewOneRuns(t *testing.T) {
	withPace(t, Spec{Name: "web", Replicas: 1, StartFirst: true}, func(t *testing.T, e *Engine) {
		must(t, e.Update("web"))
		story(t, e, "web",
			"0s 1:running/running 1:preparing/running",
			"1s 1:running/running 1:starting/running",
			"2s 1:running/shutdown 1:running/running",
			"5s 1:running/running")
		if e.Services()[0].Updating {
			t.Error("still updating")
		}
	})
}

func TestStopFirstStartsTheNewTaskWhenTheOldOneIsGone(t *testing.T) {
	withPace(t, Spec{Name: "web", Replicas: 2}, func(t *testing.T, e *Engine) {
		must(t, e.Update("web"))
		story(t, e, "web",
			"0s 1:running/shutdown 2:running/running",
			"3s 2:running/running 1:preparing/running",
			"5s 2:running/shutdown 1:running/running",
			"10s 1:running/running 2:running/running")
	})
}

func TestADeadTaskIsReplacedAfterTheRestartDelay(t *testing.T) {
	withPace(t, Spec{Name: "web", Replicas: 1}, func(t *testing.T, e *Engine) {
		must(t, e.KillTask("web", 1))
		story(t, e, "web",
			"0s 1:failed/shutdown 1:ready/ready",
			"5s 1:failed/shutdown 1:preparing/running",
			"7s 1:running/running")
	})
}

func TestScalingDownGivesThreeSecondsOfGrace(t *testing.T) {
	withPace(t, Spec{Name: "web", Replicas: 2}, func(t *testing.T, e *Engine) {
		must(t, e.Scale("web", 1))
		story(t, e, "web", "0s 1:running/running 2:running/remove", "3s 1:running/running")
	})
}

func TestChangesMayOverlap(t *testing.T) {
	withPace(t, Spec{Name: "web", Replicas: 2, StartFirst: true}, func(t *testing.T, e *Engine) {
		must(t, e.Update("web"))
		time.Sleep(time.Second)
		must(t, e.KillTask("web", 2))
		must(t, e.Update("web"))
		must(t, e.Scale("web", 3))
		time.Sleep(time.Second)
		must(t, e.Scale("web", 1))
		must(t, e.Scale("web", 2))
		time.Sleep(time.Minute)
		services := e.Services()
		slots := []int{}
		for _, task := range services[0].Tasks {
			if task.State == "running" && task.Desired == "running" {
				slots = append(slots, task.Slot)
			}
		}
		if slices.Sort(slots); !slices.Equal(slots, []int{1, 2}) || len(services[0].Tasks) != 2 || services[0].Updating {
			t.Errorf("got %+v", services)
		}
	})
}

func TestCloseLeavesNothingToHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{Pace: pace})
		e.AddService(Spec{Name: "web", Replicas: 3})
		e.Close()
		time.Sleep(time.Minute)
		if got := seen(e, "web"); got != first(Spec{Replicas: 3}, "preparing") {
			t.Errorf("got %q", got)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
