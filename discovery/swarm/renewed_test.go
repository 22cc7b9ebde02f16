package swarm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// A manager that was demoted and promoted again, or has been up for weeks, has another certificate. From then on it speaks
// HTTP/2 without a word of it in the handshake.
func TestTheStoreIsHeardAfterTheManagersCertificateWasRenewed(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{})
	original := filepath.Join(t.TempDir(), "control.sock")
	if err := e.ListenStore(original); err != nil {
		t.Fatal(err)
	}
	c := dial(t, swarm.Options{Endpoint: endpoint, Socket: renewed(t, original)})
	w := listen(t, c)
	e.AddService(embedded.Spec{Name: "late"})
	until(t, c, w, "the new service", func(s *snapshot.Swarm) bool { return len(s.Services) == 1 })
}

// renewed is another socket of a store, which agrees on no protocol.
func renewed(t *testing.T, original string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := tls.Listen("unix", path, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := tls.Dial("unix", original, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			if err != nil {
				from.Close()
				continue
			}
			go relay(from, to)
			go relay(to, from)
		}
	}()
	return path
}

func relay(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
