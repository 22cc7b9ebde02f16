package vault

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/discovery/swarm"
)

func TestConfigsTellNeitherKeysNorValues(t *testing.T) {
	s := newShelf()
	v := open(t, Options{Configs: s})
	store(t, v, "certificates/secret.litup.me.key", "-----BEGIN PRIVATE KEY-----")
	must(t, v.Lock(within(t), "lock-of-secret.litup.me"))
	for name, c := range s.configs {
		if len(name) > 64 || !strings.HasPrefix(name, "appia-vault-") || c.Labels[LabelVault] != "default" {
			t.Errorf("%s %v", name, c.Labels)
		}
		for _, text := range []string{"litup", "PRIVATE", "certificates"} {
			if strings.Contains(name, text) || bytes.Contains(c.Data, []byte(text)) {
				t.Errorf("%s tells %s", name, text)
			}
		}
	}
	store(t, v, "other", "-----BEGIN PRIVATE KEY-----")
	if a, b := s.configs[configName(v.seal.id(value, "certificates/secret.litup.me.key"), 1)], s.configs[configName(v.seal.id(value, "other"), 1)]; bytes.Equal(a.Data[9:], b.Data[9:]) {
		t.Error("the same value looks the same")
	}
}

func TestNamesAreAsSwarmWantsThem(t *testing.T) {
	id := newSealer(secret, "default").id(value, "k")
	longest := configName(id, 1<<63-1)
	if len(longest) > 64 {
		t.Errorf("%s has %d characters", longest, len(longest))
	}
	for name, want := range map[string]bool{
		longest: true, configName(id, 1): true,
		configName(id, 0): false, swarm.OwnConfigs + id + "-01": false, swarm.OwnConfigs + id: false, id + "-1": false,
		swarm.OwnConfigs + id[1:] + "-1": false, configName(id, -1): false, longest + "0": false, swarm.OwnConfigs + id + "-+1": false,
	} {
		if got, version, ok := parseName(name); ok != want || ok && (got != id || configName(got, version) != name) {
			t.Errorf("%s: %s %d %v", name, got, version, ok)
		}
	}
}

func TestAConfigThatWasTamperedWithDoesNotOpen(t *testing.T) {
	v := open(t, Options{Configs: newShelf()})
	at := func(key string, version int64) string { return configName(v.seal.id(value, key), version) }
	for _, c := range []struct {
		what   string
		tamper func(configs map[string]swarm.Config)
	}{
		{"a bit of it", func(configs map[string]swarm.Config) { configs[at("a", 1)].Data[40] ^= 1 }},
		{"its end cut off", func(configs map[string]swarm.Config) { put(configs, at("a", 1), configs[at("a", 1)].Data[:20]) }},
		{"another key's data", func(configs map[string]swarm.Config) { put(configs, at("a", 1), configs[at("b", 1)].Data) }},
		{"an old version as a new one", func(configs map[string]swarm.Config) { put(configs, at("a", 2), configs[at("a", 1)].Data) }},
		{"a lock as a value", func(configs map[string]swarm.Config) {
			put(configs, at("a", 2), configs[configName(v.seal.id(lease, "a"), 1)].Data)
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newShelf()
			writer, reader := open(t, Options{Configs: s}), open(t, Options{Configs: s})
			store(t, writer, "a", strings.Repeat("a", 100))
			store(t, writer, "b", strings.Repeat("b", 100))
			must(t, writer.Lock(within(t), "a"))
			s.edit(c.tamper)
			_, err := reader.Load(within(t), "a")
			if !errors.Is(err, ErrSealed) || !errors.Is(err, errForged) || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), v.seal.id(value, "a")) {
				t.Errorf("got %v", err)
			}
			if _, err := reader.List(within(t), "", true); !errors.Is(err, ErrSealed) {
				t.Errorf("list: %v", err)
			}
			if err := reader.Store(within(t), "a", []byte("x")); !errors.Is(err, ErrSealed) {
				t.Errorf("store: %v", err)
			}
			// What is not concerned goes on.
			if got := load(t, reader, "b"); got != strings.Repeat("b", 100) {
				t.Errorf("b is %s", got)
			}
			if _, err := reader.Load(within(t), "c"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("c: %v", err)
			}
			store(t, reader, "b", "x")
		})
	}
}

func put(configs map[string]swarm.Config, name string, data []byte) {
	configs[name] = swarm.Config{ID: "forged " + name, Name: name, Labels: map[string]string{LabelVault: "default", LabelMade: "1"}, Data: data}
}

