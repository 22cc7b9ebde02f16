package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/proxytest"
	"github.com/appia-edge/appia/rules"
)

// overTLS is an entry point that speaks it, for the named hosts.
func overTLS(a *proxytest.Authority, hosts ...string) EntryPointOptions {
	cert, key := a.Issue(hosts)
	return EntryPointOptions{Name: "http", TLS: &TLS{Certificates: []Certificate{{Cert: cert, Key: key}}}}
}

// client speaks TLS to the router, whatever name it asks for.
func (r *router) client(a *proxytest.Authority, change ...func(*tls.Config, *http.Transport)) *http.Client {
	config := &tls.Config{RootCAs: a.Pool()}
	transport := &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, r.addr)
		},
	}
	for _, c := range change {
		c(config, transport)
	}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func onlyHTTP1(_ *tls.Config, t *http.Transport) {
	t.ForceAttemptHTTP2 = false
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	answer, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// tellsHow is a service that says how the router was asked.
func tellsHow(w http.ResponseWriter, q *http.Request) {
	fmt.Fprintf(w, "%s %s %s", q.Header.Get("X-Forwarded-Proto"), q.Header.Get("X-Forwarded-Port"), q.Header.Get("X-Forwarded-Host"))
}

func TestRequestsComeByTLSInBothVersionsOfHTTP(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overTLS(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}})
	for _, row := range []struct {
		proto  string
		change []func(*tls.Config, *http.Transport)
	}{
		{"HTTP/2.0", nil},
		{"HTTP/1.1", []func(*tls.Config, *http.Transport){onlyHTTP1}},
	} {
		client := r.client(a, row.change...)
		for range 2 { // the second time on the same connection
			answer, body := get(t, client, "https://a.com/")
			if answer.StatusCode != 200 || answer.Proto != row.proto || body != "https 443 a.com" {
				t.Errorf("%s: got %s %s %q", row.proto, answer.Proto, answer.Status, body)
			}
		}
	}
}

// refusals are what clients did wrong, by cause.
func refusals(r *router) map[string]uint64 { return causesOf(r.proxy.EntryPoints()[0].Refused()) }

// What a client may do wrong has its word, and ends with it.
func TestHandshakesThatComeToNothingAreCountedByTheirCause(t *testing.T) {
	a, clients := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	strict := overTLS(a, "a.com")
	strict.TLS.SNIStrict = true
	asking := overTLS(a, "a.com")
	asking.TLS.ClientCAs = []string{clients.PEM()}
	stranger := a.Pair("somebody")
	for _, row := range []struct {
		name   string
		entry  EntryPointOptions
		cause  string
		client *tls.Config
		text   string // instead of a handshake
		alert  string // what the client hears
	}{
		{name: "an old version", entry: overTLS(a, "a.com"), cause: "tls-version", client: &tls.Config{ServerName: "a.com", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, alert: "protocol version not supported"},
		{name: "old ciphers", entry: overTLS(a, "a.com"), cause: "tls-cipher", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, alert: "handshake failure"},
		{name: "a name that nobody knows", entry: strict, cause: "no-certificate", client: &tls.Config{ServerName: "b.com"}, alert: "unrecognized name"},
		{name: "no name", entry: strict, cause: "no-certificate", client: &tls.Config{InsecureSkipVerify: true}, alert: "unrecognized name"},
		{name: "no client certificate", entry: asking, cause: "client-certificate", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12}, alert: "handshake failure"},
		{name: "another CA's", entry: asking, cause: "client-certificate", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &stranger, nil }}, alert: "unknown certificate authority"},
		{name: "a client that does not trust us", entry: overTLS(a, "a.com"), cause: "client-alert", client: &tls.Config{ServerName: "b.com"}, alert: "certificate is valid for a.com"},
		{name: "plain HTTP", entry: overTLS(a, "a.com"), cause: "plain-on-tls", text: "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n"},
		{name: "something else", entry: overTLS(a, "a.com"), cause: "not-tls", text: "SSH-2.0-OpenSSH_9.6\r\n"},
	} {
		r := newRouter(t, row.entry)
		switch {
		case row.text != "":
			got := r.raw(row.text)
			if row.cause == "plain-on-tls" && (!strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\n") || !strings.HasSuffix(got, "\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")) {
				t.Errorf("%s: got %q", row.name, got)
			}
		default:
			row.client.RootCAs = a.Pool()
			c, err := tls.Dial("tcp", r.addr, row.client)
			if err == nil {
				_, err = c.Read(make([]byte, 1))
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), row.alert) {
				t.Errorf("%s: the client hears %v, want %q", row.name, err, row.alert)
			}
		}
		r.until(row.name+" is counted", func() bool { return refusals(r)["client "+row.cause] == 1 })
		if got := refusals(r); len(got) != 1 {
			t.Errorf("%s: got %v", row.name, got)
		}
	}
}

