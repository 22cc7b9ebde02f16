package acme

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
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
	renew  time.Time // from when on it is to be replaced: a third of its life is left
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
		slices.SortFunc(items, m.better)
	}
	return all, nil
}

// better orders certificates for one name: those that are not taken back first, and of them whose renewal is furthest away.
func (m *Manager) better(a, b *item) int {
	if x, y := m.revoked(a), m.revoked(b); x != y {
		if x {
			return 1
		}
		return -1
	}
	return b.renew.Compare(a.renew)
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
	life := pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore)
	return &item{key: key, text: sha256.Sum256(text), issued: s.Issued, cert: &pair, renew: pair.Leaf.NotAfter.Add(-life / 3)}, nil
}

func (s *shelf) add(one *item) {
	s.items = append(s.items, one)
	for _, host := range one.cert.Leaf.DNSNames {
		host = strings.ToLower(host)
		s.hosts[host] = append(s.hosts[host], one)
	}
}

// find is the best certificate for a host, its own before one for all of its kind; nil: there is none.
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
	one := m.shelf.Load().find(host)
	if m.options.Demand && (one == nil || m.due(one)) {
		m.demand(host)
	}
	if one == nil {
		return nil, nil
	}
	return one.cert, nil
}

// Certificates implements certs.Provider.
func (m *Manager) Certificates() (all []*tls.Certificate) {
	for _, one := range m.shelf.Load().items {
		all = append(all, one.cert)
	}
	return all
}

// due tells whether a certificate should be replaced.
func (m *Manager) due(one *item) bool { return m.revoked(one) || !time.Now().Before(one.renew) }

// revoked tells whether a certificate's CA has taken it back.
func (m *Manager) revoked(one *item) bool {
	return m.options.Revoked != nil && m.options.Revoked(one.cert.Leaf)
}

// has tells whether there is a certificate for a name that need not be replaced.
func (m *Manager) has(name string) bool {
	one := m.shelf.Load().find(name)
	return one != nil && !m.due(one)
}

func (s stored) bytes() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprint("strings and a date: ", err))
	}
	return text
}
