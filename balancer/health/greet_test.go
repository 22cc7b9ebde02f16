package health

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/rules"
)

// port is an address that accepts connections from some moment on.
type port struct {
	open  atomic.Bool
	dials atomic.Int64
}

func (p *port) dial(context.Context, string, string) (net.Conn, error) {
	p.dials.Add(1)
	if !p.open.Load() {
		return nil, errors.New("refused")
	}
	ours, theirs := net.Pipe()
	theirs.Close()
	return ours, nil
}

func TestAGreetingIsAnsweredOnceTheEndpointAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &port{}
		p := New(Options{Dial: at.dial})
		defer p.Close()
		met := 0
		p.Greet("a:80", time.Second, func() { met++ })
		time.Sleep(time.Second - 1)
		synctest.Wait()
		if at.dials.Load() != 0 {
			t.Error("dialled too soon")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := at.dials.Load(); met != 0 || n < 100 || n > 150 {
			t.Errorf("%d dials in a minute of a program that does not come up, and it was met %d times", n, met)
		}
		at.open.Store(true)
		time.Sleep(greetAtMost)
		synctest.Wait()
		before := at.dials.Load()
		time.Sleep(time.Hour)
		synctest.Wait()
		if met != 1 || at.dials.Load() != before {
			t.Errorf("met %d times, and %d dials after that", met, at.dials.Load()-before)
		}
	})
}

func TestAGreetingThatIsStoppedSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &port{}
		p := New(Options{Dial: at.dial})
		defer p.Close()
		stop := p.Greet("a:80", 0, func() { t.Error("met") })
		time.Sleep(time.Second)
		stop()
		at.open.Store(true)
		time.Sleep(time.Hour)
	})
}

func TestANewbornIsProbedEachSecondUntilItPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watch{check: withDefaults(checkEvery(30 * time.Second))}
		for range newbornTimes - 1 {
			if got := w.period(errors.New("refused")); got != newborn {
				t.Fatalf("the next probe is after %s", got)
			}
		}
		if got := w.period(errors.New("refused")); got < 24*time.Second {
			t.Errorf("one that never comes up is probed every %s", got)
		}
		w = &watch{check: withDefaults(checkEvery(30 * time.Second))}
		w.period(errors.New("refused"))
		if got := w.period(nil); got < 24*time.Second {
			t.Errorf("one that has passed is probed after %s", got)
		}
		if got := w.period(errors.New("refused")); got != 30*time.Second {
			t.Errorf("one that has passed and then fails is probed after %s", got)
		}
	})
}

func checkEvery(interval time.Duration) rules.Check {
	return rules.Check{Path: "/", Interval: interval}
}
