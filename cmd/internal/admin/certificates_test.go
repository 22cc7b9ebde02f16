package admin

import (
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/certs"
)

func TestCertificatesAreToldWhatEndsFirstBeforeTheRest(t *testing.T) {
	r := newRouter(t)
	golden(t, r, "/api/certificates", `[]`)
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r.certs = []certs.Status{
		{Origin: "late.crt", Names: []string{"late.com"}, EntryPoints: []string{"https"}, NotBefore: begun, NotAfter: begun.AddDate(1, 0, 0), Staple: "good"},
		{Origin: "soon.crt", Names: []string{"soon.com", "*.soon.com"}, Issuer: "CN=CA", Serial: "7", NotBefore: begun, NotAfter: begun.AddDate(0, 1, 0)},
		{Origin: "torn.crt", Problem: "no certificate in it"},
	}
	golden(t, r, "/api/certificates", `[
		{"origin":"torn.crt","names":[],"entryPoints":[],"problem":"no certificate in it"},
		{"origin":"soon.crt","names":["soon.com","*.soon.com"],"issuer":"CN=CA","serial":"7","entryPoints":[],
			"notBefore":"2026-01-01T00:00:00Z","notAfter":"2026-02-01T00:00:00Z"},
		{"origin":"late.crt","names":["late.com"],"entryPoints":["https"],
			"notBefore":"2026-01-01T00:00:00Z","notAfter":"2027-01-01T00:00:00Z","staple":"good"}]`)
}
