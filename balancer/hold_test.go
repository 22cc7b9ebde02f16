package balancer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/rules"
)

// held is a request that waits; its answer comes on the channel.
func held(g *Group, turn Turn, wait time.Duration) <-chan bool {
	answer := make(chan bool, 1)
	until := time.Now().Add(wait)
	go func() { answer <- g.Hold(context.Background(), turn, until) == nil }()
	synctest.Wait()
	return answer
}

// still is what a request that waits has been told: "waits", "go" or "give up".
func still(answer <-chan bool) string {
	synctest.Wait()
	select {
	case ok := <-answer:
		if ok {
			return "go"
		}
		return "give up"
	default:
		return "waits"
	}
}

func holding(t *testing.T, o Options, test func(f *Fleet, at *doors)) {
	synctest.Test(t, func(t *testing.T) {
		at := new(doors)
		o.Health = health.Options{Dial: at.dial}
		f := New(o)
		defer f.Close()
		test(f, at)
	})
}

func want(t *testing.T, answer <-chan bool, want string) {
	t.Helper()
	if got := still(answer); got != want {
		t.Errorf("the request was told %q, want %q", got, want)
	}
}

func TestARequestWaitsForAnEndpointAndGoesWhenThereIsOne(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, nil)))[0]
		answer := held(g, g.Turn(), time.Minute)
		time.Sleep(30 * time.Second)
		want(t, answer, "waits")
		swap(f, service("s", perTask(1, endpoints(0, 1))))
		want(t, answer, "go")
	})
}

func TestARequestWaitsForANewbornToListen(t *testing.T) {
	holding(t, Options{Greet: true}, func(f *Fleet, at *doors) {
		swap(f)
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		answer := held(g, g.Turn(), time.Minute)
		time.Sleep(30 * time.Second)
		want(t, answer, "waits")
		at.set("10.0.0.1:80", true)
		time.Sleep(time.Second)
		want(t, answer, "go")
	})
}

func TestARequestWaitsForAnEndpointThatRefused(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, at *doors) {
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		turn := g.Turn()
		g.Pick().Refused()
		answer := held(g, turn, time.Minute)
		want(t, answer, "waits")
		at.set("10.0.0.1:80", true)
		time.Sleep(time.Second)
		want(t, answer, "go")
	})
}

func TestWhatChangedBetweenTheTurnAndTheWaitIsNotMissed(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, nil)))[0]
		turn := g.Turn()
		swap(f, service("s", perTask(1, endpoints(0, 1))))
		want(t, held(g, turn, time.Minute), "go")
	})
}

func TestAWaitEndsAtItsTimeOrWithItsRequest(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, nil)))[0]
		answer := held(g, g.Turn(), time.Second)
		time.Sleep(time.Second - 1)
		want(t, answer, "waits")
		time.Sleep(time.Nanosecond)
		want(t, answer, "give up")

		ctx, leave := context.WithCancel(context.Background())
		gone := make(chan bool, 1)
		go func() { gone <- g.Hold(ctx, g.Turn(), time.Now().Add(time.Second)) == nil }()
		want(t, gone, "waits")
		leave()
		want(t, gone, "give up")
		if n := g.Waiting(); n != 0 {
			t.Errorf("%d still count as waiting", n)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	holding(t, Options{Queue: 2}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, nil)))[0]
		first, second, third := held(g, g.Turn(), time.Minute), held(g, g.Turn(), time.Minute), held(g, g.Turn(), time.Minute)
		want(t, first, "waits")
		want(t, second, "waits")
		want(t, third, "give up")
		swap(f, service("s", perTask(1, endpoints(0, 1))))
		want(t, first, "go")
		want(t, second, "go")
	})
}

func TestNobodyWaitsForAServiceThatHasBeenDownForLong(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, nil)))[0]
		time.Sleep(momentary)
		want(t, held(g, g.Turn(), time.Second), "waits")
		time.Sleep(time.Second)
		want(t, held(g, g.Turn(), time.Second), "give up")
		want(t, held(g, g.Turn(), time.Hour), "waits") // its label says that it may take this long
		swap(f, service("s", perTask(1, endpoints(0, 1))))
		swap(f, service("s", perTask(1, nil)))
		want(t, held(g, g.Turn(), time.Second), "waits")
		time.Sleep(time.Hour)
	})
}

func TestAPausedServiceHoldsItsRequestsUntilItGoesOn(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		paused := service("s", perTask(1, endpoints(0, 1)))
		paused.Presence.Paused = true
		g := swap(f, paused)[0]
		if !g.Paused() {
			t.Fatal("not paused")
		}
		time.Sleep(time.Hour) // however long: it is meant to
		answer := held(g, g.Turn(), time.Minute)
		swap(f, func() *rules.Service {
			s := *paused
			s.Sources = []rules.Source{perTask(1, endpoints(0, 2))}
			return &s
		}())
		want(t, answer, "waits")
		swap(f, service("s", perTask(1, endpoints(0, 1))))
		want(t, answer, "go")
	})
}