// A config's data cannot be changed, but who may use the engine can remove one and make another of the same name.
func TestAConfigThatWasReplacedIsSeenToBe(t *testing.T) {
	s := newShelf()
	v := open(t, Options{Configs: s})
	store(t, v, "a", "x")
	s.edit(func(configs map[string]swarm.Config) {
		name := configName(v.seal.id(value, "a"), 1)
		labels := configs[name].Labels
		configs[name] = swarm.Config{ID: "another", Name: name, Labels: labels, Data: []byte("forged")}
	})
	must(t, v.catchUp(within(t)))
	if _, err := v.Load(within(t), "a"); !errors.Is(err, ErrSealed) {
		t.Errorf("got %v", err)
	}
	if len(v.known.objects) != 1 {
		t.Errorf("%d are known", len(v.known.objects))
	}
}

// A router with a wrong secret must not take the vault for an empty one.
func TestAWrongSecretIsSaidAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		right, wrong := open(t, Options{Configs: s}), open(t, Options{Configs: s, Key: [32]byte{9}})
		must(t, right.Store(t.Context(), "a/b", []byte("x")))
		before := s.names()
		for _, key := range []string{"a/b", "a", "c"} {
			if _, err := wrong.Load(t.Context(), key); !errors.Is(err, ErrSealed) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("load %s: %v", key, err)
			}
			if _, err := wrong.Stat(t.Context(), key); !errors.Is(err, ErrSealed) {
				t.Errorf("stat %s: %v", key, err)
			}
			if err := wrong.Store(t.Context(), key, []byte("y")); !errors.Is(err, ErrSealed) {
				t.Errorf("store %s: %v", key, err)
			}
			if err := wrong.Delete(t.Context(), key); !errors.Is(err, ErrSealed) {
				t.Errorf("delete %s: %v", key, err)
			}
			if err := wrong.Lock(t.Context(), key); !errors.Is(err, ErrSealed) {
				t.Errorf("lock %s: %v", key, err)
			}
		}
		for _, prefix := range []string{"", "a", "c"} {
			if _, err := wrong.List(t.Context(), prefix, false); !errors.Is(err, ErrSealed) {
				t.Errorf("list %s: %v", prefix, err)
			}
		}
		run(t, wrong)
		time.Sleep(time.Hour)
		if got := s.names(); strings.Join(got, " ") != strings.Join(before, " ") {
			t.Errorf("there is %v, and was %v", got, before)
		}
	})
}

// Two vaults of other names do not meet, so that they may have other secrets.
func TestVaultsOfOtherNamesDoNotMeet(t *testing.T) {
	s := newShelf()
	a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s, Key: [32]byte{9}, Name: "staging"})
	store(t, a, "key", "a")
	if _, err := b.Load(within(t), "key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	store(t, b, "key", "b")
	store(t, open(t, Options{Configs: s, Name: "test"}), "key", "c") // with the same secret
	for v, want := range map[*Vault]string{a: "a", b: "b"} {
		must(t, v.catchUp(within(t)))
		if got := load(t, v, "key"); got != want {
			t.Errorf("got %s", got)
		}
	}
}

func TestTheLogSaysOnceThatSomethingDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		core, lines := observer.New(zap.InfoLevel)
		right, wrong := open(t, Options{Configs: s}), open(t, Options{Configs: s, Key: [32]byte{9}, Log: zap.New(core)})
		must(t, right.Store(t.Context(), "a", []byte("x")))
		must(t, right.Store(t.Context(), "b", []byte("x")))
		run(t, wrong)
		time.Sleep(10 * time.Minute)
		if got := lines.FilterLevelExact(zap.ErrorLevel).Len(); got != 1 || lines.Len() != 1 {
			t.Errorf("%d lines: %v", lines.Len(), lines.All())
		}
		s.edit(func(configs map[string]swarm.Config) { clear(configs) })
		time.Sleep(10 * time.Minute)
		if lines.Len() != 2 {
			t.Errorf("%d lines: %v", lines.Len(), lines.All())
		}
		must(t, wrong.Store(t.Context(), "a", []byte("new"))) // all is well again
	})
}

func FuzzOpen(f *testing.F) {
	s := newSealer(secret, "default")
	name := configName(s.id(value, "key"), 1)
	sealed := s.close(&record{kind: value, key: "key", body: []byte("body")}, name)
	f.Add(name, sealed)
	f.Add("x", []byte{})
	f.Fuzz(func(t *testing.T, other string, data []byte) {
		r, err := s.open(other, data)
		if err == nil && (other != name || r.key != "key" || string(r.body) != "body") { // the nonce is another in each process
			t.Errorf("%s opens as %v", other, r)
		}
		if r, err := s.parse(name, data); err == nil && s.id(r.kind, r.key) != s.id(value, "key") {
			t.Errorf("%v is taken for another key", r)
		}
	})
}
