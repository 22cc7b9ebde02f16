package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestWhatIsKnownIsServedWhileTheEngineIsInTroubleAndWritesSayWhy(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault embedded.Fault
		code  string // "": none, as it is the vault that gives up
	}{
		{"errors", embedded.Refuse("", 500, "boom"), swarm.EngineError},
		{"no quorum", embedded.NoLeader(), swarm.NoLeader},
		{"worker", embedded.Worker(), swarm.NotManager},
		{"forbidden", embedded.Refuse("/configs", 403, "no"), swarm.Forbidden},
		{"dropped", embedded.Drop(""), swarm.BrokenAnswer},
		{"no list", embedded.Null("/configs"), swarm.BrokenAnswer},
		{"garbled", embedded.Garble("/configs"), swarm.BrokenAnswer},
		{"hangs", embedded.Hang(""), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, endpoint := raise(t)
			v := dial(t, endpoint, Options{Patience: 2 * time.Second})
			store(t, v, "a/b", "x")
			if c.code == "" {
				v.options.Patience = 30 * time.Millisecond
			}
			e.Fault(c.fault)
			v.known.mu.Lock()
			v.looks.now.good = time.Time{} // the last poll was long ago
			v.known.mu.Unlock()
			servesWhatItKnows(t, v)
			for what, err := range map[string]error{
				"store":  v.Store(within(t), "a/b", []byte("y")),
				"delete": v.Delete(within(t), "a/b"),
				"lock":   v.Lock(within(t), "l"),
				"load":   second(v.Load(within(t), "c")),
				"stat":   second(v.Stat(within(t), "c")),
				"list":   second(v.List(within(t), "c", false)),
			} {
				if !errors.Is(err, ErrUnreachable) || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: got %v", what, err)
				}
				var problem *swarm.Problem
				if c.code != "" && (!errors.As(err, &problem) || problem.Code != c.code) {
					t.Errorf("%s: got %v, want a %s", what, err, c.code)
				}
			}
			servesWhatItKnows(t, v)
			v.options.Patience = 20 * time.Second // what works again may take its time
			e.Fault()
			store(t, v, "a/b", "y")
			if _, err := v.Load(within(t), "c"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func servesWhatItKnows(t *testing.T, v *Vault) {
	t.Helper()
	if got := load(t, v, "a/b"); got != "x" {
		t.Errorf("got %s", got)
	}
	if got, err := v.List(within(t), "a", false); len(got) != 1 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if !v.Exists(within(t), "a/b") || !v.Exists(within(t), "a") {
		t.Error("it does not exist")
	}
}

// A socket that does not exist is fs.ErrNotExist to the file system, and so is a key that does not to who asks a vault.
func TestAMissingSocketIsNotAMissingKey(t *testing.T) {
	v := dial(t, "unix://"+filepath.Join(t.TempDir(), "docker.sock"), Options{})
	for what, err := range map[string]error{
		"load": second(v.Load(within(t), "a")), "stat": second(v.Stat(within(t), "a")), "list": second(v.List(within(t), "a", true)),
		"store": v.Store(within(t), "a", nil), "lock": v.Lock(within(t), "a"),
	} {
		var problem *swarm.Problem
		if errors.Is(err, fs.ErrNotExist) || !errors.Is(err, ErrUnreachable) || !errors.As(err, &problem) || problem.Code != swarm.NoSocket {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if v.Exists(within(t), "a") {
		t.Error("it exists")
	}
}

func TestNothingTakesLongerThanPatienceAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := newCut(newShelf())
		v := open(t, Options{Configs: cut})
		must(t, v.Store(t.Context(), "a", []byte("x")))
		time.Sleep(time.Minute)
		cut.off(true)
		for what, do := range map[string]func() error{
			"store": func() error { return v.Store(t.Context(), "a", nil) },
			"load":  func() error { return second(v.Load(t.Context(), "b")) },
			"list":  func() error { return second(v.List(t.Context(), "b", false)) },
			"lock":  func() error { return v.Lock(t.Context(), "a") },
		} {
			begun := time.Now()
			if err := do(); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "in time") || time.Since(begun) > 6*time.Second {
				t.Errorf("%s: %v after %s", what, err, time.Since(begun))
			}
		}
		begun := time.Now()
		if keys, err := v.List(t.Context(), "", true); len(keys) != 1 || err != nil || time.Since(begun) > 0 {
			t.Errorf("the list of what is known: %v, %v after %s", keys, err, time.Since(begun))
		}
		go v.Load(t.Context(), "b")
		time.Sleep(time.Second)
		if _, err := v.Load(t.Context(), "b"); !errors.Is(err, ErrUnreachable) || time.Since(begun) > 6*time.Second {
			t.Errorf("who came while the engine was asked was told %v after %s", err, time.Since(begun))
		}
		begun = time.Now()
		failed := make(chan error)
		for range 100 { // they do not wait for one another
			go func() { failed <- second(v.Load(t.Context(), "b")) }()
		}
		for range 100 {
			if err := <-failed; !errors.Is(err, ErrUnreachable) {
				t.Error(err)
			}
		}
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("the last one waited %s", took)
		}
	})
}

