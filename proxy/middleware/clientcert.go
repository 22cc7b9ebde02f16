package middleware

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A clientCert tells the endpoint of the client's certificate. What the client says of that itself is removed, with or
// without a certificate.
type clientCert struct{ rules.ClientCert }

const (
	certField = "X-Forwarded-Tls-Client-Cert"
	infoField = "X-Forwarded-Tls-Client-Cert-Info"
)

// Request implements Asker.
func (c clientCert) Request(v *Visit) *message.Response {
	q := v.Exchange.Request()
	own(&q.Fields, certField)
	own(&q.Fields, infoField)
	own(&q.Fields, infoField+"s")
	if q.TLS == nil || len(q.TLS.Certificates) == 0 {
		return nil
	}
	if c.PEM {
		q.Fields.Add(certField, pems(q.TLS.Certificates))
	}
	if infos := c.infos(q.TLS.Certificates); infos != "" {
		q.Fields.Add(infoField+"s", url.QueryEscape(infos))
	}
	return nil
}

// pems are certificates as PEM without its armour and newlines.
func pems(chain [][]byte) string {
	var texts []string
	for _, der := range chain {
		texts = append(texts, url.QueryEscape(base64.StdEncoding.EncodeToString(der)))
	}
	return strings.Join(texts, ",")
}

func (c clientCert) infos(chain [][]byte) string {
	var texts []string
	for _, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if text := c.info(cert); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ";")
}

func (c clientCert) info(cert *x509.Certificate) string {
	var parts []string
	if text := nameText(cert.Subject, c.Subject); text != "" {
		parts = append(parts, `Subject="`+text+`"`)
	}
	if text := nameText(cert.Issuer, c.Issuer); text != "" {
		parts = append(parts, `Issuer="`+text+`"`)
	}
	if c.Serial && cert.SerialNumber != nil {
		parts = append(parts, `SerialNumber="`+cert.SerialNumber.String()+`"`)
	}
	if c.NotBefore {
		parts = append(parts, fmt.Sprintf("NB=%d", cert.NotBefore.Unix()))
	}
	if c.NotAfter {
		parts = append(parts, fmt.Sprintf("NA=%d", cert.NotAfter.Unix()))
	}
	if names := altNames(cert); c.SANs && len(names) > 0 {
		parts = append(parts, "SAN="+strings.Join(names, ","))
	}
	return strings.Join(parts, ",")
}

func altNames(cert *x509.Certificate) []string {
	names := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	for _, uri := range cert.URIs {
		names = append(names, uri.String())
	}
	return names
}

var domainComponent = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}

// nameText is what is wanted of a name, in Traefik's order.
func nameText(name pkix.Name, wanted []string) string {
	var components []string
	for _, attribute := range name.Names {
		if attribute.Type.Equal(domainComponent) {
			components = append(components, fmt.Sprint(attribute.Value))
		}
	}
	var parts []string
	for _, part := range []struct {
		field, key string
		values     []string
	}{
		{"domainComponent", "DC", components}, {"country", "C", name.Country}, {"province", "ST", name.Province}, {"locality", "L", name.Locality},
		{"organization", "O", name.Organization}, {"organizationalUnit", "OU", name.OrganizationalUnit},
		{"serialNumber", "SN", []string{name.SerialNumber}}, {"commonName", "CN", []string{name.CommonName}},
	} {
		if !slices.Contains(wanted, part.field) {
			continue
		}
		for _, value := range part.values {
			if value != "" {
				parts = append(parts, part.key+"="+value)
			}
		}
	}
	return strings.Join(parts, ",")
}