func TestHandshakeHasItsTimeAndKeepsNobodyWaiting(t *testing.T) {
	a := proxytest.NewAuthority(t)
	entry := overTLS(a, "a.com")
	entry.Address = "127.0.0.1:0"
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{entry}, ReadTimeout: 300 * time.Millisecond})
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}})
	silent, slow := r.dial(), r.dial()
	io.WriteString(slow, "\x16\x03\x01")
	if answer, _ := get(t, r.client(a), "https://a.com/"); answer.StatusCode != 200 {
		t.Errorf("%s", answer.Status)
	}
	for _, c := range []net.Conn{silent, slow} {
		if got, err := io.ReadAll(c); err != nil || len(got) > 7 {
			t.Errorf("got %q, %v", got, err)
		}
	}
	r.until("the slow one is counted", func() bool { return refusals(r)["client handshake-timeout"] == 1 })
	if got := refusals(r); len(got) != 1 {
		t.Errorf("got %v: who says nothing has not begun", got)
	}
}

func TestTLSOnAPlainEntryPointEndsAtOnce(t *testing.T) {
	if now.std {
		t.Skip("net/http reads on for a line")
	}
	r := newRouter(t, EntryPointOptions{})
	_, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true})
	if err == nil || !strings.Contains(err.Error(), "handshake failure") {
		t.Errorf("the client hears %v", err)
	}
	r.until("it is counted", func() bool { return refusals(r)["client tls-on-plain"] == 1 })
}

func TestRedirectLeadsToTheEntryPointWithTLS(t *testing.T) {
	a := proxytest.NewAuthority(t)
	secure := overTLS(a, "a.com")
	secure.Name, secure.Address = "https", "127.0.0.1:0"
	r := newRouterOf(t, Options{EntryPoints: []EntryPointOptions{
		{Name: "http", Address: "127.0.0.1:0", Filters: []rules.Filter{rules.RedirectEntryPoint{Name: "https"}}}, secure,
	}})
	answer, _ := r.ask("GET", "a.com", "/x?y")
	if got := answer.Header.Get("Location"); answer.StatusCode != 302 || got != "https://a.com:0/x?y" {
		t.Errorf("%s to %q", answer.Status, got)
	}
}

// newRouterOf starts a router with the options that a test says, and the rest as the setup has it.
func newRouterOf(t testing.TB, o Options) *router {
	t.Helper()
	o.Fleet = balancer.New(balancer.Options{StickyKey: []byte("test")})
	return startRouter(t, filledOptions(o))
}

func TestHeadersOfTLS(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overTLS(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}, filters: []rules.Filter{
		rules.Headers{Security: rules.Security{STSSeconds: 300, STSIncludeSubdomains: true, SSLRedirect: true}},
	}})
	answer, body := get(t, r.client(a, onlyHTTP1), "https://a.com/")
	if got := answer.Header.Get("Strict-Transport-Security"); answer.StatusCode != 200 || got != "max-age=300; includeSubDomains" {
		t.Errorf("%s with %q: %s", answer.Status, got, body)
	}
}

