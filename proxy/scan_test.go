package proxy

import (
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/proxytest"
)

var conformance = flag.Bool("conformance", false, "run the suites that take minutes, too")

// A finding is a line of testssl.sh's report.
type finding struct{ ID, Severity, Finding string }

// known are the findings that are there, with the reason; docs/security.md names them.
var known = map[string]string{
	"engine_problem":     "of the scanner's own OpenSSL",
	"cert_revocation":    "the test's own authority can revoke nothing",
	"HSTS":               "the service's to ask for, by its labels",
	"security_headers":   "the service's to ask for, by its labels",
	"TLS_session_ticket": "crypto/tls says a week and cannot be told otherwise; ours are good for a day at most",
}

// testssl.sh finds nothing to complain of in an entry point with TLS of which nothing was said but its certificate.
func TestAScanOfTheDefaultsFindsNothing(t *testing.T) {
	if !*conformance {
		t.Skip("minutes: make conformance")
	}
	a := proxytest.NewAuthority(t)
	cert, key := a.Issue([]string{"a.test"}, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(90 * 24 * time.Hour) })
	r := newRouter(t, EntryPointOptions{Name: "http", TLS: &TLS{Certificates: []Certificate{{Cert: cert, Key: key}}}})
	r.serve(service{rule: "Host:a.test", addrs: []string{endpoint(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })}})
	for _, f := range scan(t, a, r.addr) {
		switch f.Severity {
		case "OK", "INFO", "DEBUG":
			continue
		}
		if why := known[f.ID]; why != "" {
			t.Logf("%-8s %s: %s (%s)", f.Severity, f.ID, f.Finding, why)
			continue
		}
		t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
	}
}

func scan(t *testing.T, a *proxytest.Authority, addr string) (found []finding) {
	t.Helper()
	dir := t.TempDir()
	ca, report := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(ca, []byte(a.PEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "testssl", "--warnings=batch", "--color=0", "--nodns=none", "--ip="+host, "--add-ca="+ca, "--jsonfile="+report, "a.test:"+port).CombinedOutput() //nolint:gosec // its own words
	text, rerr := os.ReadFile(report)
	if rerr != nil {
		t.Fatalf("%v, %v: %s", err, rerr, out)
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	if len(found) < 100 {
		t.Fatalf("the scan has seen too little: %s", out)
	}
	return found
}
