package certs

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// An EntryPoint is how one of them speaks TLS.
type EntryPoint struct {
	Certificates     []Pair
	Default          Pair     // for clients that name no host of ours
	MinVersion       uint16   // 0: TLS 1.2
	CipherSuites     []uint16 // of TLS 1.2 and below; empty: those with authenticated encryption and forward secrecy
	SNIStrict        bool     // refuse names that no certificate is for
	ClientCAs        []string // files or PEM texts; empty: clients need no certificate
	ClientCAOptional bool     // clients may show none
}

// suites are what TLS 1.2 is spoken with. Go would also offer CBC with SHA-1, which no client needs that knows 1.2 and that
// every scan of the router would complain of.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// oldSuites are what older versions need beside.
var oldSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
}

// ACMEProtocol is spoken by a CA that wants to see a challenge's certificate (RFC 8737).
const ACMEProtocol = "acme-tls/1"

// An entry is an entry point with what its clients are given.
type entry struct {
	store    *Store
	name     string
	options  EntryPoint
	own      []*source
	fallback *source // the default that was asked for; nil: none was
	config   *tls.Config
	quic     *tls.Config // of clients that come by QUIC
	http1    *tls.Config // of clients with which HTTP/2 cannot be spoken; nil: there are none
	scope    string      // which entry points may take tickets of each other: those of this name that ask the same of clients
	period   int64       // of the keys in use
	names    atomic.Pointer[names]
}

// names are an entry point's certificates by host, the best first.
type names struct {
	hosts     map[string][]*tls.Certificate
	fallback  *tls.Certificate // for whoever names no host of them; nil: nobody is served who does not
	providers []Provider
}

func newEntry(s *Store, name string, o EntryPoint) (*entry, error) {
	e := &entry{store: s, name: name, options: o, period: -1}
	for _, p := range o.Certificates {
		e.own = append(e.own, newSource(p, []string{name}))
	}
	if o.Default != (Pair{}) {
		e.fallback = newSource(o.Default, []string{name})
		e.own = append(e.own, e.fallback)
	}
	cas, how, err := e.askClients()
	if err != nil {
		return nil, err
	}
	build := func(protocols ...string) *tls.Config {
		c := &tls.Config{
			MinVersion: o.MinVersion, CipherSuites: o.CipherSuites, NextProtos: protocols, GetCertificate: e.certificate,
			ClientCAs: cas, ClientAuth: how,
		}
		if c.MinVersion == 0 {
			c.MinVersion = tls.VersionTLS12
		}
		if len(o.CipherSuites) == 0 {
			c.CipherSuites = suites
			if c.MinVersion < tls.VersionTLS12 {
				c.CipherSuites = slices.Concat(suites, oldSuites)
			}
		}
		return c
	}
	e.config = build("h2", "http/1.1")
	e.config.GetConfigForClient = e.greet
	e.quic = build("h3")
	e.quic.MinVersion = tls.VersionTLS13 // RFC 9001, 4.2
	if slices.ContainsFunc(e.config.CipherSuites, func(id uint16) bool { return !slices.Contains(suites, id) }) {
		e.http1 = build("http/1.1")
	}
	e.names.Store(new(names))
	return e, nil
}

// askClients has clients show a certificate where CAs for them are named.
func (e *entry) askClients() (cas *x509.CertPool, how tls.ClientAuthType, err error) {
	var texts []string
	if len(e.options.ClientCAs) > 0 {
		cas, how = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if e.options.ClientCAOptional {
			how = tls.VerifyClientCertIfGiven
		}
	}
	for _, item := range e.options.ClientCAs {
		pem, err := contents(item)
		if err != nil {
			return nil, 0, fmt.Errorf("CA of clients: %w", err)
		}
		if !cas.AppendCertsFromPEM(pem) {
			return nil, 0, fmt.Errorf("CA of clients: %s holds no certificate", newSource(Pair{Cert: item}, nil).origin)
		}
		texts = append(texts, string(pem))
	}
	e.scope = e.name + "\x00" + fmt.Sprint(how) + "\x00" + strings.Join(texts, "\x00")
	return cas, how, nil
}

// publish makes the names anew.
func (e *entry) publish(all []*source) {
	n := &names{hosts: map[string][]*tls.Certificate{}}
	for _, p := range e.store.providers {
		if serves(p.entryPoints, e.name) {
			n.providers = append(n.providers, p.Provider)
		}
	}
	for _, s := range all {
		if s.cert == nil || !serves(s.entryPoints, e.name) {
			continue
		}
		cert := e.store.stapler.stapled(s.cert)
		if s == e.fallback || n.fallback == nil && e.fallback == nil {
			n.fallback = cert
		}
		for _, host := range hostsOf(s.cert.Leaf) {
			n.hosts[host] = append(n.hosts[host], cert)
		}
	}
	for _, certs := range n.hosts {
		slices.SortStableFunc(certs, better)
	}
	switch {
	case e.options.SNIStrict:
		n.fallback = nil
	case n.fallback == nil:
		n.fallback = e.makeShift(len(n.providers) == 0)
	}
	e.names.Store(n)
}

