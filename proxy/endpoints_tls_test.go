package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// secureEndpoint is a service's server that shows a certificate of the authority's, for its address if nothing else is said.
func secureEndpoint(t *testing.T, a *proxytest.Authority, names []string, change ...func(*x509.Certificate)) string {
	t.Helper()
	cert, key := a.Issue(names, change...)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, q.Proto, " ", q.TLS != nil) }))
	server.TLS, server.EnableHTTP2 = &tls.Config{Certificates: []tls.Certificate{pair}}, true
	server.Config.ErrorLog = quietLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://")
}

// loopback is the name that an endpoint has for a router: its address.
var loopback = []string{"127.0.0.1"}

func TestEndpointsOfHTTPSAreBelievedOrRefusedWithAReason(t *testing.T) {
	a, stranger := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	trusting := &tls.Config{RootCAs: a.Pool()}
	expired := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	}
	old := &tls.Config{RootCAs: a.Pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	for _, row := range []struct {
		name   string
		addr   string
		config *tls.Config
		cause  string // "": it is believed
	}{
		{"one whose CA is known", secureEndpoint(t, a, loopback), trusting, ""},
		{"one whose CA is not", secureEndpoint(t, stranger, loopback), trusting, "endpoint-certificate"},
		{"one whose CA is not, and nobody asks", secureEndpoint(t, stranger, loopback), &tls.Config{InsecureSkipVerify: true}, ""},
		{"one with another's name", secureEndpoint(t, a, []string{"a.com"}), trusting, "endpoint-certificate"},
		{"one with another's name that is asked for", secureEndpoint(t, a, []string{"a.com"}), &tls.Config{RootCAs: a.Pool(), ServerName: "a.com"}, ""},
		{"one whose time is over", secureEndpoint(t, a, loopback, expired), trusting, "endpoint-certificate"},
		{"one that speaks in clear", endpointOf(t, "http", okay), trusting, "endpoint-not-tls"},
		{"one that speaks other versions", secureEndpoint(t, a, loopback), old, "endpoint-tls"},
	} {
		r := newRouter(t, EntryPointOptions{}, func(o *stdhttp.BackOptions) { o.TLS = row.config })
		r.serve(service{rule: "PathPrefix:/", scheme: "https", addrs: []string{row.addr}})
		answer, body := r.ask("POST", "", "/")
		failed := &r.fleet.Groups()[0].Failed
		r.until("its request is in the books", func() bool { return row.cause == "" || len(causesOf(failed)) > 0 })
		got := causesOf(failed)
		if row.cause == "" {
			if answer.StatusCode != 200 || body != "HTTP/2.0 true" || len(got) > 0 {
				t.Errorf("%s: %s %q %v", row.name, answer.Status, body, got)
			}
			continue
		}
		if want := map[string]uint64{"upstream " + row.cause: 1}; answer.StatusCode != 502 || !maps.Equal(got, want) {
			t.Errorf("%s: %s %q, counted %v", row.name, answer.Status, body, got)
		}
	}
}

func TestEndpointThatIsNotBelievedHasSeenNothingSoThatAnotherIsAsked(t *testing.T) {
	a, stranger := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	r := newRouter(t, EntryPointOptions{}, func(o *stdhttp.BackOptions) { o.TLS = &tls.Config{RootCAs: a.Pool()} })
	r.serve(service{rule: "PathPrefix:/", scheme: "https", addrs: []string{secureEndpoint(t, a, loopback), secureEndpoint(t, stranger, loopback)}})
	for range 4 {
		answer, body := r.ask("POST", "", "/", func(q *http.Request) { q.Body, q.ContentLength = io.NopCloser(strings.NewReader("x")), 1 })
		if answer.StatusCode != 200 {
			t.Errorf("%s %q", answer.Status, body)
		}
	}
}

// quietLog says nothing of clients that hang up on purpose.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
