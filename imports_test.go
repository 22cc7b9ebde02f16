// Package appia has no code: its test holds the import graph to docs/architecture.md.
package appia

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/appia-edge/appia/"

// allowed are the edges between our packages. One that is not here needs a reason, and a line in docs/architecture.md.
var allowed = map[string]string{
	"rules":                    "",
	"discovery/snapshot":       "",
	"discovery/labels":         "rules discovery/snapshot",
	"discovery/swarm":          "discovery/snapshot",
	"discovery/swarm/embedded": "",
	"discovery/swarm/vault":    "discovery/swarm",
	"discovery":                "rules discovery/snapshot",
	"balancer/conn":            "",
	"balancer/health":          "rules",
	"balancer":                 "rules balancer/health",
	"proxy/message":            "",
	"proxy/middleware":         "rules proxy/message",
	"proxy/proxytest":          "", // imported by tests alone
	"proxy/http1":              "proxy/message balancer balancer/conn",
	"proxy/stdhttp":            "proxy/message balancer balancer/conn proxy/stdhttp/extended",
	"proxy/stdhttp/extended":   "",
	"proxy/http3":              "",
	"proxy/http3/load":         "",
	"proxy/accesslog":          "proxy/message",
	"proxy/seneca":             "rules proxy/message",
	"proxy/certs":              "",
	"proxy/certs/acme":         "proxy/certs proxy/certs/acme/dns",
	"proxy/certs/acme/dns":     "",
	"proxy":                    "rules balancer balancer/conn proxy/accesslog proxy/certs proxy/message proxy/middleware proxy/http1 proxy/http3 proxy/seneca proxy/stdhttp",
	"cmd/internal/config":      "rules discovery/labels discovery/swarm proxy proxy/accesslog proxy/certs proxy/certs/acme proxy/http1",
	"cmd/internal/metrics":     "balancer discovery rules proxy/certs",
	"cmd/internal/stackfile":   "rules discovery/snapshot",
	"cmd/internal/migrate":     "rules discovery/labels cmd/internal/check cmd/internal/stackfile",
	"cmd/internal/check": "rules discovery/snapshot discovery/labels discovery/swarm discovery/swarm/embedded cmd/internal/config " +
		"cmd/internal/stackfile",
	"cmd/internal/admin":    "rules balancer discovery proxy/certs proxy/message proxy/stdhttp cmd/internal/metrics cmd/internal/explain",
	"cmd/internal/explain":  "rules balancer proxy proxy/message proxy/middleware proxy/seneca",
	"cmd/internal/handover": "proxy/http1 proxy/http3",
	"cmd/internal/app": "rules balancer balancer/conn balancer/health discovery discovery/labels discovery/snapshot " +
		"proxy proxy/accesslog proxy/certs proxy/certs/acme proxy/certs/acme/dns proxy/http1 proxy/message proxy/stdhttp discovery/swarm/vault cmd/internal/config cmd/internal/admin cmd/internal/metrics cmd/internal/explain cmd/internal/handover",
	"cmd/internal/demo":              "rules balancer discovery discovery/swarm discovery/swarm/embedded cmd/internal/config cmd/internal/app deploy/examples",
	"cmd/bench":                      "proxy/http3/load",
	"cmd/appia":                      "rules discovery/labels discovery/swarm cmd/internal/config cmd/internal/app cmd/internal/check cmd/internal/explain cmd/internal/handover cmd/internal/migrate cmd/internal/demo",
	"deploy/examples":                "",
	"deploy/examples/messages/stock": "",
	"deploy/e2e":                     "deploy/e2e/lab",
	"deploy/e2e/lab":                 "",
	"deploy/e2e/echo":                "",
}

// fenced are outside modules with the one place that may import them (with what is below it).
var fenced = map[string]string{
	"github.com/docker/":               "discovery/swarm",
	"github.com/moby/swarmkit":         "discovery/swarm",
	"google.golang.org/protobuf":       "discovery/swarm",
	"github.com/prometheus/":           "cmd/internal/metrics",
	"golang.org/x/net/http2":           "proxy/stdhttp",
	"golang.org/x/net/bpf":             "proxy/http3",
	"github.com/quic-go/":              "proxy/http3",
	"github.com/klauspost/compress":    "proxy/middleware",
	"github.com/andybalholm/brotli":    "proxy/middleware",
	"github.com/tg123/go-htpasswd":     "proxy/middleware",
	"golang.org/x/crypto/ocsp":         "proxy/certs",
	"golang.org/x/crypto/cryptobyte":   "proxy",
	"github.com/caddyserver/certmagic": "proxy/certs/acme",
	"github.com/mholt/acmez":           "proxy/certs/acme",
	"github.com/go-acme/lego":          "proxy/certs/acme/dns",
	"github.com/spf13/pflag":           "cmd/internal/config",
	"github.com/pelletier/go-toml":     "cmd/internal/config",
	"github.com/pires/go-proxyproto":   "proxy",
	"go.yaml.in/yaml":                  "cmd/internal/stackfile",
	"unsafe":                           "proxy/http1",
}

// unknowing packages may not import what they must not know.
var unknowing = map[string][]string{
	"rules":            {"net/http", "net", "go.uber.org/zap", "time/tzdata", "sync"},
	"balancer":         {"net/http", "go.uber.org/zap"},
	"proxy/message":    {"net", "net/http", "crypto/tls"},
	"discovery/labels": {"net/http", "os", "go.uber.org/zap"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-pgo=off", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestPackagesImportOnlyWhatTheArchitectureAllows(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		edges, known := allowed[name]
		if !known {
			if p.ImportPath+"/" != module {
				t.Errorf("%s is not in the picture", name)
			}
			continue
		}
		for _, path := range p.Imports {
			if to, ours := strings.CutPrefix(path, module); ours && !slices.Contains(strings.Fields(edges), to) {
				t.Errorf("%s may not import %s", name, to)
			}
			if slices.Contains(unknowing[name], path) {
				t.Errorf("%s must not know %s", name, path)
			}
		}
	}
}

func TestOutsidePackagesStayBehindTheirFence(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, path := range p.Imports {
			for outside, place := range fenced {
				if strings.HasPrefix(path, outside) && name != place && !strings.HasPrefix(name, place+"/") {
					t.Errorf("%s imports %s, which belongs to %s", name, path, place)
				}
			}
			if name == "rules" && strings.Contains(path, ".") {
				t.Errorf("rules imports %s: it may use the standard library only", path)
			}
		}
	}
}
