package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// A raft is configs in memory, by the rules of swarm's.
type raft struct {
	mu    sync.Mutex
	list  []swarm.Config
	index uint64
	hints map[int]func()
	down  error
}

func (r *raft) Configs(_ context.Context, _, prefix string) (list []swarm.Config, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.list {
		if strings.HasPrefix(c.Name, prefix) {
			c.Labels = maps.Clone(c.Labels)
			list = append(list, c)
		}
	}
	return list, r.down
}

func (r *raft) change(do func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return r.down
	}
	r.index++
	err := do()
	for _, hint := range r.hints {
		hint()
	}
	return err
}

func (r *raft) at(is func(swarm.Config) bool) int { return slices.IndexFunc(r.list, is) }

func (r *raft) CreateConfig(_ context.Context, c swarm.Config) error {
	return r.change(func() error {
		if r.at(func(o swarm.Config) bool { return o.Name == c.Name }) >= 0 {
			return swarm.ErrConfigExists
		}
		c.ID, c.Version = fmt.Sprint("id", r.index), r.index
		r.list = append(r.list, c)
		return nil
	})
}

func (r *raft) RelabelConfig(_ context.Context, c swarm.Config) error {
	return r.change(func() error {
		at := r.at(func(o swarm.Config) bool { return o.ID == c.ID && o.Version == c.Version })
		if at < 0 {
			return swarm.ErrConfigChanged
		}
		r.list[at].Labels, r.list[at].Version = c.Labels, r.index
		return nil
	})
}

func (r *raft) RemoveConfig(_ context.Context, id string) error {
	return r.change(func() error {
		r.list = slices.DeleteFunc(r.list, func(o swarm.Config) bool { return o.ID == id })
		return nil
	})
}

func (r *raft) ConfigHints(ctx context.Context, hint func()) error {
	r.mu.Lock()
	r.index++
	number := int(r.index)
	if r.hints == nil {
		r.hints = map[int]func(){}
	}
	r.hints[number] = hint
	r.mu.Unlock()
	hint()
	<-ctx.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hints, number)
	return ctx.Err()
}

var secret = [32]byte{1, 2, 3}

func vaults(t *testing.T, configs Configs, n int) (list []*Vault) {
	for range n {
		list = append(list, New(Options{Configs: configs, Key: secret}))
	}
	return list
}

// running has a vault run until the test's end.
func running(t *testing.T, v *Vault) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, v *Vault, key, want string) {
	t.Helper()
	got, err := v.Load(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v; want %q", key, got, err, want)
	}
}

func missing(t *testing.T, v *Vault, key string) {
	t.Helper()
	if got, err := v.Load(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: got %q, %v", key, got, err)
	}
}

func TestWhatOneRouterStoresTheOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		all := vaults(t, swarm, 3)
		for _, v := range all {
			running(t, v)
		}
		must(t, all[0].Store(t.Context(), "certs/a.com", []byte("one")))
		holds(t, all[1], "certs/a.com", "one") // what is new is there at once
		must(t, all[1].Store(t.Context(), "certs/a.com", []byte("two")))
		time.Sleep(time.Second)
		for _, v := range all {
			holds(t, v, "certs/a.com", "two")
		}
		if n := len(swarm.list); n != 1 {
			t.Errorf("%d configs for one value", n)
		}
		changed := all[0].Changed()
		must(t, all[2].Delete(t.Context(), "certs/a.com"))
		<-changed
		time.Sleep(time.Second)
		for _, v := range all {
			missing(t, v, "certs/a.com")
		}
	})
}

func TestOfTwoWritersAtOnceBothAreKeptInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		all := vaults(t, swarm, 8)
		var writers sync.WaitGroup
		for i, v := range all {
			must(t, v.refresh(t.Context())) // all think that there is none
			writers.Go(func() { must(t, v.Store(t.Context(), "key", fmt.Append(nil, i))) })
		}
		writers.Wait()
		time.Sleep(time.Minute)
		must(t, all[0].refresh(t.Context()))
		first, err := all[0].Load(t.Context(), "key")
		must(t, err)
		for _, v := range all {
			must(t, v.refresh(t.Context()))
			holds(t, v, "key", string(first))
		}
		all[0].sweep(t.Context())
		if n := len(swarm.list); n != 1 {
			t.Errorf("%d configs for one value", n)
		}
	})
}

