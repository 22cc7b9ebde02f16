package swarm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// An authority signs certificates that are all good for server and client alike.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, encode("CERTIFICATE", der)}
}

func (a *authority) sign(t *testing.T) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	ownDER, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", ownDER)
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// raiseTLS starts an engine that demands a client certificate, as dockerd --tlsverify does, or a plain one.
func raiseTLS(t *testing.T, a *authority) (endpoint string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint = "tcp://" + l.Addr().String()
	if a != nil {
		cert, key := a.sign(t)
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})
	}
	e := embedded.New(embedded.Options{})
	served := make(chan struct{})
	go func() {
		defer close(served)
		e.Serve(l)
	}()
	t.Cleanup(func() {
		e.Close()
		l.Close()
		<-served
	})
	return endpoint
}

func TestADaemonIsReachedByTLSWithTextOrFiles(t *testing.T) {
	a := newAuthority(t)
	endpoint := raiseTLS(t, a)
	cert, key := a.sign(t)
	look(t, dial(t, swarm.Options{Endpoint: endpoint, TLS: &swarm.TLSOptions{CA: a.pem, Cert: cert, Key: key, CAOptional: true}}))
	look(t, dial(t, swarm.Options{Endpoint: endpoint, TLS: &swarm.TLSOptions{Cert: cert, Key: key, InsecureSkipVerify: true}}))

	t.Setenv("DOCKER_HOST", endpoint)
	t.Setenv("DOCKER_CERT_PATH", certFolder(t, a.pem, cert, key))
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	c := dial(t, swarm.Options{})
	if look(t, c); c.Endpoint() != endpoint {
		t.Errorf("the endpoint is %s", c.Endpoint())
	}
}

func TestDisagreementOnTLSIsSaid(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	cert, key := a.sign(t)
	foreign, foreignKey := other.sign(t)
	secure, plain := raiseTLS(t, a), raiseTLS(t, nil)
	for name, o := range map[string]swarm.Options{
		"another authority's daemon":   {Endpoint: secure, TLS: &swarm.TLSOptions{CA: other.pem, Cert: cert, Key: key}},
		"no certificate of our own":    {Endpoint: secure, TLS: &swarm.TLSOptions{CA: a.pem}},
		"another authority's client":   {Endpoint: secure, TLS: &swarm.TLSOptions{CA: a.pem, Cert: foreign, Key: foreignKey}},
		"we plain, the daemon secure":  {Endpoint: secure},
		"we secure, the daemon plain":  {Endpoint: plain, TLS: &swarm.TLSOptions{CA: a.pem, Cert: cert, Key: key}},
		"https and the system's roots": {Endpoint: "https" + secure[len("tcp"):]},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dial(t, o).Snapshot(within(t))
			wantProblem(t, err, swarm.TLS)
		})
	}
}

func certFolder(t *testing.T, ca, cert, key string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"ca.pem": ca, "cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
