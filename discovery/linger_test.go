package discovery

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

func lingering(o *Options) {
	o.Linger = func(s *snapshot.Service) time.Duration {
		if s.Name == "quick" {
			return 0
		}
		return 5 * time.Second
	}
}

func (r *rig) shows(t *testing.T, s *snapshot.Swarm, want ...string) {
	t.Helper()
	r.scene.set(s, nil)
	r.scene.hint <- struct{}{}
	time.Sleep(breath)
	r.wantApplied(t, want...)
}

func TestAServiceThatIsRemovedLingersUntilItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a", "b", "quick"), "", lingering)
		r.run(t, func(t *testing.T) {
			r.shows(t, named("b"), "a b quick", "a b")
			time.Sleep(5*time.Second - 1)
			r.wantApplied(t, "a b quick", "a b")
			time.Sleep(time.Second)
			r.wantApplied(t, "a b quick", "a b", "b")
		})
	})
}

func TestAServiceOfTheSameNameTakesTheGonesPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a", "b"), "", lingering)
		r.run(t, func(t *testing.T) {
			r.shows(t, named("b"), "a b", "a b")
			again := named("b")
			again.Services = append(again.Services, snapshot.Service{ID: "z", Name: "a"})
			r.shows(t, again, "a b", "a b", "b a")
			time.Sleep(time.Minute)
			r.wantApplied(t, "a b", "a b", "b a")
		})
	})
}

func TestWhatLingersHasNothingThatAnswersAndIsNotKeptOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := named("a")
		full.Services[0].Tasks = []snapshot.Task{{ID: "t"}}
		full.Services[0].VIPs = []snapshot.Address{{Network: "n"}}
		var shown atomic.Pointer[snapshot.Swarm]
		dir := t.TempDir()
		r := newRig(t, full, dir, func(o *Options) {
			lingering(o)
			apply := o.Apply
			o.Apply = func(t *rules.Table, s *snapshot.Swarm) []rules.Diagnostic {
				shown.Store(s)
				return apply(t, s)
			}
		})
		r.run(t, func(t *testing.T) {
			r.shows(t, named(), "a", "a")
			if s := shown.Load().Services[0]; !s.Gone || len(s.Tasks) != 0 || len(s.VIPs) != 0 {
				t.Errorf("it lingers as %+v", s)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if kept := newStore(dir, zap.NewNop()).load(); kept == nil || len(kept.Services) != 0 {
				t.Errorf("on disk is %+v", kept)
			}
		})
	})
}