func TestKeysAreListedByTheStepsOfTheirPaths(t *testing.T) {
	v := vaults(t, &raft{}, 1)[0]
	for _, key := range []string{"a/b/c", "a/b/d", "a/e", "ab/f"} {
		must(t, v.Store(t.Context(), key, []byte(key)))
	}
	for _, row := range []struct {
		path      string
		recursive bool
		want      []string
	}{
		{"a", true, []string{"a/b/c", "a/b/d", "a/e"}},
		{"a", false, []string{"a/b", "a/e"}},
		{"a/b", false, []string{"a/b/c", "a/b/d"}},
		{"", false, []string{"a", "ab"}},
		{"a/e", true, nil},
		{"x", true, nil},
	} {
		got, err := v.List(t.Context(), row.path, row.recursive)
		if !slices.Equal(got, row.want) || (err != nil) != (row.want == nil) {
			t.Errorf("%q %v: got %q, %v", row.path, row.recursive, got, err)
		}
	}
	if info, err := v.Stat(t.Context(), "a/b"); err != nil || info.IsTerminal {
		t.Errorf("a step of paths: %v, %v", info, err)
	}
	if info, err := v.Stat(t.Context(), "a/e"); err != nil || !info.IsTerminal || info.Size != 3 {
		t.Errorf("a value: %v, %v", info, err)
	}
	must(t, v.Delete(t.Context(), "a/b"))
	if keys := v.below(""); !slices.Equal(keys, []string{"a/e", "ab/f"}) {
		t.Errorf("left are %q", keys)
	}
}

func TestNobodySeesWhatIsKeptOrWhose(t *testing.T) {
	swarm := &raft{}
	v := vaults(t, swarm, 1)[0]
	must(t, v.Store(t.Context(), "certs/secret.example.com", []byte("a private key")))
	all := fmt.Sprintf("%s %q %v", swarm.list[0].Name, swarm.list[0].Data, swarm.list[0].Labels)
	for _, word := range []string{"secret.example", "private"} {
		if strings.Contains(all, word) {
			t.Errorf("%q shows in %s", word, all)
		}
	}
}

// A router with the wrong secret must not think that nothing was ordered yet.
func TestWhatCannotBeOpenedIsNotTakenForMissing(t *testing.T) {
	for name, spoil := range map[string]func(*swarm.Config){
		"another secret": func(c *swarm.Config) {
			other := newSeal([32]byte{9})
			c.Name = versioned(other.name("key"), 1)
			c.Data = other.close(c.Name, "key", time.Now(), []byte("x"))
		},
		"a changed byte":  func(c *swarm.Config) { c.Data = slices.Clone(c.Data); c.Data[len(c.Data)-1] ^= 1 },
		"a cut end":       func(c *swarm.Config) { c.Data = c.Data[:7] },
		"another's name":  func(c *swarm.Config) { c.Name = versioned(newSeal(secret).name("other"), 1) },
		"another version": func(c *swarm.Config) { c.Name = strings.TrimSuffix(c.Name, "1") + "2" },
	} {
		swarm := &raft{}
		must(t, vaults(t, swarm, 1)[0].Store(t.Context(), "key", []byte("value")))
		spoil(&swarm.list[0])
		v := vaults(t, swarm, 1)[0]
		if got, err := v.Load(t.Context(), "key"); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: load got %q, %v", name, got, err)
		}
		if err := v.Store(t.Context(), "new", []byte("x")); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: store got %v", name, err)
		}
		if err := v.Lock(withDeadline(t), "lock"); err == nil {
			t.Errorf("%s: a lock was given", name)
		}
	}
}

func withDeadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestALockIsHeldByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		var holders, most int
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, v := range vaults(t, swarm, 4) {
			for range 3 {
				all.Go(func() {
					must(t, v.Lock(t.Context(), "lock"))
					mu.Lock()
					holders++
					most = max(most, holders)
					mu.Unlock()
					time.Sleep(2 * leaseLife) // longer than a lease that nobody renews
					mu.Lock()
					holders--
					mu.Unlock()
					must(t, v.Unlock(t.Context(), "lock"))
				})
			}
		}
		all.Wait()
		if most != 1 {
			t.Errorf("%d held it at once", most)
		}
		if n := len(swarm.list); n != 0 {
			t.Errorf("%d configs are left", n)
		}
	})
}

func TestTheLockOfARouterThatDiedIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		all := vaults(t, swarm, 3)
		must(t, all[0].Lock(t.Context(), "lock"))
		all[0].held["lock"].lose(nil) // it renews no more, and says nothing
		began := time.Now()
		var got int
		var others sync.WaitGroup
		for _, v := range all[1:] {
			others.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*leaseLife)
				defer cancel()
				if v.Lock(ctx, "lock") == nil {
					got++
				}
			})
		}
		others.Wait()
		if took := time.Since(began); got != 1 || took < leaseLife {
			t.Errorf("%d took it over, after %v", got, took)
		}
		for _, v := range all[1:] {
			if v.held["lock"] != nil {
				must(t, v.Unlock(t.Context(), "lock"))
			}
		}
	})
}

