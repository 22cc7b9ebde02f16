package rules

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// routed is where connections go, written as "ENTRYPOINT plain|tls [NAME] [alpn=PROTOCOL] [from=ADDRESS]".
func routed(table *Table, connections string) string {
	var b strings.Builder
	for line := range strings.Lines(connections) {
		words := strings.Fields(line)
		c := &Connection{TLS: words[1] == "tls"}
		for _, word := range words[2:] {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "alpn":
				c.Protocols = append(c.Protocols, value)
			case "from":
				c.Client = netip.MustParseAddr(value)
			default:
				c.ServerName = key
			}
		}
		to := "HTTP"
		if r := table.MatchTCP(words[0], c); r != nil {
			to = r.Service.Name
		}
		fmt.Fprintf(&b, "%s => %s\n", strings.TrimSpace(line), to)
	}
	return b.String()
}

func TestARuleOfConnectionsIsHeldToWhatTheyTell(t *testing.T) {
	for _, c := range []struct {
		rule       string
		tls        bool
		codes      string
		suggestion string
	}{
		{"HostSNI(`a.com`)", true, "", ""},
		{"HostSNI(`*`)", true, "", ""},
		{"HostSNI(`*`)", false, "", ""},
		{"HostSNI(`*`) && ClientIP(`10.0.0.0/8`)", false, "", ""},
		{"HostSNIRegexp(`^[a-z]+\\.a\\.com$`) && !ALPN(`h2`)", true, "", ""},
		{"HostSNI(`a.com`)", false, "error sni-without-tls", ""},
		{"HostSNIRegexp(`.*`)", false, "error sni-without-tls", ""},
		{"ALPN(`h2`)", false, "error sni-without-tls", ""},
		{"ALPN(`acme-tls/1`)", true, "error bad-alpn", ""},
		{"Host(`a.com`)", true, "error unknown-matcher", "HostSNI(`a.com`)"},
		{"HostRegexp(`.*`)", true, "error unknown-matcher", "HostSNIRegexp(`.*`)"},
		{"HostSNI(`a.com`) && PathPrefix(`/x`)", true, "error unknown-matcher", ""},
		{"HostSIN(`a.com`)", true, "error unknown-matcher", "HostSNI(`a.com`)"},
		{"HostSNI(`*.a.com`)", true, "error host-not-plain", "HostSNIRegexp(`^.+\\.a\\.com$`)"},
		{"HostSNI(`https://a.com/`)", true, "error host-not-plain", "HostSNI(`a.com`)"},
		{"HostSNI(`10.0.0.1`)", true, "error host-not-plain", ""},
		{"HostSNI(`bücher.de`)", true, "error host-not-ascii", ""},
		{"HostSNI()", true, "error missing-argument", ""},
		{"HostSNI(`a.com`", true, "error missing-parenthesis", "HostSNI(`a.com`)"},
		{"ClientIP(`x`)", false, "error bad-client-ip", ""},
		{"HostSNIRegexp(`((a{1000}){1000}){1000}`)", true, "error bad-regexp", ""},
		{"HostSNIRegexp(`(a{900}b){900}`)", true, "error bad-regexp", ""},
		{"", true, "error empty-rule", ""},
	} {
		_, found, _ := ParseTCP(c.rule, c.tls)
		suggestion := ""
		for _, d := range found {
			suggestion = d.Suggestion
		}
		if codes := codesOf(found); codes != c.codes || suggestion != c.suggestion {
			t.Errorf("%s: told %q, suggested %q", c.rule, codes, suggestion)
		}
	}
}

func TestRecompiledTCPRoutesLeadToTheNewEndpoints(t *testing.T) {
	specs := func(task string) []Spec {
		specs, _ := readSpecs(t, "owner db 1\ntcp HostSNI(`*`) -> tcp.db\nservice tcp.db\ntask "+task)
		return specs
	}
	o := readOptions("")
	before, _ := Compile(specs("10.0.0.1:5432"), o)
	next, _ := Recompile(before, specs("10.0.0.2:5432"), o)
	whole, _ := Compile(specs("10.0.0.2:5432"), o)
	if next.String() != whole.String() {
		t.Errorf("recompiled:\n%s\ncompiled:\n%s", next, whole)
	}
	r := next.MatchTCP("http", &Connection{})
	if r == nil || r.Service != next.Services[0] {
		t.Errorf("a connection goes to %v", r)
	}
	if !Same(next, whole) || Same(before, whole) {
		t.Error("the same table is told to be another, or another the same")
	}
}
