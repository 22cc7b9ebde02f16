package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
)

func TestWhatOneRouterStoresAllLoad(t *testing.T) {
	_, endpoint := raise(t)
	a, b, c := dial(t, endpoint, Options{}), dial(t, endpoint, Options{}), dial(t, endpoint, Options{})
	store(t, a, "certificates/ca/litup.me/litup.me.crt", "first")
	for _, v := range []*Vault{a, b, c} {
		if got := load(t, v, "certificates/ca/litup.me/litup.me.crt"); got != "first" {
			t.Errorf("got %q", got)
		}
	}
	run(t, a, b, c)
	store(t, b, "certificates/ca/litup.me/litup.me.crt", "second")
	for _, v := range []*Vault{a, b, c} {
		becomes(t, v, "certificates/ca/litup.me/litup.me.crt", "second")
	}
	must(t, c.Delete(within(t), "certificates/ca/litup.me/litup.me.crt"))
	for _, v := range []*Vault{a, b, c} {
		becomes(t, v, "certificates/ca/litup.me/litup.me.crt", "")
		if _, err := v.Load(within(t), "certificates/ca/litup.me/litup.me.crt"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
	store(t, a, "certificates/ca/litup.me/litup.me.crt", "third")
	becomes(t, b, "certificates/ca/litup.me/litup.me.crt", "third")
}

func TestEachVersionHasOneWriterAndAllRoutersAgreeOnTheLast(t *testing.T) {
	_, endpoint := raise(t)
	vaults := []*Vault{dial(t, endpoint, Options{}), dial(t, endpoint, Options{}), dial(t, endpoint, Options{})}
	var writers sync.WaitGroup
	for n, v := range vaults {
		writers.Go(func() {
			for i := range 5 {
				if err := v.Store(within(t), "key", fmt.Append(nil, n, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	run(t, vaults...)
	last := vaults[0].known.newest(vaults[0].seal.id(value, "key"))
	if err := vaults[0].catchUp(within(t)); err != nil {
		t.Fatal(err)
	}
	last = vaults[0].known.newest(last.id)
	if last.version != 15 {
		t.Errorf("15 writes made %d versions", last.version)
	}
	for _, v := range vaults {
		becomes(t, v, "key", string(last.body))
	}
}

func TestOfTwoWhoMakeTheSameVersionOneIsRefused(t *testing.T) {
	_, endpoint := raise(t)
	vaults := []*Vault{dial(t, endpoint, Options{}), dial(t, endpoint, Options{}), dial(t, endpoint, Options{})}
	won, refused := make(chan int, 3), make(chan error, 3)
	var writers sync.WaitGroup
	for n, v := range vaults {
		writers.Go(func() {
			r := &record{kind: value, key: "key", body: fmt.Append(nil, n)}
			if _, err := v.create(within(t), r, v.seal.id(value, "key"), 7); err != nil {
				refused <- err
				return
			}
			won <- n
		})
	}
	writers.Wait()
	if len(won) != 1 || len(refused) != 2 {
		t.Fatalf("%d won", len(won))
	}
	for range 2 {
		if err := <-refused; !errors.Is(err, swarm.ErrConfigExists) {
			t.Error(err)
		}
	}
	winner := fmt.Sprint(<-won)
	for _, v := range vaults {
		if got := load(t, v, "key"); got != winner {
			t.Errorf("got %s, want %s", got, winner)
		}
	}
}

func TestAKeyThatDoesNotExistIsSaidNotTo(t *testing.T) {
	_, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	if _, err := v.Load(within(t), "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("load: %v", err)
	}
	if _, err := v.Stat(within(t), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stat: %v", err)
	}
	if _, err := v.List(within(t), "a", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list: %v", err)
	}
	if list, err := v.List(within(t), "", true); len(list) != 0 || err != nil {
		t.Errorf("list of all: %v %v", list, err)
	}
	if v.Exists(within(t), "a/b") {
		t.Error("it exists")
	}
	must(t, v.Delete(within(t), "a/b"))
}

func TestKeysAreListedLikeFilesInFolders(t *testing.T) {
	_, endpoint := raise(t)
	v, other := dial(t, endpoint, Options{}), dial(t, endpoint, Options{})
	for _, key := range []string{"acme/ca/sites/a/a.crt", "acme/ca/sites/a/a.key", "acme/ca/sites/ab/ab.crt", "acme/ca/users.json", "/locks/x/", "acme2/y"} {
		store(t, v, key, key)
	}
	for _, c := range []struct {
		prefix    string
		recursive bool
		want      string
	}{
		{"", false, "acme acme2 locks"},
		{"acme", false, "acme/ca"},
		{"acme/ca", false, "acme/ca/sites acme/ca/users.json"},
		{"/acme/ca/", false, "acme/ca/sites acme/ca/users.json"},
		{"acme/ca/sites/a", false, "acme/ca/sites/a/a.crt acme/ca/sites/a/a.key"},
		{"acme/ca", true, "acme/ca/sites/a/a.crt acme/ca/sites/a/a.key acme/ca/sites/ab/ab.crt acme/ca/users.json"},
		{"", true, "acme/ca/sites/a/a.crt acme/ca/sites/a/a.key acme/ca/sites/ab/ab.crt acme/ca/users.json acme2/y locks/x"},
	} {
		got, err := other.List(within(t), c.prefix, c.recursive)
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%q %v: got %v, %v", c.prefix, c.recursive, got, err)
		}
	}
	if got, err := other.List(within(t), "acme/ca/users.json", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, %v below a value", got, err)
	}
}

func TestStatTellsValuesFromTheBeginningsOfKeys(t *testing.T) {
	_, endpoint := raise(t)
	v, other := dial(t, endpoint, Options{}), dial(t, endpoint, Options{})
	before := time.Now().Add(-time.Second)
	store(t, v, "a/b/c", "12345")
	for _, key := range []string{"a", "a/b", "/a/b/"} {
		info, err := other.Stat(within(t), key)
		if err != nil || info.IsTerminal || info.Key != strings.Trim(key, "/") || !other.Exists(within(t), key) {
			t.Errorf("%s: %+v %v", key, info, err)
		}
	}
	info, err := other.Stat(within(t), "a/b/c")
	if err != nil || !info.IsTerminal || info.Size != 5 || info.Modified.Before(before) || info.Key != "a/b/c" {
		t.Errorf("%+v %v", info, err)
	}
	if own, err := v.Stat(within(t), "a/b/c"); err != nil || !own.Modified.Equal(info.Modified) {
		t.Errorf("the writer says %v, a reader %v", own.Modified, info.Modified)
	}
}

func TestDeletingTheBeginningOfKeysDeletesThemAll(t *testing.T) {
	_, endpoint := raise(t)
	v, other := dial(t, endpoint, Options{}), dial(t, endpoint, Options{})
	for _, key := range []string{"a", "a/b", "a/c/d", "ab"} {
		store(t, v, key, key)
	}
	must(t, other.Delete(within(t), "a"))
	must(t, v.catchUp(within(t)))
	if got, err := v.List(within(t), "", true); err != nil || !slices.Equal(got, []string{"ab"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestValuesThatAreTooLargeAndKeysThatAreNoneAreRefused(t *testing.T) {
	_, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	if err := v.Store(within(t), "key", make([]byte, Largest+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	must(t, v.Store(within(t), "key", make([]byte, Largest)))
	must(t, v.Store(within(t), "empty", nil))
	if got := load(t, dial(t, endpoint, Options{}), "empty"); got != "" {
		t.Errorf("got %q", got)
	}
	for _, key := range []string{"", "/", strings.Repeat("k", 2000)} {
		if err := v.Store(within(t), key, nil); !errors.Is(err, ErrBadKey) {
			t.Errorf("%.20q: got %v", key, err)
		}
		if _, err := v.Load(within(t), key); !errors.Is(err, ErrBadKey) {
			t.Errorf("%.20q: got %v", key, err)
		}
	}
}

func TestWhatIsLoadedIsTheCallersToChange(t *testing.T) {
	_, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	body := []byte("good")
	must(t, v.Store(within(t), "key", body))
	body[0] = 'f'
	got, err := v.Load(within(t), "key")
	must(t, err)
	got[1] = 'a'
	if got := load(t, v, "key"); got != "good" {
		t.Errorf("got %s", got)
	}
}

// The poll is of what is new alone: it has to find everything that changes all the same.
func TestChangesAreSeenByOthersAfterAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		run(t, b)
		for n := range 400 { // for a while, over many a stretch
			want := fmt.Sprint(n)
			if n%7 == 6 {
				want = ""
				must(t, a.Delete(t.Context(), "key"))
			} else {
				must(t, a.Store(t.Context(), "key", []byte(want)))
			}
			begun := time.Now()
			becomes(t, b, "key", want)
			if late := time.Since(begun); late > 2200*time.Millisecond {
				t.Fatalf("change %d was seen after %s", n, late)
			}
			time.Sleep(time.Duration(n) * 101 * time.Millisecond)
		}
	})
}

// What was made by a clock that is far off, and what an operator removes, is in no look at what is new.
func TestNothingIsOverlookedForLongerThanAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		run(t, b)
		must(t, b.Store(t.Context(), "removed", []byte("x")))
		time.Sleep(time.Hour)
		must(t, a.Store(t.Context(), "late", []byte("x")))
		s.edit(func(configs map[string]swarm.Config) {
			delete(configs, configName(a.seal.id(value, "removed"), 1))
			name := configName(a.seal.id(value, "late"), 1)
			configs[name].Labels[LabelMade] = "12345"
		})
		time.Sleep(wholeAfter + 3*time.Second)
		becomes(t, b, "late", "x")
		becomes(t, b, "removed", "")
	})
}

func TestManyWhoAskForWhatIsNotThereShareALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		v := open(t, Options{Configs: s})
		must(t, v.catchUp(t.Context()))
		before := s.lists
		s.fail(func(ctx context.Context, _ string) error { return sleep(ctx, 100*time.Millisecond) })
		var askers sync.WaitGroup
		for n := range 1000 {
			askers.Go(func() {
				if _, err := v.Load(t.Context(), fmt.Sprint(n)); !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
			})
		}
		askers.Wait()
		if asked := s.lists - before; asked > 4 { // two looks, each of two stretches at most
			t.Errorf("the engine was asked %d times", asked)
		}
	})
}

func TestChangedTellsOfValuesAndNotOfLocks(t *testing.T) {
	_, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	must(t, v.catchUp(within(t)))
	changed := v.Changed()
	must(t, v.Lock(within(t), "lock"))
	must(t, v.Unlock(within(t), "lock"))
	select {
	case <-changed:
		t.Error("a lock is no change")
	default:
	}
	store(t, v, "key", "x")
	<-changed
}
