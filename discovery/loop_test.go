package discovery

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// scene is a swarm whose state the test sets.
type scene struct {
	mu     sync.Mutex
	swarm  *snapshot.Swarm
	err    error
	looks  int
	hint   chan struct{} // each receive is a hint
	broken chan error    // ends the stream of hints
}

func (s *scene) Snapshot(context.Context) (*snapshot.Swarm, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return s.swarm, s.err
}

func (s *scene) Hints(ctx context.Context, hint func()) error {
	hint()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.broken:
			return err
		case <-s.hint:
			hint()
		}
	}
}

func (s *scene) set(swarm *snapshot.Swarm, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swarm, s.err = swarm, err
}

func (s *scene) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.looks
	s.looks = 0
	return n
}

func named(names ...string) *snapshot.Swarm {
	s := &snapshot.Swarm{Cluster: "c"}
	for _, name := range names {
		s.Services = append(s.Services, snapshot.Service{ID: name, Name: name})
	}
	return s
}

// rig is a loop over a scene; tables are noted by the services they hold.
type rig struct {
	*Loop
	scene   *scene
	mu      sync.Mutex
	applied []string
	late    []rules.Diagnostic // what Apply tells
	logs    *observer.ObservedLogs
}

func newRig(t *testing.T, first *snapshot.Swarm, dir string, change func(*Options)) *rig {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r := &rig{scene: &scene{swarm: first, hint: make(chan struct{}), broken: make(chan error)}, logs: logs}
	o := Options{
		Source: r.scene, Streams: []Stream{{Name: "events", Run: r.scene.Hints}}, Log: zap.New(core), Calm: 15 * time.Second, StateDir: dir,
		Read: readNames,
		Compile: func(_ *rules.Table, specs []rules.Spec) (*rules.Table, []rules.Diagnostic) {
			return rules.Compile(specs, rules.Options{})
		},
		Apply: func(_ *rules.Table, s *snapshot.Swarm) []rules.Diagnostic {
			var names []string
			for _, service := range s.Services {
				names = append(names, service.Name)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.applied = append(r.applied, strings.Join(names, " "))
			return r.late
		},
	}
	if change != nil {
		change(&o)
	}
	r.Loop = New(o)
	return r
}

// readNames finds fault with services called bad.
func readNames(s *snapshot.Swarm) ([]rules.Spec, []rules.Diagnostic) {
	var found []rules.Diagnostic
	for _, service := range s.Services {
		if service.Name == "bad" {
			found = append(found, rules.Diagnostic{Service: "bad", Code: "bad-name", Severity: rules.Warning, Message: "bad"})
		}
	}
	return nil, found
}

// run runs the loop for the length of a test, in a bubble of fake time.
func (r *rig) run(t *testing.T, steps func(t *testing.T)) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	synctest.Wait()
	steps(t)
	stop()
	<-ended
}

func (r *rig) wantApplied(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.Join(r.applied, ", "); got != strings.Join(want, ", ") {
		t.Errorf("tables of %q, want %q", got, want)
	}
}

func TestHintBringsALookAtOnceAndAChangeATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			r.wantApplied(t, "a")
			time.Sleep(time.Minute) // calm
			r.scene.set(named("a", "b"), nil)
			r.scene.hint <- struct{}{}
			time.Sleep(breath)
			r.wantApplied(t, "a", "a b")
			if d := r.Status().Delays; d.Count != 2 || d.Sum > 0.1 {
				t.Errorf("delays: %+v", d)
			}
		})
	})
}

func TestSameSwarmGivesNoNewTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			for range 5 {
				r.scene.set(named("a"), nil)
				r.scene.hint <- struct{}{}
				time.Sleep(time.Second)
			}
			r.wantApplied(t, "a")
		})
	})
}

func TestBurstOfHintsIsAFewLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			time.Sleep(time.Minute)
			r.scene.looked()
			for range 1000 {
				r.scene.hint <- struct{}{}
			}
			time.Sleep(2 * breath)
			synctest.Wait()
			if n := r.scene.looked(); n > 3 {
				t.Errorf("1000 hints in one moment took %d looks", n)
			}
		})
	})
}

func TestLookingIsFastAfterAHintAndWhileConvergingElseSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			time.Sleep(time.Minute)
			synctest.Wait()
			r.scene.looked()
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := r.scene.looked(); n != 4 {
				t.Errorf("calm: %d looks a minute, want 4", n)
			}
			r.scene.hint <- struct{}{}
			time.Sleep(hurry)
			synctest.Wait()
			if n := r.scene.looked(); n < 45 || n > 51 {
				t.Errorf("after a hint: %d looks in 5 s, want about 50", n)
			}
			busy := named("a")
			busy.Services[0].Converging = true
			r.scene.set(busy, nil)
			r.scene.hint <- struct{}{}
			time.Sleep(patience)
			synctest.Wait()
			if n := r.scene.looked(); n < 500 {
				t.Errorf("while converging: %d looks a minute, want about 600", n)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := r.scene.looked(); n < 55 || n > 65 {
				t.Errorf("a service that never comes up: %d looks a minute, want about 60", n)
			}
		})
	})
}

func TestEngineThatFailsTakesNothingAwayAndIsAskedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			time.Sleep(time.Minute)
			r.scene.set(nil, errors.New("daemon gone"))
			r.scene.hint <- struct{}{}
			time.Sleep(10 * time.Minute)
			r.wantApplied(t, "a")
			if s := r.Status(); !s.Stale || s.Failure != "daemon gone" || s.Diagnostics != nil {
				t.Errorf("status %+v", s)
			}
			if n := r.logs.FilterLevelExact(zap.ErrorLevel).Len(); n != 1 {
				t.Errorf("one reason was logged %d times", n)
			}
			synctest.Wait()
			r.scene.looked()
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := r.scene.looked(); n < 5 || n > 7 {
				t.Errorf("%d looks a minute at an engine that fails, want about 6", n)
			}
			r.scene.set(named("a", "b"), nil)
			time.Sleep(retryAtMost)
			r.wantApplied(t, "a", "a b")
			if r.Status().Stale {
				t.Error("still stale")
			}
		})
	})
}

func TestEventStreamThatBreaksIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", nil)
		r.run(t, func(t *testing.T) {
			if r.Status().Source != "events" {
				t.Error("the stream is not open")
			}
			r.scene.broken <- errors.New("EOF")
			synctest.Wait()
			if r.Status().Source != "" {
				t.Error("the stream that broke counts as open")
			}
			time.Sleep(time.Second)
			if r.Status().Source != "events" {
				t.Error("the stream was not opened again")
			}
			r.scene.set(named("b"), nil)
			r.scene.hint <- struct{}{}
			time.Sleep(time.Second)
			r.wantApplied(t, "a", "b")
		})
	})
}

func TestWithoutWatchOneGoodLookIsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, "", func(o *Options) { o.Once = true })
		r.scene.set(nil, errors.New("not yet"))
		r.run(t, func(t *testing.T) {
			r.scene.set(named("a"), nil)
			time.Sleep(time.Minute)
			r.scene.set(named("b"), nil)
			time.Sleep(time.Hour)
			r.wantApplied(t, "a")
		})
	})
}

func TestDiagnosticIsLoggedOnceForAsLongAsItStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("bad"), "", nil)
		r.run(t, func(t *testing.T) {
			for _, s := range []*snapshot.Swarm{named("bad", "a"), named("a"), named("bad")} {
				r.scene.set(s, nil)
				r.scene.hint <- struct{}{}
				time.Sleep(time.Second)
			}
			if n := r.logs.FilterMessage("label").Len(); n != 2 {
				t.Errorf("stood, went and came back: logged %d times, want 2", n)
			}
			if d := r.Status().Diagnostics; len(d) != 1 || d[0].Code != "bad-name" {
				t.Errorf("status has %v", d)
			}
		})
	})
}

