package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReportOfH2loadIsRead(t *testing.T) {
	const report = `starting benchmark...
spawning thread #0: 16 total client(s). Timing-based test with 0s of warm-up time and 1s of main duration for measurements.
Main benchmark duration is started for thread #0.

finished in 1.01s, 12290.00 req/s, 13.11MB/s
requests: 12418 total, 12546 started, 12418 done, 12290 succeeded, 128 failed, 128 errored, 0 timeout
status codes: 12288 2xx, 0 3xx, 1 4xx, 1 5xx
traffic: 13.11MB (13745000) total, 400.00KB (409600) headers (space savings 60.00%), 12.00MB (12582912) data
                     min         max         mean         sd        +/- sd
time for request:     1.20ms     40.10ms      9.61ms      4.00ms    70.00%
time for connect:     5.00ms     50.00ms     20.00ms     10.00ms    60.00%
`
	l, err := parseH2load(report)
	if err != nil || l.requests != 12288 || l.errors != 130 || l.elapsed != 1010*time.Millisecond || l.p50 != 9610*time.Microsecond {
		t.Errorf("got %+v, %v", l, err)
	}
	if _, err := parseH2load("h2load: error"); err == nil {
		t.Error("no report is no error")
	}
}

func TestSecurePlansHaveACertificateThatEachCanRead(t *testing.T) {
	p := testPlan(t, []route{{Host: "one.bench", Backends: []string{"127.0.0.2:81", "127.0.0.3:81"}}})
	p.Secure = "127.0.0.1:8443"
	if err := p.certify(); err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string][]string{
		"nginx.conf":  {"ssl_certificate " + filepath.Join(p.Dir, "bench.crt"), "listen 127.0.0.1:8443 default_server ssl http2", "listen 127.0.0.1:8443 ssl http2; server_name one.bench"},
		"haproxy.cfg": {"bind 127.0.0.1:8443 backlog 4096 ssl crt " + filepath.Join(p.Dir, "bench.pem") + " alpn h2,http/1.1"},
	} {
		text := rendered(t, p, name)
		for _, line := range wanted {
			if !strings.Contains(text, line) {
				t.Errorf("%s lacks %q:\n%s", name, line, text)
			}
		}
	}
}