func TestWhoCannotRenewALockLosesItBeforeAnotherGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		all := vaults(t, swarm, 2)
		must(t, all[0].Lock(t.Context(), "lock"))
		lost := all[0].Lost("lock")
		cut := &severed{raft: swarm}
		all[0].configs = cut // its manager is on the other side of a broken network
		must(t, all[1].Lock(t.Context(), "lock"))
		select {
		case <-lost:
		default:
			t.Error("two hold it")
		}
		if err := all[0].Unlock(t.Context(), "lock"); !errors.Is(err, ErrLost) {
			t.Errorf("what was lost is released: %v", err)
		}
		must(t, all[1].Unlock(t.Context(), "lock"))
	})
}

// severed answers nothing.
type severed struct{ *raft }

func (s *severed) Configs(ctx context.Context, _, _ string) ([]swarm.Config, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
func (s *severed) RelabelConfig(ctx context.Context, _ swarm.Config) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatACrashLeavesBehindIsSweptAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		swarm := &raft{}
		all := vaults(t, swarm, 2)
		must(t, all[0].Lock(t.Context(), "lock"))
		all[0].held["lock"].lose(nil)
		must(t, all[0].Store(t.Context(), "key", []byte("one")))
		older := swarm.list[1]
		must(t, all[0].Store(t.Context(), "key", []byte("two")))
		swarm.list = append(swarm.list, older) // its writer did not come to remove it
		running(t, all[1])
		time.Sleep(5 * time.Minute)
		swarm.mu.Lock()
		if n := len(swarm.list); n != 1 {
			t.Errorf("%d configs are left", n)
		}
		swarm.mu.Unlock()
		holds(t, all[1], "key", "two")
	})
}

// With a real client over a real socket, the engine's faults included.
func TestTheEngineMayFailAndReadsGoOn(t *testing.T) {
	engine := embedded.New(embedded.Options{})
	defer engine.Close()
	endpoint, err := engine.ListenUnix(filepath.Join(t.TempDir(), "docker.sock"))
	must(t, err)
	dial := func() *Vault {
		client, err := swarm.Dial(swarm.Options{Endpoint: endpoint, Timeout: 300 * time.Millisecond})
		must(t, err)
		t.Cleanup(client.Close)
		return vaults(t, client, 1)[0]
	}
	one, two := dial(), dial()
	running(t, two)
	must(t, one.Lock(t.Context(), "lock"))
	must(t, one.Store(t.Context(), "key", bytes.Repeat([]byte("x"), 100_000)))
	must(t, one.Store(t.Context(), "key", []byte("value")))
	must(t, one.Unlock(t.Context(), "lock"))
	for changed := two.Changed(); ; changed = two.Changed() {
		if one := two.known("key"); one != nil && string(one.data) == "value" {
			break
		}
		<-changed
	}
	defer engine.Fault()
	for name, fault := range map[string]embedded.Fault{
		"an error": embedded.Refuse("", http.StatusInternalServerError, "no"), "no answer": embedded.Hang(""), "half an answer": embedded.Cut(""),
		"no leader": embedded.NoLeader(), "nonsense": embedded.Garble("/configs"), "nothing": embedded.Null("/configs"),
	} {
		engine.Fault(fault)
		holds(t, two, "key", "value")
		if _, err := two.Load(t.Context(), "other"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: what is not known is said to be %v", name, err)
		}
		if name == "nothing" { // which is no list, but may be an answer
			continue
		}
		if err := two.Store(t.Context(), "key", []byte("new")); err == nil {
			t.Errorf("%s: a value was stored", name)
		}
	}
	engine.Fault()
	must(t, one.Delete(t.Context(), "key"))
	must(t, two.Lock(t.Context(), "lock"))
	missing(t, two, "key")
	must(t, two.Unlock(t.Context(), "lock"))
	if n := engine.Configs(); n != 0 {
		t.Errorf("%d configs are left", n)
	}
}

// The end of Run may not wait for an engine that does not answer.
func TestRunEndsWhileTheEngineHangs(t *testing.T) {
	engine := embedded.New(embedded.Options{})
	defer engine.Close()
	endpoint, err := engine.ListenUnix(filepath.Join(t.TempDir(), "docker.sock"))
	must(t, err)
	hung := make(chan struct{}, 16)
	engine.Fault(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			hung <- struct{}{}
			<-r.Context().Done()
		})
	})
	client, err := swarm.Dial(swarm.Options{Endpoint: endpoint})
	must(t, err)
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		vaults(t, client, 1)[0].Run(ctx)
	}()
	<-hung
	cancel()
	<-ended
}

func BenchmarkALookAtAThousandValues(b *testing.B) {
	swarm := &raft{}
	v := New(Options{Configs: swarm, Key: secret})
	for i := range 1000 {
		if err := v.Store(b.Context(), fmt.Sprint("key", i), make([]byte, 6000)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := v.refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
