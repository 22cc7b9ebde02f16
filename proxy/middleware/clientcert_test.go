package middleware

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

func certificate(t *testing.T) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name := pkix.Name{Country: []string{"DE"}, Province: []string{"Sachsen"}, Locality: []string{"Leipzig"}, Organization: []string{"O & Co"},
		SerialNumber: "7", CommonName: "ann", ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "org"}}}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name, NotBefore: time.Unix(1000, 0), NotAfter: time.Unix(2000, 0),
		DNSNames: []string{"a.b"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestEndpointHearsOfTheClientsCertificateInTraefiksWords(t *testing.T) {
	der := certificate(t)
	all := []string{"country", "province", "locality", "organization", "commonName", "serialNumber", "domainComponent"}
	v := visiting(message.Field{Name: "X-Forwarded-Tls-Client-Cert-Infos", Value: "forged"})
	q := v.Exchange.Request()
	q.TLS = &message.TLS{Certificates: [][]byte{der, der}}
	asked := rules.ClientCert{PEM: true, NotAfter: true, NotBefore: true, SANs: true, Subject: all, Issuer: []string{"commonName"}}
	clientCert{asked}.Request(v)
	one := `Subject="DC=org,C=DE,ST=Sachsen,L=Leipzig,O=O & Co,SN=7,CN=ann",Issuer="CN=ann",NB=1000,NA=2000,SAN=a.b,10.0.0.1`
	if got := q.Fields.Joined("X-Forwarded-Tls-Client-Cert-Infos"); got != url.QueryEscape(one+";"+one) {
		text, _ := url.QueryUnescape(got)
		t.Errorf("infos %s", text)
	}
	pem := base64.StdEncoding.EncodeToString(der)
	if got := q.Fields.Get("X-Forwarded-Tls-Client-Cert"); got != url.QueryEscape(pem)+","+url.QueryEscape(pem) {
		t.Errorf("certificate %s", got)
	}

	asked.V3, asked.Serial = true, true
	clientCert{asked}.Request(v)
	three := `Subject="DC=org,C=DE,ST=Sachsen,L=Leipzig,O=O & Co,SN=7,CN=ann";Issuer="CN=ann";SerialNumber="1";NB="1000";NA="2000";SAN="a.b,10.0.0.1"`
	if got := q.Fields.Joined("X-Forwarded-Tls-Client-Cert-Info"); got != url.QueryEscape(three+","+three) {
		text, _ := url.QueryUnescape(got)
		t.Errorf("info of Traefik 3 %s", text)
	}
	if got := q.Fields.Get("X-Forwarded-Tls-Client-Cert"); got != pem+","+pem {
		t.Errorf("certificate as Traefik 3 has it: %s", got)
	}
	if q.Fields.Has("X-Forwarded-Tls-Client-Cert-Infos") {
		t.Error("what 1.x calls it is left")
	}
}
