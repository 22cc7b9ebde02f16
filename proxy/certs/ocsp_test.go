package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/proxytest"
)

// A responder is a CA's OCSP server.
type responder struct {
	authority *proxytest.Authority
	clock     *wall
	status    atomic.Int64 // ocsp's; -1: an error of HTTP, -2: rubbish
	asked     atomic.Int64
}

func (r *responder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.asked.Add(1)
	body, _ := io.ReadAll(q.Body)
	request, err := ocsp.ParseRequest(body)
	status := r.status.Load()
	switch {
	case err != nil, status == -1:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case status == -2:
		io.WriteString(w, "rubbish")
		return
	}
	answer, _ := ocsp.CreateResponse(r.authority.Cert(), r.authority.Cert(), ocsp.Response{
		Status: int(status), SerialNumber: request.SerialNumber, ThisUpdate: r.clock.now().Add(-time.Minute), NextUpdate: r.clock.now().Add(48 * time.Hour),
		RevokedAt: r.clock.now().Add(-time.Hour),
	}, r.authority.Key())
	w.Write(answer)
}

func TestHandshakesCarryTheWordOfTheCA(t *testing.T) {
	a := proxytest.NewAuthority(t)
	clock := &wall{time.Now()}
	says := &responder{authority: a, clock: clock}
	server := httptest.NewServer(says)
	defer server.Close()
	cert, key := a.Issue([]string{"a.com"}, func(c *x509.Certificate) { c.OCSPServer = []string{server.URL} })
	s := certs.New(certs.Options{Now: clock.now})
	config := serve(t, s, certs.EntryPoint{Certificates: []certs.Pair{{Cert: cert + a.PEM(), Key: key}, pair(a, "b.com")}})
	for _, step := range []struct {
		name   string
		status int64
		later  time.Duration
		asked  int64 // all in all
		staple bool
		said   string
	}{
		{"before anybody has asked, the server not there", -1, 0, 1, false, ""},
		{"not asked again at once", ocsp.Good, time.Second, 1, false, ""},
		{"a minute later", ocsp.Good, time.Minute, 2, true, "good"},
		{"for half of its time", ocsp.Good, 23 * time.Hour, 2, true, "good"},
		{"then it is asked again, and does not answer", -2, time.Hour + time.Minute, 3, true, "good"},
		{"the staple's time is over", -1, 25 * time.Hour, 4, false, "good"},
		{"good again", ocsp.Good, time.Hour, 5, true, "good"},
		{"revoked", ocsp.Revoked, 25 * time.Hour, 6, false, "revoked"},
	} {
		clock.Time = clock.Add(step.later)
		says.status.Store(step.status)
		s.Look()
		s.Staple()
		state, err := shake(t, config, &tls.Config{ServerName: "a.com"})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(state.OCSPResponse) > 0; got != step.staple || says.asked.Load() != step.asked {
			t.Errorf("%s: stapled %v, asked %d times, want %d", step.name, got, says.asked.Load(), step.asked)
		}
		if got := s.Status()[0].Staple; got != step.said {
			t.Errorf("%s: status says %q, want %q", step.name, got, step.said)
		}
	}
	if state, _ := shake(t, config, &tls.Config{ServerName: "b.com"}); len(state.OCSPResponse) > 0 {
		t.Error("a certificate without a server has a staple")
	}
}

func TestSilentOCSPServerKeepsNobodyWaiting(t *testing.T) {
	a := proxytest.NewAuthority(t)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-release:
		case <-q.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	cert, key := a.Issue([]string{"a.com"}, func(c *x509.Certificate) { c.OCSPServer = []string{server.URL} })
	s := certs.New(certs.Options{})
	config := serve(t, s, certs.EntryPoint{Certificates: []certs.Pair{{Cert: cert + a.PEM(), Key: key}}})
	for range 5 {
		s.Tick(time.Now())
	}
	if _, err := shake(t, config, &tls.Config{ServerName: "a.com"}); err != nil {
		t.Error(err)
	}
	s.Look()
	s.Close() // gives up waiting for it
}