// hung is a fault that hangs, and tells when somebody does.
func hung(hangs chan<- struct{}) func(context.Context, string) error {
	return func(ctx context.Context, _ string) error {
		select {
		case hangs <- struct{}{}:
		default:
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestRunAndCloseEndAtOnceWhileTheEngineHangs(t *testing.T) {
	e, endpoint := raise(t)
	v := dial(t, endpoint, Options{Patience: time.Hour, Lease: 30 * time.Millisecond})
	must(t, v.Lock(within(t), "a"))
	lost := v.Lost("a")
	e.Fault(embedded.Hang(""))
	<-lost
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	before := v.looks.state().begun
	go func() { v.Run(ctx); close(ended) }()
	for v.looks.state().begun == before {
		select {
		case <-ended:
			t.Fatal("it ended by itself")
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	select {
	case <-ended:
	case <-within(t).Done():
		t.Fatal("Run does not end")
	}
	v.Close()
}

func TestCloseEndsARenewalThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		v := open(t, Options{Configs: s, Patience: 20 * time.Second})
		must(t, v.Lock(t.Context(), "a"))
		hangs := make(chan struct{}, 1)
		s.fail(hung(hangs))
		<-hangs
		begun := time.Now()
		v.Close()
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %s", took)
		}
		s.fail(nil)
		must(t, v.Unlock(t.Context(), "a"))
	})
}

func TestTheLogSaysOnceThatTheVaultCannotBeReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		core, lines := observer.New(zap.InfoLevel)
		v := open(t, Options{Configs: s, Log: zap.New(core)})
		run(t, v)
		time.Sleep(time.Minute)
		for n := 1; n <= 2; n++ {
			s.fail(func(context.Context, string) error { return errors.New("boom") })
			time.Sleep(time.Minute)
			s.fail(nil)
			time.Sleep(time.Minute)
			if lines.Len() != 2*n {
				t.Errorf("%d lines: %v", lines.Len(), lines.All())
			}
		}
	})
}

// After an outage of any length everything that changed in it is known, without waiting for the next look at everything.
func TestAfterAnOutageARouterCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		cut := newCut(s)
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: cut})
		must(t, a.Store(t.Context(), "changed", []byte("1")))
		must(t, a.Store(t.Context(), "deleted", []byte("1")))
		run(t, a, b)
		becomes(t, b, "deleted", "1")
		for _, outage := range []time.Duration{10 * time.Second, 3 * time.Minute, 3 * time.Hour} {
			cut.off(true)
			must(t, a.Store(t.Context(), "changed", []byte(outage.String())))
			must(t, a.Delete(t.Context(), "deleted"))
			time.Sleep(outage)
			cut.off(false)
			begun := time.Now()
			becomes(t, b, "changed", outage.String())
			becomes(t, b, "deleted", "")
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("after %s it took %s", outage, took)
			}
			must(t, a.Store(t.Context(), "deleted", []byte("1")))
			becomes(t, b, "deleted", "1")
		}
	})
}

// A router that was away for long knows versions whose numbers have been given anew since.
func TestAWriterWhoWasAwayDoesNotLoseItsWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		cut := newCut(s)
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: cut})
		run(t, a)
		must(t, b.Store(t.Context(), "key", []byte("old")))
		cut.off(true)
		for range 20 {
			must(t, a.Store(t.Context(), "key", []byte("newer")))
		}
		must(t, a.Delete(t.Context(), "key"))
		time.Sleep(time.Hour)
		must(t, a.Store(t.Context(), "key", []byte("again")))
		cut.off(false)
		must(t, b.Store(t.Context(), "key", []byte("last")))
		becomes(t, a, "key", "last")
	})
}

func TestAnEngineThatHalvesItsListsIsNotBelieved(t *testing.T) {
	e, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	store(t, v, "a", "x")
	run(t, v)
	e.Fault(embedded.Halve("/configs"))
	if _, err := v.Load(within(t), "b"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if got := load(t, v, "a"); got != "x" {
		t.Errorf("got %s", got)
	}
}

// A list of everything was made before what is stored while it is under way.
func TestWhatIsStoredDuringALookIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		v := open(t, Options{Configs: s})
		key := "0"
		for n := 0; v.seal.id(value, key)[0] == 'f'; n++ {
			key = fmt.Sprint(n)
		}
		lists := 0
		s.fail(func(_ context.Context, call string) error {
			if lists++; lists == len(shards) { // all parts but the last have been listed
				s.fail(nil)
				_, err := v.create(t.Context(), &record{kind: value, key: key, body: []byte("x")}, v.seal.id(value, key), 1)
				return err
			}
			return nil
		})
		must(t, v.catchUp(t.Context()))
		if !v.known.newest(v.seal.id(value, key)).there() {
			t.Error("it is forgotten")
		}
	})
}

// narrow is a way through which lists of what is new do not fit.
type narrow struct{ *shelf }

func (n narrow) ListConfigs(ctx context.Context, wanted swarm.ConfigFilter) ([]swarm.Config, error) {
	if wanted.Labels[LabelMade] != "" {
		return nil, errors.New("grpc: received message larger than max")
	}
	return n.shelf.ListConfigs(ctx, wanted)
}

func TestWhatIsTooMuchForOneListIsAskedForInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: narrow{s}})
		run(t, b)
		for n := range 5 {
			time.Sleep(10 * time.Second)
			must(t, a.Store(t.Context(), "key", fmt.Append(nil, n)))
			begun := time.Now()
			becomes(t, b, "key", fmt.Sprint(n))
			if late := time.Since(begun); late > 5*time.Second {
				t.Errorf("seen after %s", late)
			}
		}
	})
}
