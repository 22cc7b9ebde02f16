package certs

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// A Status is one certificate, or one that could not be had.
type Status struct {
	Origin      string // a file, "a PEM text", "provider"
	Names       []string
	Issuer      string
	Serial      string
	EntryPoints []string // that serve it
	NotBefore   time.Time
	NotAfter    time.Time
	Staple      string // what its OCSP server says: "good", "revoked" ...; "": it has none, or has not been asked yet
	Problem     string // why its replacement, or itself, cannot be used; "": nothing is wrong
}

// Status is all of them, as of the last look.
func (s *Store) Status() []Status {
	all := slices.Clone(*s.status.Load())
	s.mu.Lock()
	providers := slices.Clone(s.providers)
	entries := slices.Clone(s.entries)
	s.mu.Unlock()
	for _, p := range providers {
		for _, c := range p.Certificates() {
			all = append(all, s.describe("provider", c, served(entries, p.entryPoints)))
		}
		if t, may := p.Provider.(Troubled); may {
			all = append(all, t.Problems()...)
		}
	}
	return all
}

func served(entries []*entry, by []string) (names []string) {
	for _, e := range entries {
		if serves(by, e.name) {
			names = append(names, e.name)
		}
	}
	return names
}

func (s *Store) describe(origin string, c *tls.Certificate, entryPoints []string) Status {
	as := Status{Origin: origin, EntryPoints: entryPoints}
	leaf := c.Leaf
	if leaf == nil && len(c.Certificate) > 0 {
		leaf, _ = x509.ParseCertificate(c.Certificate[0]) // whoever made it may have left it out
	}
	if leaf == nil {
		return as
	}
	as.Names, as.Issuer, as.Serial = hostsOf(leaf), issuerOf(leaf), leaf.SerialNumber.String()
	as.NotBefore, as.NotAfter = leaf.NotBefore, leaf.NotAfter
	as.Staple = s.stapler.says(c)
	if s.options.Now().After(leaf.NotAfter) {
		as.Problem = "it has expired"
	}
	return as
}

func issuerOf(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return strings.Join(c.Issuer.Organization, " ")
}

// tell keeps the status, and has the log say once what has gone wrong or come right.
func (s *Store) tell(all []*source) {
	wrong := map[string]string{}
	var list []Status
	for _, source := range all {
		as := Status{Origin: source.origin}
		if source.cert != nil {
			as = s.describe(source.origin, source.cert, served(s.entries, source.entryPoints))
		}
		if source.problem != nil {
			as.Problem = source.problem.Error()
		}
		if as.Problem != "" {
			wrong[source.origin] = as.Problem
		}
		list = append(list, as)
	}
	for _, f := range s.folders {
		if f.problem != nil {
			wrong[f.path] = f.problem.Error()
			list = append(list, Status{Origin: f.path, Problem: wrong[f.path]})
		}
	}
	s.status.Store(&list)
	for origin, problem := range wrong {
		if s.told[origin] != problem {
			s.options.Log.Error("a certificate needs somebody's hand; the last good one is served, if there is one", zap.String("certificate", origin), zap.String("problem", problem))
		}
	}
	for origin := range s.told {
		if _, still := wrong[origin]; !still {
			s.options.Log.Info("a certificate is right again", zap.String("certificate", origin))
		}
	}
	s.told = wrong
}