func TestAGroupThatIsWaitedForIsTheSameWhenItsServiceComesBack(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		swap(f, service("s", perTask(1, nil)))
		answer := held(g, g.Turn(), time.Minute)
		swap(f)
		want(t, answer, "waits")
		swap(f, service("s", perTask(1, endpoints(1, 2))))
		want(t, answer, "go")
	})
}

func TestAServiceThatLeadsToOthersWaitsForOneOfThem(t *testing.T) {
	holding(t, Options{}, func(f *Fleet, _ *doors) {
		leader := &rules.Service{Name: "l", Weighted: []rules.Part{{Service: "a", Weight: 1}, {Service: "b", Weight: 1}}}
		g := swap(f, leader, service("a", perTask(1, nil)), service("b", perTask(1, nil)))[0]
		answer := held(g, g.Turn(), time.Minute)
		want(t, answer, "waits")
		swap(f, leader, service("a", perTask(1, nil)), service("b", perTask(1, endpoints(0, 1))))
		want(t, answer, "go")
	})
}

func TestSlowStartRaisesANewEndpointsShareInSteps(t *testing.T) {
	holding(t, Options{Greet: true}, func(f *Fleet, at *doors) {
		at.set("10.0.0.3:80", true)
		slow := func(n int) *rules.Service {
			s := service("s", perTask(1, endpoints(0, n)))
			s.Presence.SlowStart = 90 * time.Second
			return s
		}
		g := swap(f, slow(2))[0]
		if got := picks(g, 20); got["task0"] != 10 {
			t.Errorf("those that were there rise: %v", got)
		}
		swap(f, slow(3))
		synctest.Wait()
		for step := 1; step <= 10; step++ {
			period := 20 + step
			if got := picks(g, 10*period); got["task2"] != 10*step || got["task0"] != 100 || got["task1"] != 100 {
				t.Errorf("step %d: %v in %d", step, got, 10*period)
			}
			if s := g.Status().Endpoints[2].Share; step < 10 && (s < float64(step)/float64(period)-0.001 || s > float64(step)/float64(period)+0.001) {
				t.Errorf("step %d: told to be %.3f", step, s)
			}
			time.Sleep(10*time.Second + 2)
			synctest.Wait()
		}
	})
}

func TestSlowStartHoldsInACanaryToo(t *testing.T) {
	holding(t, Options{Greet: true}, func(f *Fleet, at *doors) {
		at.set("10.0.0.2:80", true)
		of := func(sources ...rules.Source) *rules.Service {
			s := service("s", sources...)
			s.Presence.SlowStart = time.Minute
			return s
		}
		g := swap(f, of(perTask(1, endpoints(0, 1))))[0]
		swap(f, of(perTask(1, endpoints(0, 1)), perTask(1, endpoints(1, 2))))
		synctest.Wait()
		if got := picks(g, 110); got["task1"] != 10 {
			t.Errorf("a task's weight: %v", got)
		}
		swap(f, of(perService(90, endpoints(0, 1)), perService(10, endpoints(1, 2))))
		if got := picks(g, 100); got["task1"] != 10 {
			t.Errorf("a service's share is what it is: %v", got)
		}
	})
}

func TestRetriesAreAFifthOfTheRequestsAndAFewASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{})
		defer f.Close()
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		retries := func() (n int) {
			for range 10_000 {
				if g.MayRetry() {
					n++
				}
			}
			return n
		}
		if got := retries(); got != budgetFloor {
			t.Errorf("%d retries without a request", got)
		}
		for range 50 {
			g.Tally.Done("GET", "http", 200, 0)
		}
		if got := retries(); got != 10 {
			t.Errorf("%d retries for 50 requests", got)
		}
		for range 100_000 {
			g.Tally.Done("GET", "http", 200, 0)
		}
		if got := retries(); got != budgetMost {
			t.Errorf("%d retries saved up", got)
		}
		time.Sleep(time.Second)
		if got := retries(); got != budgetFloor {
			t.Errorf("%d retries a second later", got)
		}
	})
}

func TestARetryBeyondTheBudgetComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Queue: 2 * budgetFloor})
		defer f.Close()
		g := swap(f, service("s", perTask(1, endpoints(0, 1))))[0]
		began := time.Now()
		until := began.Add(1500 * time.Millisecond)
		var mu sync.Mutex
		after, errs := map[time.Duration]int{}, map[error]int{}
		var all sync.WaitGroup
		for range 4 * budgetFloor {
			all.Go(func() {
				var err error
				if !g.MayRetry() {
					err = g.AwaitRetry(t.Context(), until)
				}
				mu.Lock()
				defer mu.Unlock()
				errs[err]++
				if err == nil {
					after[time.Since(began)]++
				}
			})
		}
		all.Wait()
		if after[0] != budgetFloor || after[time.Second] != budgetFloor || errs[nil] != 2*budgetFloor {
			t.Errorf("retries after %v, want %d at once and a second later", after, budgetFloor)
		}
		if errs[errFull] != budgetFloor || errs[errSpent] != budgetFloor {
			t.Errorf("the others hear %v", errs)
		}
		left, leave := context.WithCancel(t.Context())
		all.Go(func() {
			if err := g.AwaitRetry(left, time.Now().Add(time.Hour)); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("who leaves hears %v", err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if n := g.Waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}
