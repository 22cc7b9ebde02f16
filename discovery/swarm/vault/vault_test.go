package vault

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

var secret = [32]byte{1, 2, 3}

// within is a deadline for what should not take any time: reaching it fails the test, it never decides one.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// raise starts an engine in miniature on a socket.
func raise(t testing.TB) (*embedded.Engine, string) {
	t.Helper()
	e := embedded.New(embedded.Options{})
	t.Cleanup(e.Close)
	endpoint, err := e.ListenUnix(filepath.Join(t.TempDir(), "docker.sock"))
	must(t, err)
	return e, endpoint
}

// dial makes a vault with a docker client of its own, as another router has. It is in a hurry, unless o says otherwise.
func dial(t testing.TB, endpoint string, o Options) *Vault {
	t.Helper()
	c, err := swarm.Dial(swarm.Options{Endpoint: endpoint, Self: func() []string { return nil }})
	must(t, err)
	t.Cleanup(c.Close)
	o.Configs = c
	if o.Poll == 0 {
		o.Poll = 10 * time.Millisecond
	}
	return open(t, o)
}

func open(t testing.TB, o Options) *Vault {
	t.Helper()
	if o.Key == [32]byte{} {
		o.Key = secret
	}
	v := New(o)
	t.Cleanup(v.Close)
	return v
}

// run runs vaults until the test ends.
func run(t testing.TB, vaults ...*Vault) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, v := range vaults {
		running.Go(func() { v.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); running.Wait() })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func store(t testing.TB, v *Vault, key, body string) {
	t.Helper()
	must(t, v.Store(within(t), key, []byte(body)))
}

func load(t testing.TB, v *Vault, key string) string {
	t.Helper()
	body, err := v.Load(within(t), key)
	must(t, err)
	return string(body)
}

// becomes waits until a router sees a value; "" is that there is none.
func becomes(t testing.TB, v *Vault, key, want string) {
	t.Helper()
	for ctx := within(t); ; {
		changed := v.Changed()
		got := ""
		if o := v.known.newest(v.seal.id(value, key)); o.there() {
			got = string(o.body)
		}
		if got == want {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%s is %q, not %q", key, got, want)
		}
	}
}

// A shelf is where configs are in tests of time, which have no sockets.
type shelf struct {
	mu      sync.Mutex
	made    int
	configs map[string]swarm.Config // by name
	lists   int
	largest int
	fault   func(ctx context.Context, call string) error // before each call; nil: none
	late    func(call string) error                      // after it was done
}

func newShelf() *shelf { return &shelf{configs: map[string]swarm.Config{}} }

func (s *shelf) fail(fault func(ctx context.Context, call string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// begin is each call's beginning, after which the shelf is locked, if there was no error.
func (s *shelf) begin(ctx context.Context, call string) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		if err := fault(ctx, call); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	return nil
}

func (s *shelf) end(call string) error {
	if s.late == nil {
		return nil
	}
	return s.late(call)
}

func (s *shelf) ListConfigs(ctx context.Context, wanted swarm.ConfigFilter) (list []swarm.Config, err error) {
	if err := s.begin(ctx, "list"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.lists++
	for c := range maps.Values(s.configs) {
		if meant(wanted, c) {
			list = append(list, c)
		}
	}
	return list, s.end("list")
}

func meant(wanted swarm.ConfigFilter, c swarm.Config) bool {
	for name, value := range wanted.Labels {
		if has, ok := c.Labels[name]; !ok || value != "" && has != value {
			return false
		}
	}
	return len(wanted.Prefixes) == 0 || slices.ContainsFunc(wanted.Prefixes, func(p string) bool { return strings.HasPrefix(c.Name, p) })
}

func (s *shelf) CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (string, error) {
	if err := s.begin(ctx, "create"); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	if _, taken := s.configs[name]; taken {
		return "", swarm.ErrConfigExists
	}
	s.made++
	id := fmt.Sprint("id", s.made)
	s.configs[name] = swarm.Config{ID: id, Name: name, Labels: labels, Data: data}
	s.largest = max(s.largest, len(s.configs))
	return id, s.end("create")
}

func (s *shelf) RemoveConfig(ctx context.Context, id string) error {
	if err := s.begin(ctx, "remove"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for name, c := range s.configs {
		if c.ID == id || c.Name == id {
			delete(s.configs, name)
			return s.end("remove")
		}
	}
	return swarm.ErrNoConfig
}

// counts are how many configs were made, and how many there were at most at a time.
func (s *shelf) counts() (made, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made, s.largest
}

func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.configs))
}

// edit changes what is there, as nobody can through the engine but by removing and making anew.
func (s *shelf) edit(change func(configs map[string]swarm.Config)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.configs)
}
