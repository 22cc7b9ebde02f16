// Package acme has certificates issued by a CA that speaks ACME (RFC 8555), the same for all routers that share a storage: one of
// them orders, any of them answers for the challenge, all of them serve what comes of it.
//
// Nothing waits for a CA: handshakes read what there is, and orders are goroutines of their own. What was ordered, by whom and with
// what success stands in the storage, so that neither a restart nor another router orders again what there is or what just failed.
package acme

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/proxy/certs/acme/dns"
)

// LetsEncrypt is the CA where nothing else is said.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// A Challenge is how it is shown that a name is ours.
type Challenge string

// The three that there are. 1.x has them in this order of precedence.
const (
	DNS01     Challenge = "dns-01"
	TLSALPN01 Challenge = "tls-alpn-01"
	HTTP01    Challenge = "http-01"
)

// Options is what a Manager is made of.
type Options struct {
	Storage   Storage
	CA        string // its directory; "": LetsEncrypt
	Email     string // of the account; may be empty
	KeyType   string // of certificates: EC256, EC384, RSA2048, RSA4096 or RSA8192; "": EC256
	Challenge Challenge
	DNS       *dns.Solver    // of DNS01
	Port      int            // that HTTP01 or TLSALPN01 comes in at, where the entry point listens
	Roots     *x509.CertPool // of the CA's own server; nil: the system's
	Log       *zap.Logger

	Domains [][]string // certificates that are wanted whatever the table says; the first name is the common name
	Demand  bool       // order for names that clients ask for, if Permitted
	// Covered tells of a name that there is a certificate for from elsewhere; nil: there is none.
	Covered func(host string) bool
	// Revoked tells of a certificate that its CA has taken it back; nil: none was.
	Revoked func(*x509.Certificate) bool
	// Hourly bounds the orders of an hour, of all routers together; 0: 90. Let's Encrypt takes 300 in three hours.
	Hourly int
}

// A Manager has certificates issued, and serves them: it is a certs.Provider. It may be used from several goroutines.
type Manager struct {
	options Options
	keyType certmagic.KeyType
	issuer  *certmagic.ACMEIssuer
	place   string // of this CA's things in the storage
	shelf   atomic.Pointer[shelf]
	lookups chan struct{} // slots for who asks the storage for a challenge
	woken   chan struct{} // one slot: there may be something to do

	mu        sync.Mutex
	wanted    [][]string // by the table
	told      bool       // it has told what it wants
	permitted func(host string) bool
	demanded  map[string]time.Time // names that clients asked for, since when
	ordering  map[string]bool      // by the order's key
	troubles  map[string]*trouble  // by the order's key; nil before the first look
	problem   string               // why the storage cannot be read; "": it can
}

// New checks the options. Nothing is asked of anybody yet.
func New(o Options) (*Manager, error) {
	if o.CA == "" {
		o.CA = LetsEncrypt
	}
	if o.Hourly == 0 {
		o.Hourly = 90
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if u, err := url.Parse(o.CA); err != nil || u.Host == "" {
		return nil, fmt.Errorf("the CA's address %q is no URL", o.CA)
	}
	kind, known := keyTypes[o.KeyType]
	if !known {
		return nil, fmt.Errorf("keys of type %q are not known: EC256, EC384, RSA2048, RSA4096 and RSA8192 are", o.KeyType)
	}
	m := &Manager{
		options: o, keyType: kind, woken: make(chan struct{}, 1), lookups: make(chan struct{}, 8),
		demanded: map[string]time.Time{}, ordering: map[string]bool{},
	}
	m.shelf.Store(&shelf{})
	m.issuer = m.newIssuer()
	m.place = "acme/" + certmagic.StorageKeys.Safe(m.issuer.IssuerKey())
	return m, nil
}

var keyTypes = map[string]certmagic.KeyType{
	"": certmagic.P256, "EC256": certmagic.P256, "EC384": certmagic.P384,
	"RSA2048": certmagic.RSA2048, "RSA4096": certmagic.RSA4096, "RSA8192": certmagic.RSA8192,
}

// newIssuer is certmagic's, which knows how to speak with a CA and keeps the account.
func (m *Manager) newIssuer() *certmagic.ACMEIssuer {
	o := m.options
	log := o.Log.WithOptions(zap.IncreaseLevel(zap.WarnLevel)) // what it does is said by us
	template := certmagic.ACMEIssuer{
		CA: o.CA, Email: o.Email, Agreed: true, TrustedRoots: o.Roots, Logger: log,
		DisableHTTPChallenge: o.Challenge != HTTP01, DisableTLSALPNChallenge: o.Challenge != TLSALPN01,
		AltHTTPPort: o.Port, AltTLSALPNPort: o.Port, // taken by our own entry point, which answers
		CertObtainTimeout: orderTime / 2,
	}
	if o.Challenge == DNS01 {
		template.DNS01Solver = o.DNS
	}
	config := &certmagic.Config{Storage: adapter{o.Storage}, Logger: log, DisableARI: true}
	issuer := certmagic.NewACMEIssuer(config, template)
	config.Issuers = []certmagic.Issuer{issuer}
	return issuer
}

// Want tells which certificates the table asks for, each by its names, and for which names clients may ask. It does not wait.
func (m *Manager) Want(names [][]string, permitted func(host string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted, m.permitted, m.told = names, permitted, true
	m.wake()
}

func (m *Manager) wake() {
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// lookEvery is how often there is a look at the storage and at the dates, whatever is told.
const lookEvery = time.Minute

// Run has ordered what is wanted and renewed what gets old, until ctx ends; then it waits for orders under way, which end with it.
func (m *Manager) Run(ctx context.Context) {
	var orders sync.WaitGroup
	defer orders.Wait()
	swept := time.Now()
	for ctx.Err() == nil {
		changed := m.options.Storage.Changed()
		next := lookEvery
		if m.look(ctx) {
			next = min(next, m.begin(ctx, &orders))
			if time.Since(swept) >= sweepEvery {
				swept = time.Now()
				m.sweep(ctx)
			}
		}
		timer := time.NewTimer(next)
		select {
		case <-changed:
		case <-m.woken:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// Rewritten is a CA's address, or the one that has taken its place, as in Traefik 1.x.
func Rewritten(ca string) string {
	switch {
	case strings.HasPrefix(ca, "https://acme-v01.api.letsencrypt.org"):
		return LetsEncrypt
	case strings.HasPrefix(ca, "https://acme-staging.api.letsencrypt.org"):
		return "https://acme-staging-v02.api.letsencrypt.org/directory"
	}
	return ca
}
