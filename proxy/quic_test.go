package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// overQUIC is an entry point that speaks HTTP/3, too, for the named hosts.
func overQUIC(a *proxytest.Authority, hosts ...string) EntryPointOptions {
	e := overTLS(a, hosts...)
	e.HTTP3 = &HTTP3{}
	return e
}

// http3Client speaks HTTP/3 to the router, whatever name it asks for.
func (r *router) http3Client(a *proxytest.Authority, change ...func(*tls.Config, *http3.Transport)) *http.Client {
	config := &tls.Config{RootCAs: a.Pool()}
	transport := &http3.Transport{
		TLSClientConfig: config,
		Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			return quic.DialAddr(ctx, r.addr, c, q)
		},
	}
	for _, c := range change {
		c(config, transport)
	}
	r.t.Cleanup(func() { transport.Close() })
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestRequestsComeByHTTP3(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}})
	client := r.http3Client(a)
	for range 2 { // the second time on the same connection
		answer, body := get(t, client, "https://a.com/")
		if answer.StatusCode != 200 || answer.Proto != "HTTP/3.0" || body != "https 443 a.com" || answer.Header.Get("Alt-Svc") != "" {
			t.Errorf("got %s %s %q %v", answer.Proto, answer.Status, body, answer.Header)
		}
	}
}

func TestContentOfHTTP3PassesAsItIs(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overQUIC(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		fmt.Fprintf(w, "%s %d %d %v %v", q.Method, q.ContentLength, len(body), q.Header["Host"], err)
	})}})
	client := r.http3Client(a)
	for _, row := range []struct {
		method string
		body   io.Reader
		want   string
	}{
		{"GET", nil, "GET 0 0 [] <nil>"},
		{"GET", io.MultiReader(strings.NewReader("text")), "GET -1 4 [] <nil>"},
		{"POST", strings.NewReader("text"), "POST 4 4 [] <nil>"},
		{"POST", io.MultiReader(strings.NewReader("text")), "POST -1 4 [] <nil>"},
		{"PUT", strings.NewReader(strings.Repeat("x", 8<<20)), "PUT 8388608 8388608 [] <nil>"},
	} {
		q, err := http.NewRequest(row.method, "https://a.com/", row.body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := row.want; err != nil || string(got) != want {
			t.Errorf("%s: got %q %v, want %q", row.method, got, err, want)
		}
	}
}

// comeByHTTP3 asks by HTTP/3 whoever a test asks in clear.
func comeByHTTP3(t testing.TB) http.RoundTripper {
	transport := &http3.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableCompression: true}
	t.Cleanup(func() { transport.Close() })
	return overHTTP3{transport}
}

type overHTTP3 struct{ *http3.Transport }

func (o overHTTP3) RoundTrip(q *http.Request) (*http.Response, error) {
	there := q.Clone(q.Context())
	there.URL.Scheme = "https"
	return o.Transport.RoundTrip(there)
}

func (o overHTTP3) CloseIdleConnections() { o.Transport.CloseIdleConnections() }
