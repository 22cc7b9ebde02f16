package dns

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/mholt/acmez/v3/acme"
)

func TestEveryProviderSaysWhatItsEnvironmentLacks(t *testing.T) {
	for name, lacks := range map[string]string{
		"alidns": "ALICLOUD_ACCESS_KEY", "cloudflare": "CLOUDFLARE_EMAIL", "digitalocean": "DO_AUTH_TOKEN", "httpreq": "HTTPREQ_ENDPOINT", "RFC2136": "NAMESERVER",
	} { // and route53 asks the machine it runs on
		if _, err := New(Options{Provider: name}); err == nil || !strings.Contains(err.Error(), lacks) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Options{Provider: "godaddy"}); err == nil || !strings.Contains(err.Error(), "alidns, cloudflare") {
		t.Errorf("one that is not there: %v", err)
	}
}

// The example of Alibaba Cloud's own documentation of signatures.
func TestAliDNSSignsAsItsDocumentationSays(t *testing.T) {
	query := canonical(map[string]string{
		"Timestamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid", "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1",
		"SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Version": "2014-05-26", "SignatureVersion": "1.0",
	})
	if got := sign(query, "testsecret"); got != "OLeaidS1JvxuMvnyHOwuJ+uX5qY=" {
		t.Errorf("got %s", got)
	}
}

func TestAliDNSPutsARecordAndTakesItOut(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, signature, _ := strings.Cut(r.URL.RawQuery, "&Signature=")
		if want := url.QueryEscape(sign(query, "secret")); signature != want {
			t.Errorf("signed %s, want %s", signature, want)
		}
		q := r.URL.Query()
		mu.Lock()
		calls = append(calls, strings.Join([]string{q.Get("Action"), q.Get("DomainName"), q.Get("RR"), q.Get("Value"), q.Get("RecordId")}, " "))
		mu.Unlock()
		switch q.Get("Action") {
		case "GetMainDomainName":
			_, _ = w.Write([]byte(`{"DomainName":"example.com","RR":"_acme-challenge.www"}`))
		case "AddDomainRecord":
			_, _ = w.Write([]byte(`{"RecordId":"42"}`))
		case "DeleteDomainRecord":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"Code":"Forbidden","Message":"not yours"}`))
		}
	}))
	defer server.Close()
	a, err := newAliDNS(func(name string) string {
		return map[string]string{"ALICLOUD_ACCESS_KEY": "key", "ALICLOUD_SECRET_KEY_FILE": "/secret"}[name]
	}, func(string) ([]byte, error) { return []byte("secret\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	a.endpoint = server.URL + "/"
	s := &Solver{own: a}
	c := acme.Challenge{Identifier: acme.Identifier{Type: "dns", Value: "www.example.com"}, Token: "t", KeyAuthorization: "t.k"}
	if err := s.Present(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.CleanUp(context.Background(), c); err == nil || !strings.Contains(err.Error(), "DeleteDomainRecord: Forbidden not yours") {
		t.Errorf("a refusal is told as %v", err)
	}
	want := []string{
		"GetMainDomainName    ", "AddDomainRecord example.com _acme-challenge.www " + c.DNS01KeyAuthorization() + " ", "DeleteDomainRecord    42",
	}
	if strings.Join(calls, "|") != strings.Join(want, "|") {
		t.Errorf("asked %q", calls)
	}
}
