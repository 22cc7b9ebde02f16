package labels

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCodesAreThoseThatAreListed(t *testing.T) {
	var listed []string
	for _, c := range Codes() {
		listed = append(listed, c.Code)
	}
	declared, used := codesInSource(t)
	for name, code := range declared {
		if !slices.Contains(listed, code) {
			t.Errorf("%s is not listed by Codes", name)
		}
		if !used[name] {
			t.Errorf("%s is told by nobody", name)
		}
	}
	if len(declared) != len(listed) {
		t.Errorf("%d codes are declared, %d listed", len(declared), len(listed))
	}
}

// codesInSource reads the constants of codes.go, and which of them the other files use.
func codesInSource(t *testing.T) (declared map[string]string, used map[string]bool) {
	t.Helper()
	declared, used = map[string]string{}, map[string]bool{}
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if name == "codes.go" {
					declared[n.Names[0].Name], _ = strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
				}
			case *ast.Ident:
				used[n.Name] = used[n.Name] || name != "codes.go"
			}
			return true
		})
	}
	return declared, used
}
