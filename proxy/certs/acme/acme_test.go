package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	caproblem "github.com/mholt/acmez/v3/acme"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// memory is a storage that several managers share.
type memory struct {
	mu      sync.Mutex
	values  map[string][]byte
	changed chan struct{}
	// modified is when everything was put there; zero: just now.
	modified time.Time
	locks    map[string]chan struct{}
}

func newMemory() *memory {
	return &memory{values: map[string][]byte{}, changed: make(chan struct{}), locks: map[string]chan struct{}{}}
}

func (m *memory) put(key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key] = value; value == nil {
		delete(m.values, key)
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

func (m *memory) Store(_ context.Context, key string, value []byte) error { return m.put(key, value) }
func (m *memory) Delete(_ context.Context, key string) error              { return m.put(key, nil) }

func (m *memory) Load(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, there := m.values[key]; there {
		return value, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) List(_ context.Context, path string, _ bool) (keys []string, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.values {
		if strings.HasPrefix(key, path+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (m *memory) Modified(ctx context.Context, key string) (time.Time, error) {
	_, err := m.Load(ctx, key)
	if m.modified.IsZero() {
		return time.Now(), err
	}
	return m.modified, err
}

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *memory) Lost(string) <-chan struct{} { return nil }

func (m *memory) lock(name string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] == nil {
		m.locks[name] = make(chan struct{}, 1)
	}
	return m.locks[name]
}

func (m *memory) Lock(ctx context.Context, name string) error {
	select {
	case m.lock(name) <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *memory) Unlock(_ context.Context, name string) error {
	<-m.lock(name)
	return nil
}

func newManager(t *testing.T, s Storage, change ...func(*Options)) *Manager {
	t.Helper()
	o := Options{Storage: s, CA: "http://127.0.0.1:1/dir", Challenge: HTTP01}
	for _, c := range change {
		c(&o)
	}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// has gives a manager's storage a certificate of which so much of its life is left.
func has(t *testing.T, m *Manager, a *proxytest.Authority, life, left time.Duration, names ...string) {
	t.Helper()
	cert, key := a.Issue(names, func(c *x509.Certificate) {
		c.NotAfter = time.Now().Add(left)
		c.NotBefore = c.NotAfter.Add(-life)
	})
	s := stored{names, time.Now().Add(-2 * time.Hour), cert, key}
	if err := m.options.Storage.Store(t.Context(), m.certificates()+"/"+keyOf(names), s.bytes()); err != nil {
		t.Fatal(err)
	}
	if !m.look(t.Context()) {
		t.Fatal(m.problem)
	}
}

func planned(m *Manager) string { return fmt.Sprint(m.plan()) }

func TestWhatIsAskedForAndNotThereIsOrdered(t *testing.T) {
	a := proxytest.NewAuthority(t)
	day := 24 * time.Hour
	for _, row := range []struct {
		name   string
		have   func(*Manager)
		change func(*Options)
		want   [][]string
		orders string
	}{
		{name: "nothing is there", want: [][]string{{"b.com", "a.com"}, {"c.com"}}, orders: "[[b.com a.com] [c.com]]"},
		{name: "the longest list first, and no name twice", want: [][]string{{"a.com"}, {"c.com", "a.com"}, {"c.com"}}, orders: "[[c.com a.com]]"},
		{name: "the same whatever the order", want: [][]string{{"c.com"}, {"b.com"}, {"a.com"}}, orders: "[[a.com] [b.com] [c.com]]"},
		{name: "one is there", have: func(m *Manager) { has(t, m, a, 90*day, 80*day, "a.com") }, want: [][]string{{"a.com", "b.com"}}, orders: "[[b.com]]"},
		{name: "less than a third is left", have: func(m *Manager) { has(t, m, a, 90*day, 29*day, "a.com") }, want: [][]string{{"a.com"}}, orders: "[[a.com]]"},
		{name: "more than a third is left", have: func(m *Manager) { has(t, m, a, 90*day, 31*day, "a.com") }, want: [][]string{{"a.com"}}, orders: "[]"},
		{name: "a wildcard is there", have: func(m *Manager) { has(t, m, a, 90*day, 80*day, "*.a.com") }, want: [][]string{{"x.a.com", "a.com", "x.y.a.com"}}, orders: "[[a.com x.y.a.com]]"},
		{name: "a wildcard is to come", change: func(o *Options) { o.Domains = [][]string{{"a.com", "*.a.com"}} }, want: [][]string{{"x.a.com"}, {"b.com"}}, orders: "[[a.com *.a.com] [b.com]]"},
		{name: "a file has it", change: func(o *Options) { o.Covered = func(host string) bool { return host == "a.com" } }, want: [][]string{{"a.com", "b.com"}}, orders: "[[b.com]]"},
		{
			name: "its CA has taken it back", have: func(m *Manager) { has(t, m, a, 90*day, 80*day, "a.com") },
			change: func(o *Options) { o.Revoked = func(*x509.Certificate) bool { return true } }, want: [][]string{{"a.com"}}, orders: "[[a.com]]",
		},
	} {
		m := newManager(t, newMemory(), func(o *Options) {
			if row.change != nil {
				row.change(o)
			}
		})
		if row.have != nil {
			row.have(m)
		}
		m.Want(row.want, nil)
		if got := planned(m); got != row.orders {
			t.Errorf("%s: got %s, want %s", row.name, got, row.orders)
		}
	}
}

// A shorter certificate may come after a longer one that is due.
func TestACertificateThatNeedNotBeReplacedIsServedBeforeOneThatLastsLonger(t *testing.T) {
	a := proxytest.NewAuthority(t)
	day := 24 * time.Hour
	m := newManager(t, newMemory())
	has(t, m, a, 90*day, 29*day, "a.com", "b.com")
	has(t, m, a, 6*day, 5*day, "a.com")
	m.Want([][]string{{"a.com"}}, nil)
	if got := planned(m); got != "[]" {
		t.Errorf("ordered again: %s", got)
	}
	cert, err := m.Certificate(&tls.ClientHelloInfo{ServerName: "a.com"})
	if err != nil || len(cert.Leaf.DNSNames) != 1 {
		t.Errorf("served is one for %q, %v", cert.Leaf.DNSNames, err)
	}
	m.options.Revoked = func(c *x509.Certificate) bool { return len(c.DNSNames) == 1 }
	m.look(t.Context())
	if cert, _ = m.Certificate(&tls.ClientHelloInfo{ServerName: "a.com"}); len(cert.Leaf.DNSNames) != 2 {
		t.Error("served is one that was taken back")
	}
}

// A CA whose certificates are due as they come must not be asked without end.
func TestACertificateThatComesTooLateIsAFailure(t *testing.T) {
	a := proxytest.NewAuthority(t)
	m := newManager(t, newMemory())
	cert, key := a.Issue([]string{"a.com"}, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-80*24*time.Hour), time.Now().Add(10*24*time.Hour)
	})
	if err := m.keep(t.Context(), "key", stored{[]string{"a.com"}, time.Now(), cert, key}); err == nil || !strings.Contains(err.Error(), "renewed already") {
		t.Errorf("got %v", err)
	}
}

// locked is a storage that can be read, and that refuses locks at once.
type locked struct {
	*memory
	asked atomic.Int32
}

func (l *locked) Lock(context.Context, string) error {
	l.asked.Add(1)
	return errors.New("no leader")
}

func TestAStorageThatRefusesIsAskedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &locked{memory: newMemory()}
		m := newManager(t, s)
		m.Want([][]string{{"a.com"}}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		m.Run(ctx)
		if n := s.asked.Load(); n < 2 || n > 13 {
			t.Errorf("it was asked %d times in a minute", n)
		}
		if p := m.Problems(); len(p) > 0 {
			t.Errorf("the order is blamed: %+v", p)
		}
	})
}

func TestWhatNobodyAsksForAnyMoreIsSweptAway(t *testing.T) {
	a := proxytest.NewAuthority(t)
	day := 24 * time.Hour
	shared := newMemory()
	m := newManager(t, shared)
	has(t, m, a, 90*day, 20*day, "gone.com")
	has(t, m, a, 90*day, 20*day, "*.a.com")
	has(t, m, a, 90*day, 80*day, "fresh.com")
	for _, name := range []string{"gone.com", "a.com"} {
		m.failed(t.Context(), keyOf([]string{name}), []string{name}, errors.New("no"))
		m.troubles[keyOf([]string{name})].Last = time.Now().Add(-8 * day)
	}
	shared.modified = time.Now().Add(-2 * time.Hour)
	if err := shared.Store(t.Context(), m.place+"/challenge_tokens/gone.com.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	before := len(shared.values)
	if m.sweep(t.Context()); len(shared.values) != before {
		t.Error("something is removed before it is known what is asked for")
	}
	m.Want([][]string{{"x.a.com"}, {"a.com"}}, nil)
	m.sweep(t.Context())
	left := fmt.Sprint(slices.Sorted(maps.Keys(shared.values)))
	if len(shared.values) != 3 || strings.Contains(left, "gone.com") {
		t.Errorf("left are %s", left)
	}
}

func TestManyNamesAreSeveralCertificates(t *testing.T) {
	m := newManager(t, newMemory())
	var names []string
	for i := range 230 {
		names = append(names, fmt.Sprintf("h%03d.a.com", i))
	}
	m.Want([][]string{names}, nil)
	if got := m.plan(); len(got) != 3 || len(got[0]) != 100 || len(got[2]) != 30 {
		t.Errorf("got %d orders", len(got))
	}
}

// The CA of these tests is not there: every order fails.
func TestFailuresArePausedForByAllRoutersTogether(t *testing.T) {
	shared := newMemory()
	one, two := newManager(t, shared), newManager(t, shared)
	for i, least := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour} {
		one.failed(t.Context(), keyOf([]string{"a.com"}), []string{"a.com"}, errors.New("no"))
		if !two.look(t.Context()) {
			t.Fatal(two.problem)
		}
		if wait := two.wait(keyOf([]string{"a.com"})); wait < least-time.Second || wait > least+least/10 {
			t.Errorf("after %d failures the other router waits %v", i+1, wait)
		}
	}
	two.Want([][]string{{"a.com"}, {"b.com"}}, nil)
	if got := planned(two); got != "[[b.com] [a.com]]" {
		t.Errorf("what has failed comes last: %s", got)
	}
	if p := two.Problems(); len(p) != 1 || !strings.Contains(p[0].Problem, "5 times") || p[0].Names[0] != "a.com" {
		t.Errorf("it is told as %+v", p)
	}
	two.recovered(t.Context(), keyOf([]string{"a.com"}))
	one.look(t.Context())
	if wait := one.wait(keyOf([]string{"a.com"})); wait > 0 {
		t.Errorf("what has come right is waited for %v", wait)
	}
}

func TestACAThatSaysTooManyIsLeftAloneForAnHour(t *testing.T) {
	for _, err := range []error{
		caproblem.Problem{Status: 429}, fmt.Errorf("order: %w", caproblem.Problem{Type: "urn:ietf:params:acme:error:rateLimited"}),
	} {
		if d := pause(1, err); d < time.Hour {
			t.Errorf("%v: %v", err, d)
		}
	}
}

func TestOrdersOfAnHourAreBounded(t *testing.T) {
	m := newManager(t, newMemory(), func(o *Options) { o.Hourly = 4 })
	for i := range 2 {
		name := fmt.Sprintf("bad%d.com", i)
		m.failed(t.Context(), keyOf([]string{name}), []string{name}, errors.New("no"))
		m.troubles[keyOf([]string{name})].Until = time.Now()
	}
	if m.wait(keyOf([]string{"bad0.com"})) == 0 {
		t.Error("failures may take more than half of the hour")
	}
	if m.wait(keyOf([]string{"good.com"})) > 0 {
		t.Error("failures leave nothing to the others")
	}
	m.ordering["one"], m.ordering["two"] = true, true
	if m.wait(keyOf([]string{"good.com"})) == 0 {
		t.Error("more than four orders in an hour")
	}
}

func TestAnyRouterAnswersAChallenge(t *testing.T) {
	shared := newMemory()
	one, two := newManager(t, shared), newManager(t, shared)
	put := func(kind string) {
		text, err := json.Marshal(caproblem.Challenge{
			Type: kind, Token: "token", KeyAuthorization: "token.thumb", Identifier: caproblem.Identifier{Type: "dns", Value: "a.com"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := shared.Store(t.Context(), one.place+"/challenge_tokens/a.com.json", text); err != nil {
			t.Fatal(err)
		}
	}
	put("http-01")
	for _, row := range [][3]string{{"a.com", "token", "token.thumb"}, {"a.com", "other", ""}, {"b.com", "token", ""}, {"", "token", ""}} {
		if got := two.Answer(t.Context(), row[0], row[1]); got != row[2] {
			t.Errorf("%s %s: %q", row[0], row[1], got)
		}
	}
	put("tls-alpn-01")
	cert, err := two.Certificate(&tls.ClientHelloInfo{ServerName: "A.com", SupportedProtos: []string{"acme-tls/1"}})
	if err != nil || len(cert.Certificate) != 1 {
		t.Errorf("by TLS: %v", err)
	}
	if got := two.Answer(t.Context(), "a.com", "token"); got != "" {
		t.Errorf("one kind of challenge is answered for another: %q", got)
	}
}

func TestClientsMayAskForFewNamesAndOnlyThoseOfRoutes(t *testing.T) {
	m := newManager(t, newMemory(), func(o *Options) { o.Demand = true })
	m.Want(nil, func(host string) bool { return strings.HasSuffix(host, ".a.com") })
	ask := func(host string) {
		if cert, err := m.Certificate(&tls.ClientHelloInfo{ServerName: host}); cert != nil || err != nil {
			t.Errorf("%s: %v, %v", host, cert, err)
		}
	}
	for _, host := range []string{"stranger.com", "localhost", ""} {
		ask(host)
	}
	for i := range 50 {
		ask(fmt.Sprintf("h%d.a.com", i))
	}
	if n := len(m.plan()); n != demandMost {
		t.Errorf("%d orders", n)
	}
	old := newManager(t, newMemory(), func(o *Options) { o.Demand = true })
	has(t, old, proxytest.NewAuthority(t), 90*24*time.Hour, 20*24*time.Hour, "old.a.com")
	old.Want(nil, func(string) bool { return true })
	if cert, err := old.Certificate(&tls.ClientHelloInfo{ServerName: "old.a.com"}); cert == nil || err != nil || planned(old) != "[[old.a.com]]" {
		t.Errorf("what a client asks for is renewed: %v, %v, %s", cert != nil, err, planned(old))
	}
}

func TestCertificatesOfTraefikAreTakenOver(t *testing.T) {
	a := proxytest.NewAuthority(t)
	entry := func(names ...string) string {
		cert, key := a.Issue(names)
		sans, _ := json.Marshal(names[1:])
		b64 := base64.StdEncoding.EncodeToString
		return fmt.Sprintf(`{"Domain":{"Main":%q,"SANs":%s},"Certificate":%q,"Key":%q}`, names[0], sans, b64([]byte(cert)), b64([]byte(key)))
	}
	for name, text := range map[string]string{
		"1.x":   `{"Account":{"Email":"x","Registration":null},"Certificates":[` + entry("a.com", "www.a.com") + `],"HTTPChallenges":{}}`,
		"later": `{"le":{"Account":{},"Certificates":[` + strings.NewReplacer(`"Domain"`, `"domain"`, `"Main"`, `"main"`, `"SANs"`, `"sans"`, `"Certificate":"`, `"certificate":"`, `"Key"`, `"key"`).Replace(entry("a.com", "www.a.com")) + `]}}`,
		"none":  `{"Account":null,"Certificates":null}`,
		"empty": "",
	} {
		m := newManager(t, newMemory())
		path := filepath.Join(t.TempDir(), "acme.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a restart
			if err := m.Import(t.Context(), path); err != nil {
				t.Fatal(name, err)
			}
		}
		m.look(t.Context())
		m.Want([][]string{{"a.com"}, {"www.a.com"}}, nil)
		if got := len(m.plan()); (got == 0) != (name == "1.x" || name == "later") {
			t.Errorf("%s: %d orders are left", name, got)
		}
	}
	m := newManager(t, newMemory())
	if err := m.Import(t.Context(), filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "acme.json")
	_ = os.WriteFile(path, []byte("{"), 0o600)
	if err := m.Import(t.Context(), path); err == nil {
		t.Error("half a file is taken for one")
	}
}

func TestAddressesOfThePastAreRewritten(t *testing.T) {
	for old, want := range map[string]string{
		"https://acme-v01.api.letsencrypt.org/directory":     LetsEncrypt,
		"https://acme-staging.api.letsencrypt.org/directory": "https://acme-staging-v02.api.letsencrypt.org/directory",
		"https://ca.internal/dir":                            "https://ca.internal/dir",
	} {
		if got := Rewritten(old); got != want {
			t.Errorf("%s: %s", old, got)
		}
	}
}

// Certificates on a volume that routers share.
func TestAFolderIsAStorage(t *testing.T) {
	a := proxytest.NewAuthority(t)
	dir := t.TempDir()
	one, two := newManager(t, NewFolder(dir)), newManager(t, NewFolder(dir))
	has(t, one, a, 90*24*time.Hour, 80*24*time.Hour, "a.com")
	two.Want([][]string{{"a.com"}}, nil)
	if two.look(t.Context()); planned(two) != "[]" {
		t.Error("what one has stored the other orders: ", planned(two))
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := one.options.Storage.Lock(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := two.options.Storage.Lock(ctx, "x"); err == nil {
		t.Error("two have a lock")
	}
	if err := one.options.Storage.Unlock(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}
