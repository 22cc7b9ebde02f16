package acme

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// A shelf is every certificate that there is in the storage, ready to be served. It is replaced whole.
type shelf struct {
	items []*item // by key
	hosts map[string][]*item
}

// An item is one certificate.
type item struct {
	key    string
	text   [32]byte // the hash of what is stored
	issued time.Time
	cert   *tls.Certificate
}

// A stored is how a certificate stands in the storage: one value, so that certificate and key never part.
type stored struct {
	Names       []string  `json:"names"`
	Issued      time.Time `json:"issued"`
	Certificate string    `json:"certificate"` // PEM, with its chain
	Key         string    `json:"key"`
}

func (m *Manager) certificates() string { return m.place + "/certificates" }

// look reads what is new in the storage. False: it cannot be read, and what was there is served on.
func (m *Manager) look(ctx context.Context) bool {
	all, err := m.read(ctx)
	var troubles map[string]*trouble
	if err == nil {
		troubles, err = m.readTroubles(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil && m.problem != err.Error() {
			m.options.Log.Error("what is known of certificates cannot be read; those that were are served on, and none is ordered", zap.Error(err))
			m.problem = err.Error()
		}
		return false
	}
	m.problem, m.troubles = "", troubles
	m.shelf.Store(all)
	return true
}

func (m *Manager) read(ctx context.Context) (*shelf, error) {
	keys, err := m.options.Storage.List(ctx, m.certificates(), true)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	last := map[string]*item{}
	for _, one := range m.shelf.Load().items {
		last[one.key] = one
	}
	all := &shelf{hosts: map[string][]*item{}}
	for _, key := range keys {
		text, err := m.options.Storage.Load(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		one := last[key]
		if one == nil || one.text != sha256.Sum256(text) {
			if one, err = unpack(key, text); err != nil {
				m.options.Log.Warn("a certificate in the storage cannot be used", zap.String("key", key), zap.Error(err))
				continue
			}
		}
		all.add(one)
	}
	for _, items := range all.hosts {
		slices.SortFunc(items, func(a, b *item) int { return b.cert.Leaf.NotAfter.Compare(a.cert.Leaf.NotAfter) })
	}
	return all, nil
}

func unpack(key string, text []byte) (*item, error) {
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
	if err != nil {
		return nil, err
	}
	return &item{key: key, text: sha256.Sum256(text), issued: s.Issued, cert: &pair}, nil
}

func (s *shelf) add(one *item) {
	s.items = append(s.items, one)
	for _, host := range one.cert.Leaf.DNSNames {
		host = strings.ToLower(host)
		s.hosts[host] = append(s.hosts[host], one)
	}
}

// find is the certificate for a host that lasts longest, its own before one for all of its kind; nil: there is none.
func (s *shelf) find(host string) *item {
	if items := s.hosts[host]; len(items) > 0 {
		return items[0]
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		if items := s.hosts["*."+parent]; len(items) > 0 {
			return items[0]
		}
	}
	return nil
}

// Certificate implements certs.Provider.
func (m *Manager) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if slices.Contains(hello.SupportedProtos, "acme-tls/1") {
		return m.challenged(context.Background(), host) // it has a time of its own
	}
	if one := m.shelf.Load().find(host); one != nil {
		return one.cert, nil
	}
	m.demand(host)
	return nil, nil
}

// Certificates implements certs.Provider.
func (m *Manager) Certificates() (all []*tls.Certificate) {
	for _, one := range m.shelf.Load().items {
		all = append(all, one.cert)
	}
	return all
}

// due tells whether a certificate should be replaced: a third of its life is left, or its CA has taken it back.
func (m *Manager) due(c *x509.Certificate) bool {
	if m.options.Revoked != nil && m.options.Revoked(c) {
		return true
	}
	return !time.Now().Before(renewal(c))
}

func renewal(c *x509.Certificate) time.Time {
	return c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3)
}

func (s stored) bytes() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprint("strings and a date: ", err))
	}
	return text
}