func TestWhatShowsOnlyWhenATableIsAppliedIsToldToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("bad"), "", nil)
		r.late = []rules.Diagnostic{{Service: "bad", Code: "late"}}
		r.run(t, func(t *testing.T) {
			d := r.Status().Diagnostics
			if len(d) != 2 || d[0].Code != "bad-name" || d[1].Code != "late" {
				t.Errorf("status has %v", d)
			}
		})
	})
}

func TestRouterThatStartsWithoutItsSwarmServesFromDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		newRig(t, named("a"), dir, nil).run(t, func(*testing.T) {})
		r := newRig(t, nil, dir, nil)
		r.scene.set(nil, errors.New("no quorum"))
		r.run(t, func(t *testing.T) {
			r.wantApplied(t, "a")
			if s := r.Status(); !s.Stale || s.Swapped.IsZero() {
				t.Errorf("status %+v", s)
			}
			r.scene.set(named("a", "b"), nil)
			time.Sleep(time.Minute)
			r.wantApplied(t, "a", "a b")
		})
	})
}

func TestStateOnDiskIsTheLatestAfterALaterChangeToo(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		newRig(t, named("a"), dir, nil).run(t, func(*testing.T) {})
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), dir, nil)
		r.run(t, func(t *testing.T) {
			for _, name := range []string{"b", "c", "d"} {
				r.scene.set(named(name), nil)
				r.scene.hint <- struct{}{}
				time.Sleep(time.Second)
			}
		})
		if kept := newStore(dir, zap.NewNop()).load(); kept == nil || kept.Services[0].Name != "d" {
			t.Errorf("on disk: %+v", kept)
		}
	})
}

func TestStateIsOnDiskAsSoonAsTheEngineFails(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), dir, nil)
		r.run(t, func(t *testing.T) {
			for _, name := range []string{"b", "c"} {
				r.scene.set(named(name), nil)
				r.scene.hint <- struct{}{}
				time.Sleep(2 * breath)
			}
			r.scene.set(nil, errors.New("daemon gone"))
			r.scene.hint <- struct{}{}
			time.Sleep(2 * breath)
			synctest.Wait()
			if kept := newStore(dir, zap.NewNop()).load(); kept == nil || kept.Services[0].Name != "c" {
				t.Errorf("on disk: %+v", kept)
			}
		})
	})
}

func TestDamagedStateIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "snapshot.json"), []byte(`{"services":[{`), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, dir, nil)
		r.scene.set(nil, errors.New("down"))
		r.run(t, func(t *testing.T) { r.wantApplied(t, "") })
		if r.logs.FilterMessageSnippet("damaged").Len() != 1 {
			t.Error("the log says nothing of the damage")
		}
	})
}

func TestStateThatCannotBeKeptIsOneWarning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), filepath.Join(file, "state"), nil)
		r.run(t, func(t *testing.T) {
			r.scene.set(named("b"), nil)
			time.Sleep(time.Minute)
			r.wantApplied(t, "a", "b")
		})
		if n := r.logs.FilterMessageSnippet("cannot keep").Len(); n != 1 {
			t.Errorf("warned %d times", n)
		}
	})
}

func TestAPanicEndsTheLoopInsteadOfTheTableStandingStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), "", func(o *Options) {
			apply := o.Apply
			o.Apply = func(table *rules.Table, s *snapshot.Swarm) []rules.Diagnostic {
				if len(s.Services) > 1 {
					panic("a bug")
				}
				return apply(table, s)
			}
		})
		ended := make(chan any)
		go func() {
			defer func() { ended <- recover() }()
			r.Run(t.Context())
		}()
		r.wantApplied(t, "a")
		r.scene.set(named("a", "b"), nil)
		r.scene.hint <- struct{}{}
		if why := <-ended; why != "a bug" {
			t.Errorf("it ended with %v", why)
		}
	})
}
