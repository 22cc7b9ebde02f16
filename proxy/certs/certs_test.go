package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/proxytest"
)

// shown is the certificate that a client gets that asks for a name, by its names; or the error that it hears.
func shown(t *testing.T, config, client *tls.Config) string {
	t.Helper()
	state, err := shake(t, config, client)
	if err != nil {
		return err.Error()
	}
	leaf := state.PeerCertificates[0]
	return strings.Join(append(leaf.DNSNames, leaf.Subject.Organization...), ",")
}

func shake(t *testing.T, config, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	client.InsecureSkipVerify = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ours, err := l.Accept()
		if err != nil {
			return
		}
		defer ours.Close()
		c := tls.Server(ours, config)
		if c.Handshake() == nil {
			c.Write([]byte{0}) // and with it, in 1.3, the tickets
			c.Read([]byte{0})
		}
	}()
	c := tls.Client(theirs, client)
	_, err = c.Read([]byte{0})
	state := c.ConnectionState()
	theirs.Close()
	<-ended
	return state, err
}

func asks(name string) *tls.Config { return &tls.Config{ServerName: name} }

func pair(a *proxytest.Authority, names ...string) certs.Pair {
	cert, key := a.Issue(names)
	return certs.Pair{Cert: cert, Key: key}
}

func serve(t *testing.T, s *certs.Store, o certs.EntryPoint) *tls.Config {
	t.Helper()
	t.Cleanup(s.Close)
	config, err := s.Serve("https", o)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestClientsGetTheCertificateForTheNameThatTheyAskFor(t *testing.T) {
	a := proxytest.NewAuthority(t)
	config := serve(t, certs.New(certs.Options{}), certs.EntryPoint{Certificates: []certs.Pair{
		pair(a, "first.org"), pair(a, "*.A.com"), pair(a, "b.a.com", "xn--bcher-kva.example"),
	}})
	for _, row := range []struct{ asked, want string }{
		{"first.org", "first.org"}, {"b.a.com", "b.a.com,xn--bcher-kva.example"}, {"B.A.COM", "b.a.com,xn--bcher-kva.example"},
		{"c.a.com", "*.A.com"}, {"C.a.com", "*.A.com"}, {"xn--bcher-kva.example", "b.a.com,xn--bcher-kva.example"},
		{"a.com", "first.org"}, {"d.c.a.com", "first.org"}, {"else.org", "first.org"}, {"", "first.org"},
	} {
		if got := shown(t, config, asks(row.asked)); got != row.want {
			t.Errorf("%q: got %q, want %q", row.asked, got, row.want)
		}
	}
}

func TestDefaultCertificateIsTheOneThatIsNamed(t *testing.T) {
	a := proxytest.NewAuthority(t)
	config := serve(t, certs.New(certs.Options{}), certs.EntryPoint{Certificates: []certs.Pair{pair(a, "a.com")}, Default: pair(a, "default.com")})
	for asked, want := range map[string]string{"a.com": "a.com", "default.com": "default.com", "x.com": "default.com"} {
		if got := shown(t, config, asks(asked)); got != want {
			t.Errorf("%q: got %q, want %q", asked, got, want)
		}
	}
}

func TestEntryPointWithoutAnyCertificateMakesOneAndSaysSo(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	s := certs.New(certs.Options{Log: zap.New(core)})
	config := serve(t, s, certs.EntryPoint{})
	first, err := shake(t, config, &tls.Config{})
	if err != nil || first.PeerCertificates[0].Subject.CommonName != "APPIA DEFAULT CERT" {
		t.Fatalf("%v", err)
	}
	s.Look()
	second, err := shake(t, config, &tls.Config{})
	if err != nil || !second.PeerCertificates[0].Equal(first.PeerCertificates[0]) {
		t.Errorf("another one after a look: %v", err)
	}
	if logs.Len() != 1 || !strings.Contains(logs.All()[0].Message, "nobody has signed") {
		t.Errorf("the log has %v", logs.All())
	}
}

func TestStrictEntryPointRefusesNamesThatNoCertificateIsFor(t *testing.T) {
	a := proxytest.NewAuthority(t)
	config := serve(t, certs.New(certs.Options{}), certs.EntryPoint{SNIStrict: true, Certificates: []certs.Pair{pair(a, "a.com")}})
	for asked, want := range map[string]string{"a.com": "a.com", "b.com": "remote error: tls: unrecognized name", "": "remote error: tls: unrecognized name"} {
		if got := shown(t, config, asks(asked)); got != want {
			t.Errorf("%q: got %q, want %q", asked, got, want)
		}
	}
}

// Of several for a name, a client gets one that it can use, the cheaper kind first, and then the newer.
func TestBestOfSeveralCertificatesForANameIsShown(t *testing.T) {
	a := proxytest.NewAuthority(t)
	organization := func(name string, more time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject.Organization, c.NotAfter = []string{name}, c.NotAfter.Add(more) }
	}
	var all []certs.Pair
	add := func(cert, key string) { all = append(all, certs.Pair{Cert: cert, Key: key}) }
	add(a.IssueRSA([]string{"a.com"}, organization("rsa", 9*time.Hour)))
	add(a.Issue([]string{"a.com"}, organization("older", time.Hour)))
	add(a.Issue([]string{"a.com"}, organization("newer", 2*time.Hour)))
	add(a.Issue([]string{"b.com"}, organization("expired", -2*time.Hour)))
	add(a.IssueRSA([]string{"b.com"}, organization("rsa", time.Hour)))
	config := serve(t, certs.New(certs.Options{}), certs.EntryPoint{Certificates: all})
	oldClient := &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	for _, row := range []struct {
		client *tls.Config
		want   string
	}{{asks("a.com"), "a.com,newer"}, {oldClient, "a.com,rsa"}, {asks("b.com"), "b.com,rsa"}} {
		if got := shown(t, config, row.client); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// put writes a pair of files.
func put(t *testing.T, p certs.Pair, cert, key string) {
	t.Helper()
	write(t, cert, p.Cert)
	write(t, key, p.Key)
}

func TestFoldersOfCertificatesAreReadInEveryLayout(t *testing.T) {
	a, dir := proxytest.NewAuthority(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, pair(a, "crt.com"), in("crt.crt"), in("crt.key"))
	put(t, pair(a, "pem.com"), in("pem.pem"), in("pem.key"))
	put(t, pair(a, "mkcert.com"), in("mkcert.pem"), in("mkcert-key.pem"))
	put(t, pair(a, "certbot.com"), in("certbot.com/fullchain.pem"), in("certbot.com/privkey.pem"))
	both := pair(a, "both.com")
	write(t, in("both.pem"), both.Key+both.Cert)
	write(t, in("ca.pem"), a.PEM())
	write(t, in("README"), "nothing")
	write(t, in("lonely.crt"), a.PEM())
	s := certs.New(certs.Options{Directories: []string{dir}})
	config := serve(t, s, certs.EntryPoint{SNIStrict: true})
	for _, name := range []string{"crt.com", "pem.com", "mkcert.com", "certbot.com", "both.com"} {
		if got := shown(t, config, asks(name)); got != name {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if all := s.Status(); len(all) != 5 {
		t.Errorf("got %+v", all)
	}
}

func TestChangesOfFilesAreServedAndBrokenOnesAreNot(t *testing.T) {
	a, dir := proxytest.NewAuthority(t), t.TempDir()
	core, logs := observer.New(zapcore.InfoLevel)
	s := certs.New(certs.Options{Directories: []string{dir}, Log: zap.New(core)})
	own := filepath.Join(t.TempDir(), "own")
	put(t, pair(a, "own.com"), own+".crt", own+".key")
	config := serve(t, s, certs.EntryPoint{Certificates: []certs.Pair{{Cert: own + ".crt", Key: own + ".key"}}})
	file := filepath.Join(dir, "a")
	problems := func() (all []string) {
		for _, c := range s.Status() {
			if c.Problem != "" {
				all = append(all, c.Problem)
			}
		}
		return all
	}
	first, second := pair(a, "a.com"), pair(a, "a.com", "more.com")
	for _, step := range []struct {
		name string
		do   func()
		want string // for a.com
		own  string
		told string // what is wrong then
	}{
		{"nothing there", func() {}, "own.com", "own.com", ""},
		{"a pair appears", func() { put(t, first, file+".crt", file+".key") }, "a.com", "own.com", ""},
		{"half of it is replaced", func() { write(t, file+".crt", second.Cert) }, "a.com", "own.com", "private key does not match public key"},
		{"and the other half", func() { write(t, file+".key", second.Key) }, "a.com,more.com", "own.com", ""},
		{"rubbish", func() { write(t, file+".crt", "rubbish") }, "a.com,more.com", "own.com", "failed to find any PEM data"},
		{"the entry point's own", func() { put(t, pair(a, "own.com", "www.own.com"), own+".crt", own+".key") }, "a.com,more.com", "own.com,www.own.com", "failed to find any PEM data"},
		{"the entry point's own is gone", func() { os.Remove(own + ".key") }, "a.com,more.com", "own.com,www.own.com", "failed to find any PEM data"},
		{"the pair is gone", func() { os.Remove(file + ".crt") }, "own.com,www.own.com", "own.com,www.own.com", "no such file"},
		{"the folder is gone", func() { os.RemoveAll(dir) }, "own.com,www.own.com", "own.com,www.own.com", "no such file"},
	} {
		step.do()
		s.Look()
		if got := shown(t, config, asks("a.com")); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
		if got := shown(t, config, asks("own.com")); got != step.own {
			t.Errorf("%s: own.com has %q, want %q", step.name, got, step.own)
		}
		if got := strings.Join(problems(), "; "); step.told == "" && got != "" || !strings.Contains(got, step.told) {
			t.Errorf("%s: told %q, want %q", step.name, got, step.told)
		}
	}
	told := logs.Len()
	s.Look()
	if logs.Len() != told {
		t.Errorf("told again: %v", logs.All()[told:])
	}
}

func TestTicksLookAtFiles(t *testing.T) {
	a, dir := proxytest.NewAuthority(t), t.TempDir()
	s := certs.New(certs.Options{Directories: []string{dir}})
	config := serve(t, s, certs.EntryPoint{})
	put(t, pair(a, "a.com"), filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key"))
	for range 5 {
		s.Tick(time.Now())
	}
	s.Close() // waits for the look
	if got := shown(t, config, asks("a.com")); got != "a.com" {
		t.Errorf("got %q", got)
	}
}

func TestSectionsAreForTheEntryPointsThatTheyName(t *testing.T) {
	a := proxytest.NewAuthority(t)
	s := certs.New(certs.Options{Sections: []certs.Section{
		{Pair: pair(a, "one.com"), EntryPoints: []string{"HTTPS"}}, {Pair: pair(a, "all.com")}, {Pair: certs.Pair{Cert: "/no/such", Key: "/no/such"}},
	}})
	one := serve(t, s, certs.EntryPoint{SNIStrict: true})
	other, err := s.Serve("other", certs.EntryPoint{SNIStrict: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		config      *tls.Config
		asked, want string
	}{{one, "one.com", "one.com"}, {one, "all.com", "all.com"}, {other, "one.com", "remote error: tls: unrecognized name"}, {other, "all.com", "all.com"}} {
		if got := shown(t, row.config, asks(row.asked)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.asked, got, row.want)
		}
	}
}

type provider struct{ cert, challenge tls.Certificate }

func (p *provider) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch {
	case hello.ServerName != "acme.com":
		return nil, nil
	case len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == "acme-tls/1":
		return &p.challenge, nil
	}
	return &p.cert, nil
}

func (p *provider) Certificates() []*tls.Certificate { return []*tls.Certificate{&p.cert} }

func TestProvidersAreAskedFirstAndAnswerChallenges(t *testing.T) {
	a := proxytest.NewAuthority(t)
	s := certs.New(certs.Options{})
	s.Provide(&provider{a.Pair("acme.com", "www.acme.com"), a.Pair("challenge.acme.com")}, "https")
	config := serve(t, s, certs.EntryPoint{Certificates: []certs.Pair{pair(a, "acme.com"), pair(a, "static.com")}})
	other, err := s.Serve("other", certs.EntryPoint{Certificates: []certs.Pair{pair(a, "acme.com")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		config *tls.Config
		client *tls.Config
		want   string
		proto  string
	}{
		{config, &tls.Config{ServerName: "acme.com"}, "acme.com,www.acme.com", ""},
		{config, &tls.Config{ServerName: "acme.com", NextProtos: []string{"acme-tls/1"}}, "challenge.acme.com", "acme-tls/1"},
		{config, &tls.Config{ServerName: "acme.com", NextProtos: []string{"h2", "http/1.1"}}, "acme.com,www.acme.com", "h2"},
		{config, asks("static.com"), "static.com", ""},
		{config, asks("else.com"), "acme.com", ""},
		{other, asks("acme.com"), "acme.com", ""},
	} {
		state, err := shake(t, row.config, row.client)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(state.PeerCertificates[0].DNSNames, ","); got != row.want || state.NegotiatedProtocol != row.proto {
			t.Errorf("%s: got %q by %q, want %q", row.client.ServerName, got, state.NegotiatedProtocol, row.want)
		}
	}
	if all := s.Status(); len(all) != 4 || all[3].Origin != "provider" || all[3].Names[0] != "acme.com" || all[3].NotAfter.IsZero() {
		t.Errorf("got %+v", all)
	}
}

func TestOldCiphersSpeakNoHTTP2(t *testing.T) {
	a := proxytest.NewAuthority(t)
	config := serve(t, certs.New(certs.Options{}), certs.EntryPoint{Certificates: []certs.Pair{pair(a, "a.com")}, MinVersion: tls.VersionTLS10})
	for _, row := range []struct {
		client *tls.Config
		want   string
	}{
		{&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, "http/1.1"},
		{&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "http/1.1"},
		{&tls.Config{MaxVersion: tls.VersionTLS12}, "h2"},
		{&tls.Config{}, "h2"},
	} {
		row.client.NextProtos = []string{"h2", "http/1.1"}
		if state, err := shake(t, config, row.client); err != nil || state.NegotiatedProtocol != row.want {
			t.Errorf("got %q, %v, want %q", state.NegotiatedProtocol, err, row.want)
		}
	}
}
