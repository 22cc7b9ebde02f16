package appia

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// wallClock are the methods of time.Time that lose the monotonic clock's reading, or tell of the wall clock alone.
var wallClock = map[string]bool{"Unix": true, "UnixMilli": true, "UnixMicro": true, "UnixNano": true, "Truncate": true, "Round": true, "UTC": true, "Local": true}

// onTheWall are the files that may ask the wall clock, each with the reason. Whatever measures how long something took, or
// waits, is not among them: clocks are set, back and forth, while routers run.
var onTheWall = map[string]string{
	"discovery/swarm/protobuf.go":    "when the swarm says that something was made",
	"discovery/swarm/assemble.go":    "when the swarm says that something was made",
	"discovery/swarm/vault/":         "leases that other managers read, and when something was made",
	"proxy/accesslog/":               "what people read",
	"proxy/certs/":                   "dates of certificates, and keys that all routers change at the same time",
	"proxy/http1/server.go":          "the Date field",
	"proxy/middleware/clientcert.go": "a certificate's own dates",
	"proxy/middleware/digestauth.go": "nonces that other routers of the swarm believe, and refuse softly if a clock is wrong",
	"proxy/middleware/past.go":       "seconds of a steady clock",
	"discovery/swarm/embedded/":      "a swarm's own dates",
}

func TestDurationsAreMeasuredByTheMonotonicClock(t *testing.T) {
	for _, root := range []string{"balancer", "discovery", "proxy", "rules"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || readsTheWall(path) {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if called, ok := n.(*ast.SelectorExpr); ok && wallClock[called.Sel.Name] && !ofPackage(called.X) {
					t.Errorf("%s: .%s() is the wall clock's; if that is meant, say why in onTheWall", files.Position(called.Pos()), called.Sel.Name)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func readsTheWall(path string) bool {
	for place := range onTheWall {
		if path == place || strings.HasSuffix(place, "/") && strings.HasPrefix(path, place) {
			return true
		}
	}
	return false
}

// ofPackage: time.Unix and math.Round are functions, which are another matter.
func ofPackage(x ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	return ok && (name.Name == "time" || name.Name == "math")
}
