package swarm_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// watching starts an engine that serves its store, with a client that listens to it until the test ends.
func watching(t *testing.T, o embedded.Options, there ...embedded.Spec) (*embedded.Engine, *swarm.Client, *watch) {
	t.Helper()
	e, endpoint := raise(t, o)
	e.AddService(there...)
	socket := filepath.Join(t.TempDir(), "control.sock")
	if err := e.ListenStore(socket); err != nil {
		t.Fatal(err)
	}
	c := dial(t, swarm.Options{Endpoint: endpoint, Socket: socket})
	return e, c, listen(t, c)
}

// A watch is a running Watch: heard is a hint, ended the error it returned.
type watch struct {
	heard chan struct{}
	ended chan error
}

func listen(t *testing.T, c *swarm.Client) *watch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watch{make(chan struct{}, 100_000), make(chan error, 1)}
	go func() {
		w.ended <- c.Watch(ctx, func() { w.heard <- struct{}{} })
		close(w.ended)
	}()
	t.Cleanup(func() {
		cancel()
		for range w.ended {
		}
	})
	hear(t, w.heard, "the opening of the store's stream")
	return w
}

// until looks after each hint until the swarm is as it should be.
func until(t *testing.T, c *swarm.Client, w *watch, what string, is func(*snapshot.Swarm) bool) {
	t.Helper()
	for !is(look(t, c)) {
		hear(t, w.heard, what)
	}
}

func counting(prefix string, calls *atomic.Int64) embedded.Fault {
	return func(answer http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == prefix {
				calls.Add(1)
			}
			answer.ServeHTTP(w, r)
		})
	}
}

func TestWhatTheStoreTellsIsWhatALookSees(t *testing.T) {
	first := embedded.Spec{Name: "first", Replicas: 2, Networks: []string{"a"}, Labels: map[string]string{"traefik.port": "80"}}
	e, c, w := watching(t, embedded.Options{Nodes: 3}, first)
	look(t, c)
	var calls atomic.Int64
	e.Fault(counting("/tasks", &calls))
	other := dial(t, swarm.Options{Endpoint: c.Endpoint()})
	random, names, looks := rand.New(rand.NewPCG(1, 2)), []string{"first"}, int64(0)
	for i := range 200 {
		name := names[random.IntN(len(names))]
		switch random.IntN(8) {
		case 0:
			name = fmt.Sprintf("s%d", i)
			names = append(names, name)
			e.AddService(embedded.Spec{Name: name, Replicas: random.IntN(4), Global: i%5 == 0, DNSRR: i%3 == 0, Networks: []string{"a"},
				Labels: map[string]string{"traefik.port": "80", "other": "x"}})
		case 1:
			_ = e.SetLabel(name, "traefik.weight", fmt.Sprint(i))
		case 2:
			_ = e.RemoveLabel(name, "traefik.weight")
		case 3, 4:
			_ = e.Scale(name, random.IntN(5))
		case 5:
			_ = e.Update(name)
		case 6:
			_ = e.KillTask(name, 1)
		case 7:
			_ = e.RemoveService(name)
		}
		looks++
		want := look(t, other)
		until(t, c, w, "what a look sees", func(s *snapshot.Swarm) bool { return s.Equal(want) })
	}
	if got := calls.Load(); got != looks {
		t.Errorf("the client that listens asked for the tasks %d times", got-looks)
	}
}

func TestATaskThatIsToStopIsGoneBeforeItStops(t *testing.T) {
	e, c, w := watching(t, embedded.Options{Pace: embedded.Pace{Stop: time.Hour}})
	e.AddService(embedded.Spec{Name: "web", Replicas: 2})
	until(t, c, w, "two tasks", func(s *snapshot.Swarm) bool { return len(s.Services) == 1 && len(s.Services[0].Tasks) == 2 })
	if err := e.Scale("web", 1); err != nil {
		t.Fatal(err)
	}
	until(t, c, w, "one task less", func(s *snapshot.Swarm) bool { return len(s.Services[0].Tasks) == 1 })
}

