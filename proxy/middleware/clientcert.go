package middleware

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
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
		q.Fields.Add(certField, c.pems(q.TLS.Certificates))
	}
	if infos := c.infos(q.TLS.Certificates); infos != "" {
		q.Fields.Add(c.infoField(), url.QueryEscape(infos))
	}
	return nil
}

func (c clientCert) infoField() string {
	if c.V3 {
		return infoField
	}
	return infoField + "s"
}

// pems are certificates as PEM without its armour and newlines.
func (c clientCert) pems(chain [][]byte) string {
	var texts []string
	for _, der := range chain {
		text := base64.StdEncoding.EncodeToString(der)
		if !c.V3 {
			text = url.QueryEscape(text)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ",")
}

// infos are what is wanted of certificates: 1.x has commas within one and semicolons between two, 3 the reverse.
func (c clientCert) infos(chain [][]byte) string {
	within, between := ",", ";"
	if c.V3 {
		within, between = between, within
	}
	var texts []string
	for _, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if text := strings.Join(c.info(cert), within); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, between)
}

func (c clientCert) info(cert *x509.Certificate) (parts []string) {
	add := func(wanted bool, name, text, quote string) {
		if wanted && text != "" {
			parts = append(parts, name+"="+quote+text+quote)
		}
	}
	quote := "" // of what 1.x writes without
	if c.V3 {
		quote = `"`
	}
	add(true, "Subject", nameText(cert.Subject, c.Subject), `"`)
	add(true, "Issuer", nameText(cert.Issuer, c.Issuer), `"`)
	if cert.SerialNumber != nil {
		add(c.Serial, "SerialNumber", cert.SerialNumber.String(), `"`)
	}
	add(c.NotBefore, "NB", strconv.FormatInt(cert.NotBefore.Unix(), 10), quote)
	add(c.NotAfter, "NA", strconv.FormatInt(cert.NotAfter.Unix(), 10), quote)
	add(c.SANs, "SAN", strings.Join(altNames(cert), ","), quote)
	return parts
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
