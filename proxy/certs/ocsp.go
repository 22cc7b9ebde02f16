package certs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/crypto/ocsp"
)

// A stapler has a CA's word at hand that a certificate was not revoked (OCSP, RFC 6960), so that clients need not ask for it. It
// asks aside, keeps what it was told until half of that time is over, and never keeps a handshake waiting: without a word, there is
// no staple.
type stapler struct {
	client  *http.Client
	log     *zap.Logger
	now     func() time.Time
	context context.Context
	stop    context.CancelFunc

	mu    sync.Mutex
	words map[[32]byte]*word // by certificate
}

// A word is what a CA said last of a certificate.
type word struct {
	staple []byte // nil: nothing to show
	status string
	until  time.Time // the staple is good
	again  time.Time // when to ask
	failed int       // times in a row
}

// Asking again after a failure: in a minute, and then ever less often.
const (
	soonest = time.Minute
	latest  = time.Hour
)

func newStapler(o Options) *stapler {
	s := &stapler{client: o.Client, log: o.Log, now: o.Now, words: map[[32]byte]*word{}}
	if s.client == nil {
		s.client = &http.Client{Timeout: 10 * time.Second}
	}
	s.context, s.stop = context.WithCancel(context.Background())
	return s
}

// stapled is the certificate with what there is to show.
func (s *stapler) stapled(c *tls.Certificate) *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.words[fingerprint(c)]
	if w == nil || w.staple == nil || s.now().After(w.until) {
		return c
	}
	with := *c
	with.OCSPStaple = w.staple
	return &with
}

func (s *stapler) says(c *tls.Certificate) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.words[fingerprint(c)]; w != nil {
		return w.status
	}
	return ""
}

func fingerprint(c *tls.Certificate) [32]byte { return sha256.Sum256(c.Certificate[0]) }

// Staple asks the servers whose time has come, and has what they say served.
func (s *Store) Staple() {
	due := s.stapler.due(s.loaded())
	for cert, origin := range due {
		s.stapler.ask(cert, origin)
	}
	if len(due) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish()
}

// loaded is every certificate there is, with its origin.
func (s *Store) loaded() map[*tls.Certificate]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[*tls.Certificate]string{}
	for _, source := range s.each() {
		if source.cert != nil {
			all[source.cert] = source.origin
		}
	}
	for _, p := range s.providers {
		for _, cert := range p.Certificates() {
			all[cert] = "provider"
		}
	}
	return all
}

// due are the certificates whose servers are to be asked now. Words on others than these are forgotten.
func (s *stapler) due(all map[*tls.Certificate]string) map[*tls.Certificate]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	words, due := map[[32]byte]*word{}, map[*tls.Certificate]string{}
	for c, origin := range all {
		w := s.words[fingerprint(c)]
		if w != nil {
			words[fingerprint(c)] = w
		}
		// Without the issuer's certificate there is no asking.
		if len(c.Leaf.OCSPServer) > 0 && len(c.Certificate) > 1 && (w == nil || !s.now().Before(w.again)) {
			due[c] = origin
		}
	}
	s.words = words
	return due
}

func (s *stapler) ask(c *tls.Certificate, origin string) {
	answer, raw, err := s.fetch(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.words[fingerprint(c)]
	if w == nil {
		w = &word{}
		s.words[fingerprint(c)] = w
	}
	now := s.now()
	if err != nil {
		w.failed++
		w.again = now.Add(min(soonest<<min(w.failed-1, 10), latest))
		s.log.Warn("the OCSP server did not answer for a certificate, which is served without its word", zap.String("certificate", origin), zap.Error(err))
		return
	}
	*w = word{status: statusWord(answer.Status), until: answer.NextUpdate}
	if w.until.IsZero() {
		w.until = answer.ThisUpdate.Add(latest)
	}
	w.again = later(now.Add(soonest), answer.ThisUpdate.Add(w.until.Sub(answer.ThisUpdate)/2))
	if answer.Status == ocsp.Good {
		w.staple = raw
		return
	}
	s.log.Error("the CA's word on a certificate is not good", zap.String("certificate", origin), zap.String("status", w.status))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func statusWord(status int) string {
	switch status {
	case ocsp.Good:
		return "good"
	case ocsp.Revoked:
		return "revoked"
	}
	return "unknown"
}

// longestAnswer bounds what is read of a server; an answer has some 2 KiB.
const longestAnswer = 64 << 10

func (s *stapler) fetch(c *tls.Certificate) (*ocsp.Response, []byte, error) {
	issuer, err := x509.ParseCertificate(c.Certificate[1])
	if err != nil {
		return nil, nil, err
	}
	question, err := ocsp.CreateRequest(c.Leaf, issuer, nil)
	if err != nil {
		return nil, nil, err
	}
	q, err := http.NewRequestWithContext(s.context, http.MethodPost, c.Leaf.OCSPServer[0], bytes.NewReader(question))
	if err != nil {
		return nil, nil, err
	}
	q.Header.Set("Content-Type", "application/ocsp-request")
	answer, err := s.client.Do(q)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return nil, nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s says %s", q.URL.Host, answer.Status)
	}
	parsed, err := ocsp.ParseResponseForCert(raw, c.Leaf, issuer)
	if err != nil {
		return nil, nil, err
	}
	if !parsed.NextUpdate.IsZero() && s.now().After(parsed.NextUpdate) {
		return nil, nil, errors.New("the answer is out of date")
	}
	return parsed, raw, nil
}