// makeShift is a certificate for an entry point that has none, the same for as long as the router runs.
func (e *entry) makeShift(tell bool) *tls.Certificate {
	if before := e.names.Load().fallback; before != nil && isMakeShift(before) {
		return before
	}
	cert, err := selfSigned(e.store.options.Now())
	if err != nil {
		e.store.options.Log.Error("no certificate could be made for an entry point that has none", zap.String("entry_point", e.name), zap.Error(err))
		return nil
	}
	if tell {
		e.store.options.Log.Warn("the entry point has no certificate: clients get one that nobody has signed, and refuse it", zap.String("entry_point", e.name))
	}
	return cert
}

// hostsOf are the names that a certificate is for, in lower case. The common name counts where there are no others.
func hostsOf(c *x509.Certificate) (hosts []string) {
	for _, name := range c.DNSNames {
		hosts = append(hosts, strings.ToLower(name))
	}
	for _, ip := range c.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	if len(hosts) == 0 && c.Subject.CommonName != "" {
		hosts = append(hosts, strings.ToLower(c.Subject.CommonName))
	}
	return hosts
}

// better orders certificates for one name: ECDSA costs the router a tenth of RSA, and who lasts longest was issued last.
func better(a, b *tls.Certificate) int {
	if x, y := isECDSA(a), isECDSA(b); x != y {
		if x {
			return -1
		}
		return 1
	}
	return b.Leaf.NotAfter.Compare(a.Leaf.NotAfter)
}

func isECDSA(c *tls.Certificate) bool {
	_, is := c.Leaf.PublicKey.(*ecdsa.PublicKey)
	return is
}

// A Noter is a client's connection that is told why its handshake is about to fail, in a word.
type Noter interface{ Note(code string) }

func note(hello *tls.ClientHelloInfo, code string) {
	if n, ok := hello.Conn.(Noter); ok {
		n.Note(code)
	}
}

// Why a handshake fails, as far as it is seen here.
const (
	BadVersion    = "tls-version"
	BadCipher     = "tls-cipher"
	NoCertificate = "no-certificate"
)

// greet sees a client before anything is chosen.
func (e *entry) greet(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	newest := slices.Max(append([]uint16{0}, hello.SupportedVersions...))
	switch {
	case newest < e.config.MinVersion:
		note(hello, BadVersion)
	case newest >= tls.VersionTLS13:
	case !shares(hello, e.config.CipherSuites):
		note(hello, BadCipher)
	case e.http1 != nil && !shares(hello, suites): // RFC 9113, 9.2.2
		return e.http1, nil
	}
	if len(e.names.Load().providers) == 0 || !slices.Contains(hello.SupportedProtos, ACMEProtocol) {
		return nil, nil
	}
	for _, p := range e.names.Load().providers {
		cert, err := p.Certificate(hello)
		if cert == nil && err == nil {
			continue
		}
		return &tls.Config{
			MinVersion: tls.VersionTLS12, NextProtos: []string{ACMEProtocol}, SessionTicketsDisabled: true,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, err },
		}, nil
	}
	return nil, nil
}

func shares(hello *tls.ClientHelloInfo, suites []uint16) bool {
	return slices.ContainsFunc(hello.CipherSuites, func(id uint16) bool { return slices.Contains(suites, id) })
}

// certificate chooses one for a client. Nil has crypto/tls refuse it with the alert that says so, unrecognized_name.
func (e *entry) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	n := e.names.Load()
	for _, p := range n.providers {
		switch cert, err := p.Certificate(hello); {
		case err != nil:
			return nil, err
		case cert != nil:
			return e.store.stapler.stapled(cert), nil
		}
	}
	host := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if cert := choose(n.hosts[host], hello, e.store.options.Now()); cert != nil {
		return cert, nil
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		if cert := choose(n.hosts["*."+parent], hello, e.store.options.Now()); cert != nil {
			return cert, nil
		}
	}
	if n.fallback == nil {
		note(hello, NoCertificate)
	}
	return n.fallback, nil
}

// choose takes the first that the client can use and whose time is not over, if there is one; else the first.
func choose(certs []*tls.Certificate, hello *tls.ClientHelloInfo, now time.Time) (chosen *tls.Certificate) {
	if len(certs) == 1 {
		return certs[0]
	}
	for _, wanted := range []func(*tls.Certificate) bool{
		func(c *tls.Certificate) bool { return !expired(c, now) && hello.SupportsCertificate(c) == nil },
		func(c *tls.Certificate) bool { return hello.SupportsCertificate(c) == nil },
		func(*tls.Certificate) bool { return true },
	} {
		if i := slices.IndexFunc(certs, wanted); i >= 0 {
			return certs[i]
		}
	}
	return nil
}
