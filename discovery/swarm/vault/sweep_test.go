package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestOldVersionsAreSweptAndTheNewestStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		run(t, a, b)
		for n := range 3 {
			must(t, a.Store(t.Context(), "key", fmt.Append(nil, n)))
		}
		time.Sleep(4 * time.Minute)
		if len(s.names()) != 3 {
			t.Errorf("too early there are %v", s.names())
		}
		time.Sleep(4 * time.Minute)
		if got := s.names(); len(got) != 1 || got[0] != configName(a.seal.id(value, "key"), 3) {
			t.Errorf("there are %v", got)
		}
		becomes(t, b, "key", "2")
		// What was replaced a moment ago stays, however old it is.
		time.Sleep(time.Hour)
		must(t, a.Store(t.Context(), "key", []byte("3")))
		time.Sleep(3 * time.Minute)
		if len(s.names()) != 2 {
			t.Errorf("there are %v", s.names())
		}
	})
}

func TestOfADeletedKeyNothingIsLeftAndItDoesNotComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		run(t, a, b)
		for n := range 3 {
			must(t, a.Store(t.Context(), "key", fmt.Append(nil, n)))
		}
		must(t, a.Delete(t.Context(), "key"))
		becomes(t, b, "key", "")
		for range 40 {
			time.Sleep(30 * time.Second)
			for _, v := range []*Vault{a, b} {
				if v.known.newest(v.seal.id(value, "key")).there() {
					t.Fatal("it came back")
				}
			}
		}
		if len(s.names()) != 0 || len(a.known.objects) != 0 || len(b.known.chains) != 0 {
			t.Errorf("%v is left", s.names())
		}
		must(t, b.Store(t.Context(), "key", []byte("again")))
		becomes(t, a, "key", "again")
	})
}

func TestADeletionIsNotSweptBeforeWhatItDeletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a := open(t, Options{Configs: s})
		must(t, a.Store(t.Context(), "key", []byte("x")))
		older := s.configs[configName(a.seal.id(value, "key"), 1)]
		must(t, a.Delete(t.Context(), "key"))
		s.edit(func(configs map[string]swarm.Config) { delete(configs, older.Name) })
		must(t, a.lookAtAll(t.Context()))
		time.Sleep(time.Hour)
		s.edit(func(configs map[string]swarm.Config) { configs[older.Name] = older }) // of which a does not know
		a.sweep(t.Context())
		if len(s.names()) != 2 {
			t.Errorf("there is %v", s.names())
		}
		if _, err := a.Load(t.Context(), "key"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLeasesOfTheDeadAreSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		must(t, a.Lock(t.Context(), "a"))
		must(t, b.Lock(t.Context(), "b"))
		a.Close()
		run(t, b)
		time.Sleep(time.Hour)
		if got := s.names(); len(got) != 1 {
			t.Errorf("there are %v", got)
		}
		must(t, b.Unlock(t.Context(), "b"))
	})
}

func TestWhatAnotherRouterSweptFirstIsNoTrouble(t *testing.T) {
	s := newShelf()
	a := open(t, Options{Configs: s})
	store(t, a, "key", "x")
	o := a.known.newest(a.seal.id(value, "key"))
	s.edit(func(configs map[string]swarm.Config) { clear(configs) })
	must(t, a.remove(within(t), o))
	if len(a.known.objects) > 0 {
		t.Error("it is still known")
	}
}

func TestAKeyThatIsBackIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a := open(t, Options{Configs: s})
		run(t, a)
		must(t, a.Store(t.Context(), "key", []byte("x")))
		must(t, a.Delete(t.Context(), "key"))
		time.Sleep(9 * time.Minute) // the deletion is alone
		must(t, a.Store(t.Context(), "key", []byte("back")))
		time.Sleep(3 * time.Minute)
		if got := s.names(); len(got) != 2 || load(t, a, "key") != "back" {
			t.Errorf("there is %v", got)
		}
	})
}

func TestAKeyThatIsWrittenAgainAndAgainTakesFewConfigs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a := open(t, Options{Configs: s})
		for n := range 1000 {
			must(t, a.Store(t.Context(), "key", fmt.Append(nil, n)))
		}
		if _, most := s.counts(); most > mostVersions+1 {
			t.Errorf("there were %d", most)
		}
	})
}

func TestWhatIsAnothersIsNotSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a := open(t, Options{Configs: s})
		run(t, a)
		id := a.seal.id(value, "key")
		s.edit(func(configs map[string]swarm.Config) {
			put(configs, configName(id, 1), []byte("x"))
			put(configs, configName(id, 2), []byte("x"))
			put(configs, swarm.OwnConfigs+"0", []byte("x"))
			configs["other"] = swarm.Config{ID: "other", Name: "other"}
		})
		time.Sleep(time.Hour)
		if len(s.names()) != 4 {
			t.Errorf("there is %v", s.names())
		}
	})
}

func TestManyLeftoversAreSweptBitByBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a := open(t, Options{Configs: s})
		for n := range 300 {
			must(t, a.Store(t.Context(), fmt.Sprint(n), nil))
			must(t, a.Delete(t.Context(), fmt.Sprint(n)))
		}
		run(t, open(t, Options{Configs: s}))
		time.Sleep(30 * time.Minute)
		if len(s.names()) != 0 {
			t.Errorf("%d are left", len(s.names()))
		}
	})
}

// What a router of 1,000 certificates, each with a key and a description, costs an engine and itself: the poll every two seconds, and
// the look at everything once a minute.
func BenchmarkRefreshOf1000Certificates(b *testing.B) {
	e := embedded.New(embedded.Options{})
	defer e.Close()
	endpoint, err := e.ListenUnix(filepath.Join(b.TempDir(), "docker.sock"))
	must(b, err)
	v := dial(b, endpoint, Options{})
	must(b, v.catchUp(b.Context()))
	old := make([]byte, 4000)
	for n := range 1000 {
		for _, part := range []struct {
			name string
			size int
		}{{"crt", 4000}, {"key", 230}, {"json", 1000}} {
			r := &record{kind: value, key: fmt.Sprintf("certificates/ca/site%d/%s", n, part.name), body: old[:part.size]}
			name := configName(v.seal.id(value, r.key), 1)
			labels := map[string]string{LabelVault: "default", LabelMade: "1"}
			_, err := v.options.Configs.CreateConfig(b.Context(), name, labels, v.seal.close(r, name))
			must(b, err)
		}
	}
	b.Run("poll", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, v.lookAtNew(b.Context(), v.pieces(time.Now())))
		}
	})
	b.Run("everything", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, v.lookAtAll(b.Context()))
		}
	})
}