func TestServicesSeeTheClientsCertificate(t *testing.T) {
	a, clients := proxytest.NewAuthority(t), proxytest.NewAuthority(t)
	entry := overTLS(a, "a.com")
	entry.TLS.ClientCAs, entry.TLS.ClientCAOptional = []string{clients.PEM()}, true
	r := newRouter(t, entry)
	r.serve(service{rule: "Host:a.com", filters: []rules.Filter{rules.ClientCert{PEM: true}}, addrs: []string{endpoint(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.Header.Get("X-Forwarded-Tls-Client-Cert"))
	})}})
	me := clients.Pair("me")
	for _, change := range [][]func(*tls.Config, *http.Transport){{}, {onlyHTTP1}} {
		if answer, body := get(t, r.client(a, change...), "https://a.com/"); answer.StatusCode != 200 || body != "" {
			t.Errorf("without: %s %q", answer.Status, body)
		}
		shows := append(change, func(c *tls.Config, _ *http.Transport) { c.Certificates = []tls.Certificate{me} })
		if answer, body := get(t, r.client(a, shows...), "https://a.com/"); answer.StatusCode != 200 || !strings.HasPrefix(body, "MII") {
			t.Errorf("with: %s %q", answer.Status, body)
		}
	}
}

func TestProxyProtocolComesBeforeTLS(t *testing.T) {
	a := proxytest.NewAuthority(t)
	entry := overTLS(a, "a.com")
	entry.ProxyProtocol = fromLoopback()
	r := newRouter(t, entry)
	r.tellsClient(t)
	for _, header := range []string{"PROXY TCP4 192.0.2.7 192.0.2.1 1000 443\r\n", ""} {
		for _, protocols := range [][]string{nil, {"h2"}} {
			client := r.client(a, func(c *tls.Config, tr *http.Transport) {
				if protocols == nil {
					onlyHTTP1(c, tr)
				}
				tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, network, r.addr)
					if err == nil {
						_, err = io.WriteString(conn, header)
					}
					return conn, err
				}
			})
			want := "127.0.0.1 ;"
			if header != "" {
				want = "192.0.2.7 ;"
			}
			if _, body := get(t, client, "https://a.com/"); body != want {
				t.Errorf("%q %v: got %q", header, protocols, body)
			}
		}
	}
}

func TestEntryPointWhoseCertificateCannotBeUsedIsNotOpened(t *testing.T) {
	a := proxytest.NewAuthority(t)
	cert, key := a.Issue([]string{"a.com"})
	_, other := a.Issue([]string{"a.com"})
	for _, row := range []struct {
		pair Certificate
		want string
	}{
		{Certificate{Cert: "/no/such/file", Key: key}, "entry point http: certificate /no/such/file: open /no/such/file: no such file or directory"},
		{Certificate{Cert: cert, Key: other}, "entry point http: certificate a PEM text: private key does not match public key"},
		{Certificate{Cert: cert[:200], Key: key}, "failed to find any PEM data in certificate input"},
		{Certificate{Cert: cert, Key: strings.Replace(key, "M", "!", 3)}, "failed to find any PEM data in key input"},
	} {
		p := New(Options{EntryPoints: []EntryPointOptions{{Name: "http", Address: "127.0.0.1:0", TLS: &TLS{Certificates: []Certificate{row.pair}}}}})
		err := p.Listen(t.Context())
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("got %v, want %q", err, row.want)
		}
	}
}

func TestExpiredCertificateIsServedAndTold(t *testing.T) {
	a := proxytest.NewAuthority(t)
	cert, key := a.Issue([]string{"a.com"}, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	r := newRouter(t, EntryPointOptions{TLS: &TLS{Certificates: []Certificate{{Cert: cert, Key: key}}}})
	if _, err := r.client(a).Get("https://a.com/"); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
	if all := r.proxy.options.Certificates.Status(); len(all) != 1 || all[0].Problem != "it has expired" {
		t.Errorf("got %+v", all)
	}
}

// A client that has said good-bye hears the end of its answer, and one that leaves in the middle is left.
func TestConnectionsOverTLSEndAsTheyShould(t *testing.T) {
	a := proxytest.NewAuthority(t)
	r := newRouter(t, overTLS(a, "a.com"))
	r.serve(service{rule: "Host:a.com", addrs: []string{endpoint(t, tellsHow)}})
	c, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: a.Pool(), ServerName: "a.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\nGET / HTTP/1.1\r\nHost: a.com\r\nConnection: close\r\n\r\n")
	lines := bufio.NewReader(c)
	for range 2 {
		answer, err := http.ReadResponse(lines, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "https 443 a.com" {
			t.Errorf("got %q, %v", body, err)
		}
	}
	if _, err := lines.ReadByte(); err != io.EOF { // close_notify, not a cut
		t.Errorf("got %v", err)
	}
}
