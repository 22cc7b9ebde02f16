package certs_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/proxytest"
)

// A wall is a clock that a test sets.
type wall struct{ time.Time }

func (w *wall) now() time.Time { return w.Time }

func resumes(t *testing.T, config *tls.Config, cache tls.ClientSessionCache, version uint16, client ...tls.Certificate) bool {
	t.Helper()
	state, err := shake(t, config, &tls.Config{ServerName: "a.com", ClientSessionCache: cache, MaxVersion: version, Certificates: client})
	if err != nil {
		t.Fatal(err)
	}
	return state.DidResume
}

func TestRoutersWithOneSecretResumeEachOthersSessions(t *testing.T) {
	a := proxytest.NewAuthority(t)
	start := time.Now()
	one, two := &wall{start}, &wall{start.Add(time.Minute)} // clocks differ
	options := certs.EntryPoint{Certificates: []certs.Pair{pair(a, "a.com")}}
	secret := certs.Secret("what all routers know of each other")
	first, second := certs.New(certs.Options{Secret: secret, Now: one.now}), certs.New(certs.Options{Secret: secret, Now: two.now})
	here, there := serve(t, first, options), serve(t, second, options)
	stranger := serve(t, certs.New(certs.Options{Secret: certs.Secret("another secret, of others"), Now: one.now}), options)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, row := range []struct {
			name  string
			later time.Duration
			at    *tls.Config
			want  bool
		}{
			{"at once", 0, there, true},
			{"in the next period", 12 * time.Hour, there, true},
			{"in the one after it", 24*time.Hour + time.Minute, there, false},
			{"by a router whose clock is a period behind", -12 * time.Hour, there, true},
			{"with another secret", 0, stranger, false},
		} {
			one.Time, two.Time = start, start.Add(time.Minute)
			first.Look()
			cache := tls.NewLRUClientSessionCache(1)
			resumes(t, here, cache, version)
			two.Time = start.Add(row.later)
			second.Look()
			if got := resumes(t, row.at, cache, version); got != row.want {
				t.Errorf("%x %s: resumed %v", version, row.name, got)
			}
		}
	}
}

func TestTicketsOfARouterWithoutASecretAreGoodForADayAndThereAlone(t *testing.T) {
	a := proxytest.NewAuthority(t)
	clock := &wall{time.Now()}
	options := certs.EntryPoint{Certificates: []certs.Pair{pair(a, "a.com")}}
	store := certs.New(certs.Options{Now: clock.now})
	here, there := serve(t, store, options), serve(t, certs.New(certs.Options{Now: clock.now}), options)
	cache := tls.NewLRUClientSessionCache(1)
	resumes(t, here, cache, tls.VersionTLS12) // each handshake of 1.3 would bring a new one
	if !resumes(t, here, cache, tls.VersionTLS12) {
		t.Error("its own ticket is not taken")
	}
	clock.Time = clock.Add(24*time.Hour + time.Minute)
	store.Look()
	if resumes(t, here, cache, tls.VersionTLS12) {
		t.Error("a ticket of yesterday is taken")
	}
	if resumes(t, here, cache, tls.VersionTLS12); resumes(t, there, cache, tls.VersionTLS12) {
		t.Error("another router takes it")
	}
}

// What a ticket says of its client's certificate holds for the CA that has seen it, and nowhere else.
func TestTicketsOfOneEntryPointOpenNoOther(t *testing.T) {
	a, staff, guests := proxytest.NewAuthority(t), proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	s := certs.New(certs.Options{Secret: certs.Secret("what all routers know of each other")})
	own := []certs.Pair{pair(a, "a.com")}
	forGuests := serve(t, s, certs.EntryPoint{Certificates: own, ClientCAs: []string{guests.PEM()}})
	forStaff, err := s.Serve("staff", certs.EntryPoint{Certificates: own, ClientCAs: []string{staff.PEM()}})
	if err != nil {
		t.Fatal(err)
	}
	cache, guest := tls.NewLRUClientSessionCache(1), guests.Pair("guest")
	resumes(t, forGuests, cache, tls.VersionTLS13, guest)
	if !resumes(t, forGuests, cache, tls.VersionTLS13, guest) {
		t.Fatal("no session to resume")
	}
	if state, err := shake(t, forStaff, &tls.Config{ServerName: "a.com", ClientSessionCache: cache, Certificates: []tls.Certificate{guest}}); err == nil {
		t.Errorf("a guest came in, resumed: %v", state.DidResume)
	}
}

func TestPurposesHaveKeysOfTheirOwn(t *testing.T) {
	secret := certs.Secret("what all routers know of each other")
	same := secret.Derive("a")
	if same == secret.Derive("b") || same != secret.Derive("a") || same == certs.Secret("another").Derive("a") {
		t.Error("keys do not differ as they should")
	}
}

func TestSecretIsReadFromAFileAndMustNotBeShort(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("  0123456789abcdef\n")
	if got, err := certs.ReadSecret(file); err != nil || string(got) != "0123456789abcdef" {
		t.Errorf("got %q, %v", got, err)
	}
	write("hunter2\n")
	if _, err := certs.ReadSecret(file); err == nil || !strings.Contains(err.Error(), "16 bytes at least") || strings.Contains(err.Error(), "hunter") {
		t.Errorf("got %v", err)
	}
	if _, err := certs.ReadSecret(file + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
	if got, err := certs.ReadSecret(""); got != nil || err != nil {
		t.Errorf("the default place: %q, %v", got, err)
	}
}
