package health

import (
	"io"
	"testing"

	"github.com/appia-edge/appia/rules"
)

func TestProbesAskTheURLThatTraefikWould(t *testing.T) {
	for _, c := range []struct {
		scheme, addr string
		check        rules.Check
		want         string // empty: an error
	}{
		{"http", "backend1:80", rules.Check{Path: "/test"}, "http://backend1:80/test"},
		{"http", "backend2:80", rules.Check{Path: "/test", Port: 8080}, "http://backend2:8080/test"},
		{"https", "backend1:80", rules.Check{Path: "/test", Scheme: "http"}, "http://backend1:80/test"},
		{"http", "backend1:80", rules.Check{Path: "/health?powpow=do&do=powpow"}, "http://backend1:80/health?powpow=do&do=powpow"},
		{"http", "backend1:80", rules.Check{Path: "health"}, "http://backend1:80/health"},
		{"http", "[fd00::5]:80", rules.Check{Path: "/", Port: 81}, "http://[fd00::5]:81/"},
		{"h2c", "backend1:80", rules.Check{Path: "/"}, "http://backend1:80/"},
		{"http", "backend1:80", rules.Check{Path: "//elsewhere/x"}, "http://backend1:80/x"},
		{"http", "backend1:80", rules.Check{Path: "http://me:pw@elsewhere/x#y"}, "http://backend1:80/x"},
		{"http", "backend1:80", rules.Check{Path: ":"}, ""},
		{"http", "backend1", rules.Check{Path: "/", Port: 81}, ""},
	} {
		req, err := request(t.Context(), rules.Endpoint{Scheme: c.scheme, Addr: c.addr}, &c.check)
		if err != nil {
			if c.want != "" {
				t.Errorf("%+v: %v", c.check, err)
			}
			continue
		}
		if got := req.URL.String(); got != c.want {
			t.Errorf("%+v asks %s, want %s", c.check, got, c.want)
		}
	}
}

func TestProbesCarryTheLabelsHeadersAndHost(t *testing.T) {
	check := rules.Check{Path: "/", Headers: []rules.Pair{{Name: "X-Probe", Value: "1"}, {Name: "host", Value: "a.example"}}}
	req, err := request(t.Context(), rules.Endpoint{Scheme: "http", Addr: "x:1"}, &check)
	if err != nil {
		t.Fatal(err)
	}
	if req.Host != "a.example" || req.Header.Get("X-Probe") != "1" || req.Header.Get("User-Agent") != "Appia-Health" {
		t.Errorf("host %q, headers %v", req.Host, req.Header)
	}
	check.Host = "b.example"
	if req, _ = request(t.Context(), rules.Endpoint{Scheme: "http", Addr: "x:1"}, &check); req.Host != "b.example" {
		t.Errorf("the hostname label lost against a header: %q", req.Host)
	}
}

func TestServicesOfMessagesAreAskedByAMessage(t *testing.T) {
	r, err := request(t.Context(), rules.Endpoint{Scheme: "http", Addr: "10.0.0.1:10101"}, &rules.Check{Path: "/act", Message: true})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != "POST" || string(body) != `{"role":"seneca","cmd":"ping"}` || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %q %v", r.Method, body, err)
	}
}
