package rules

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestGolden compiles the "specs" of each file of testdata. The rest of the file is what comes of them: "table",
// "diagnostics", "answers" to "requests", where "connections" are "routed", and "diff" when there are specs to come "then".
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	if len(files) == 0 {
		t.Fatal("no golden files")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { checkGolden(t, file) })
	}
}

func checkGolden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := txtar.Parse(text)
	want := *have
	want.Files = results(t, have.Files)
	got := txtar.Format(&want)
	if string(got) == string(text) {
		return
	}
	if !*update {
		t.Errorf("%s is now:\n%s", file, got)
		return
	}
	if err := os.WriteFile(file, got, 0o644); err != nil {
		t.Fatal(err)
	}
}

// results is a golden file as it should be, made from its inputs.
func results(t *testing.T, have []txtar.File) []txtar.File {
	var files []txtar.File
	inputs := map[string]string{}
	for _, f := range have {
		switch f.Name {
		case "specs", "options", "requests", "connections", "then":
			files = append(files, f)
			inputs[f.Name] = string(f.Data)
		}
	}
	options := readOptions(inputs["options"])
	specs, parsed := readSpecs(t, inputs["specs"])
	table, compiled := Compile(specs, options)
	add := func(name, text string) { files = append(files, txtar.File{Name: name, Data: []byte(text)}) }
	add("table", table.String())
	add("diagnostics", lines(append(parsed, compiled...)))
	if inputs["requests"] != "" {
		add("answers", answers(table, inputs["requests"]))
	}
	if inputs["connections"] != "" {
		add("routed", routed(table, inputs["connections"]))
	}
	if inputs["then"] != "" {
		specs, _ := readSpecs(t, inputs["then"])
		next, _ := Compile(specs, options)
		add("diff", lines(Diff(table, next)))
	}
	return files
}

func lines[T fmt.Stringer](of []T) string {
	var b strings.Builder
	for _, x := range of {
		b.WriteString(x.String() + "\n")
	}
	return b.String()
}

func answers(table *Table, requests string) string {
	var b strings.Builder
	for line := range strings.Lines(requests) {
		line = strings.TrimSpace(line)
		fmt.Fprintf(&b, "%s => %s\n", line, sent(table, ask(line)))
	}
	return b.String()
}

// sent is where a request goes and what is sent there.
func sent(table *Table, q *Query) string {
	raw := q.Path
	q.Path, _ = url.PathUnescape(raw)
	m := table.Match("http", q)
	switch {
	case m.Route == nil:
		return "404"
	case m.Redirect:
		return "301 " + OtherSlash(raw)
	}
	p, trace := m.Route.Rewrite(Path{Decoded: q.Path, Raw: raw})
	if trace.NotFound {
		return "404"
	}
	text := m.Route.Service.Name + " " + p.Raw
	for _, prefix := range trace.Prefix {
		if prefix != "" {
			text += " prefix=" + prefix
		}
	}
	for _, replaced := range trace.Replaced {
		if replaced != "" {
			text += " replaced=" + replaced
		}
	}
	return text
}