func TestAServiceThatDidNotChangeStaysInItsPlaceInMemory(t *testing.T) {
	e, c, w := watching(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "a", Replicas: 1}, embedded.Spec{Name: "b", Replicas: 1})
	until(t, c, w, "two services", func(s *snapshot.Swarm) bool { return len(s.Services) == 2 })
	before := look(t, c)
	if look(t, c) != before {
		t.Error("without a change the snapshot is another")
	}
	if err := e.Scale("a", 2); err != nil {
		t.Fatal(err)
	}
	until(t, c, w, "a second task", func(s *snapshot.Swarm) bool {
		a := service(t, s, "a")
		return len(a.Tasks) == 2
	})
	was, is := service(t, before, "b"), service(t, look(t, c), "b")
	if &was.Tasks[0] != &is.Tasks[0] {
		t.Error("the service that did not change was made anew")
	}
	if a := service(t, before, "a"); len(a.Tasks) != 1 {
		t.Error("a snapshot given away has changed")
	}
}

func TestAStreamThatBreaksIsDoubtAndTheEngineIsAsked(t *testing.T) {
	e, c, w := watching(t, embedded.Options{})
	look(t, c)
	e.DropWatches()
	wantProblem(t, <-w.ended, swarm.StreamEnded)
	e.AddService(embedded.Spec{Name: "web", Replicas: 1})
	if s := look(t, c); len(s.Services) != 1 {
		t.Error("what happened while nobody listened is not seen")
	}
	w = listen(t, c)
	look(t, c)
	e.AddService(embedded.Spec{Name: "api", Replicas: 1})
	until(t, c, w, "a change after the new opening", func(s *snapshot.Swarm) bool { return len(s.Services) == 2 })
}

func TestANetworkThatIsMadeIsSeen(t *testing.T) {
	e, c, w := watching(t, embedded.Options{})
	look(t, c)
	e.AddService(embedded.Spec{Name: "web", Replicas: 1, Networks: []string{"new"}})
	until(t, c, w, "the network", func(s *snapshot.Swarm) bool { return len(s.Networks) == 2 && len(s.Services) == 1 })
}

func TestWhereThereIsNoStoreThatIsSaid(t *testing.T) {
	_, endpoint := raise(t, embedded.Options{})
	c := dial(t, swarm.Options{Endpoint: endpoint, Socket: filepath.Join(t.TempDir(), "none.sock")})
	err := c.Watch(within(t), func() { t.Error("a hint of nothing") })
	wantProblem(t, err, swarm.NoSocket)
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("it cannot be told from other problems")
	}
}

func TestAStoreThatNeverAnswersIsGivenUp(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, endpoint := raise(t, embedded.Options{})
	c := dial(t, swarm.Options{Endpoint: endpoint, Socket: socket, Timeout: 50 * time.Millisecond})
	wantProblem(t, c.Watch(within(t), func() { t.Error("a hint of nothing") }), swarm.NoAnswer)
}

func TestAStoreThatIsNoneIsSaid(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	socket := filepath.Join(t.TempDir(), "control.sock")
	if _, err := e.ListenUnix(socket); err != nil { // the Engine API, without TLS
		t.Fatal(err)
	}
	c := dial(t, swarm.Options{Endpoint: endpoint, Socket: socket})
	wantProblem(t, c.Watch(within(t), func() { t.Error("a hint of nothing") }), swarm.EngineError)
}

func TestCancellingEndsTheWatchWithoutAProblem(t *testing.T) {
	_, c, _ := watching(t, embedded.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Watch(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheStoreOfThisMachineIsNotMixedWithAnotherMachinesSwarm(t *testing.T) {
	c := dial(t, swarm.Options{Endpoint: "tcp://127.0.0.1:1"})
	err := c.Watch(within(t), func() { t.Error("a hint of nothing") })
	wantProblem(t, err, swarm.NoSocket)
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("it cannot be told from other problems")
	}
}
