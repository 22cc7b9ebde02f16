// Package certs is the proxy's certificates: where they come from, which of them a client gets, and what goes with them,
// session tickets and the word of an OCSP server. A handshake reads one pointer and takes no lock.
package certs

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// A Pair is a certificate with its key: files, or PEM texts.
type Pair struct{ Cert, Key string }

// A Section is a certificate for some entry points, [[tls]] of Traefik 1.x.
type Section struct {
	Pair
	EntryPoints []string // none: all
}

// Options is what a Store is made of.
type Options struct {
	Directories []string // of certificates for all entry points
	Sections    []Section
	Secret      Secret // what all routers know; nil: each has one of its own, which ends with it
	Log         *zap.Logger
	Client      *http.Client     // asks OCSP servers; nil: one with a time-out
	Now         func() time.Time // nil: time.Now
}

// A Store is all certificates of a router. What is looked at and loaded is under its lock; what a handshake reads is in the
// entries, which are replaced whole.
type Store struct {
	options Options

	mu      sync.Mutex
	entries []*entry
	sources []*source          // of sections
	folders map[string]*folder // by path
	told    map[string]string  // what is wrong, by origin, as the log has it
	status  atomic.Pointer[[]Status]

	providers []provided // under mu
	secret    Secret     // of session tickets
	stapler   *stapler
	ticks     atomic.Uint32
	looking   atomic.Bool
	closed    bool // under mu
	work      sync.WaitGroup
}

// New makes a Store. Certificates are loaded when an entry point asks for them, and at each Look.
func New(o Options) *Store {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{options: o, folders: map[string]*folder{}, told: map[string]string{}, secret: o.Secret}
	if s.secret == nil {
		s.secret = Secret(rand.Text())
	}
	s.stapler = newStapler(o)
	for _, section := range o.Sections {
		s.sources = append(s.sources, newSource(section.Pair, section.EntryPoints))
	}
	for _, path := range o.Directories {
		s.folders[path] = &folder{path: path}
	}
	s.status.Store(new([]Status))
	return s
}

// Serve makes an entry point's configuration. A certificate of its own that cannot be used is an error, unlike one of the
// other sources, which may come right later.
func (s *Store) Serve(name string, o EntryPoint) (*tls.Config, error) {
	e, err := newEntry(s, name, o)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, own := range e.own {
		if own.look(); own.problem != nil {
			return nil, own.problem
		}
	}
	if s.options.Secret == nil && len(s.entries) == 0 {
		s.options.Log.Info("no secret: a client's TLS session is resumed by this router alone; give all routers the same with --secretFile")
	}
	s.entries = append(s.entries, e)
	s.look()
	e.rekey(s.options.Now())
	return e.config, nil
}

// OverQUIC is how an entry point that Serve has made speaks HTTP/3: by the same certificates, with the same clients and the
// same keys of tickets.
func (s *Store) OverQUIC(name string) *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.name == name {
			return e.quic
		}
	}
	return nil
}

// A Provider has certificates of its own, from an ACME server say, and is asked before all else. It must not wait.
type Provider interface {
	// Certificate is the one for a client, or nil if this is not the provider's to say. A client that offers the protocol
	// "acme-tls/1" gets what it answers under that protocol, and the connection ends.
	Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Certificates are all that the provider has, for those who watch when they expire.
	Certificates() []*tls.Certificate
}

// A Troubled provider tells what it should have and has not.
type Troubled interface{ Problems() []Status }

// Provide adds a provider for the named entry points, or for all: best before they are served, as one without any certificate
// gets one that nobody has signed.
func (s *Store) Provide(p Provider, entryPoints ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers = append(s.providers, provided{p, entryPoints})
	s.look()
}

type provided struct {
	Provider
	entryPoints []string
}

func serves(entryPoints []string, name string) bool {
	return len(entryPoints) == 0 || slices.ContainsFunc(entryPoints, func(e string) bool { return strings.EqualFold(e, name) })
}

// Covers tells whether there is a certificate for a host on an entry point that is no provider's and whose time is not over.
func (s *Store) Covers(entryPoint, host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	return slices.ContainsFunc(s.each(), func(c *source) bool {
		return c.cert != nil && serves(c.entryPoints, entryPoint) && !expired(c.cert, now) && c.cert.Leaf.VerifyHostname(strings.Replace(host, "*", "any", 1)) == nil
	})
}

// Revoked tells whether a certificate's OCSP server says that it was taken back.
func (s *Store) Revoked(c *x509.Certificate) bool {
	return s.stapler.says(&tls.Certificate{Certificate: [][]byte{c.Raw}}) == "revoked"
}

// lookEvery is how many ticks lie between two looks at the files.
const lookEvery = 5

// Tick makes a second pass. It does not wait: what there is to do is done aside.
func (s *Store) Tick(time.Time) {
	if s.ticks.Add(1)%lookEvery != 0 || !s.looking.CompareAndSwap(false, true) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.work.Go(func() {
		defer s.looking.Store(false)
		s.Look()
		s.Staple()
	})
}

// Close ends what is done aside, and waits for it.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stapler.stop()
	s.work.Wait()
}

// Look reads again what has changed. A replacement that cannot be used leaves the certificate that it was to replace.
func (s *Store) Look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	now := s.options.Now()
	for _, e := range s.entries {
		e.rekey(now)
	}
}

func (s *Store) look() {
	for _, f := range s.folders {
		f.look()
	}
	for _, source := range s.each() {
		source.look()
	}
	s.publish()
}

// each is every source there is, in the order in which they count where no name decides.
func (s *Store) each() (all []*source) {
	for _, e := range s.entries {
		all = append(all, e.own...)
	}
	all = append(all, s.sources...)
	for _, path := range s.options.Directories {
		all = append(all, s.folders[path].sources...)
	}
	return all
}

// publish gives every entry point its names anew, and tells what is wrong.
func (s *Store) publish() {
	all := s.each()
	for _, e := range s.entries {
		e.publish(all)
	}
	s.tell(all)
}
