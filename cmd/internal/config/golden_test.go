package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// Each row of docs/flags.md has a file below testdata/flags: command lines behind a $, and below each what it comes to: what
// differs from no flag at all, warnings and errors. -update writes what it comes to.

func flagFile(name string) string { return filepath.Join("testdata", "flags", name+".txt") }

// comesTo is what a command line makes of the options.
func comesTo(line string) string {
	before, _, _ := parse(swarmMode)
	c, warnings, err := parse(append([]string{swarmMode}, words(line)...)...)
	var b strings.Builder
	if c != nil && err == nil {
		changes(&b, "", reflect.ValueOf(*before), reflect.ValueOf(*c))
	}
	for _, w := range warnings {
		fmt.Fprintln(&b, "warning:", w)
	}
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
	}
	return b.String()
}

// words cuts a line at spaces outside of quotes.
func words(line string) (all []string) {
	for _, w := range regexp.MustCompile(`(?:[^\s']|'[^']*')+`).FindAllString(line, -1) {
		all = append(all, strings.ReplaceAll(w, "'", ""))
	}
	return all
}

// changes lists the exported fields that differ.
func changes(b *strings.Builder, path string, before, after reflect.Value) {
	for i := range after.NumField() {
		f := after.Type().Field(i)
		x, y := before.Field(i), after.Field(i)
		if !f.IsExported() || reflect.DeepEqual(x.Interface(), y.Interface()) {
			continue
		}
		name := path + f.Name
		if y.Kind() == reflect.Pointer && !y.IsNil() && y.Elem().Kind() == reflect.Struct {
			fmt.Fprintf(b, "%s: on\n", name)
			changes(b, name+".", reflect.Zero(y.Type().Elem()), y.Elem())
			continue
		}
		if y.Kind() == reflect.Struct {
			changes(b, name+".", x, y)
			continue
		}
		fmt.Fprintf(b, "%s: %s\n", name, shown(y.Interface()))
	}
}

func shown(v any) string {
	if text, ok := v.(string); ok {
		return fmt.Sprintf("%q", text)
	}
	if list, ok := v.([]rules.Filter); ok {
		var all []string
		for _, f := range list {
			all = append(all, rules.FilterKey(f))
		}
		return strings.Join(all, " | ")
	}
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Slice || value.Type().Elem().Kind() != reflect.Struct {
		return fmt.Sprintf("%+v", v)
	}
	var all []string
	for i := range value.Len() {
		var b strings.Builder
		e := value.Index(i)
		changes(&b, "", reflect.Zero(e.Type()), e)
		if b.Len() == 0 {
			fmt.Fprintf(&b, "%v", e) // nothing of it is exported
		}
		all = append(all, "{"+strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", ", ")+"}")
	}
	return strings.Join(all, " ")
}

func TestEveryFlagDoesWhatItsFileSays(t *testing.T) {
	files, err := filepath.Glob(flagFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			if command, ok := strings.CutPrefix(line, "$"); ok {
				if b.Len() > 0 {
					b.WriteString("\n")
				}
				fmt.Fprintf(&b, "%s%s", line, comesTo(strings.TrimSpace(command)))
			}
		}
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if b.String() != string(text) {
			t.Errorf("%s: got\n%swant\n%s", path, b.String(), text)
		}
	}
}

var flagRow = regexp.MustCompile("(?m)^\\| `--([A-Za-z0-9.]+)`")

func TestEveryRowOfTheDocumentationHasItsFile(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "flags.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, match := range flagRow.FindAllStringSubmatch(string(doc), -1) {
		rows = append(rows, match[1])
		text, err := os.ReadFile(flagFile(match[1]))
		if err != nil || !strings.Contains(strings.ToLower(string(text)), "--"+strings.ToLower(match[1])) {
			t.Errorf("--%s: no file that gives it (%v)", match[1], err)
		}
	}
	if len(rows) != len(options) {
		t.Errorf("%d rows for %d options", len(rows), len(options))
	}
	files, err := filepath.Glob(flagFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".txt"); !slices.Contains(rows, name) && name != "known" {
			t.Errorf("%s is no flag's", f)
		}
	}
}

// What a flag says, its key in a file and its variable say as well.
func TestEveryOptionIsTheSameFromEverySource(t *testing.T) {
	for i := range options {
		o := &options[i]
		text, err := os.ReadFile(flagFile(o.name))
		if err != nil {
			continue // told elsewhere
		}
		for line := range strings.Lines(string(text)) {
			given := words(strings.TrimPrefix(line, "$"))
			name, value, attached := strings.Cut(strings.TrimLeft(strings.Join(given, " "), "-"), "=")
			if !strings.HasPrefix(line, "$") || len(given) != 1 || !strings.EqualFold(name, o.name) || o.name == "configFile" {
				continue
			}
			if !attached {
				value = "true"
			}
			want := comesTo(strings.TrimPrefix(line, "$"))
			if strings.Contains(want, "error:") || strings.Contains(want, "warning:") {
				continue
			}
			compare(t, o.name+" in the environment", want, Surroundings{Environ: []string{environmentName(o.name) + "=" + value}})
			if o.kind == "entry point" || o.kind == "name=mode" {
				continue // has a table
			}
			compare(t, o.name+" in a file", want, inFile(fmt.Sprintf("[%s]\n%s = %s", sectionOf(o.name), lastOf(o.name), tomlValue(o.kind, value))))
		}
	}
}

func sectionOf(name string) string {
	before, _, found := cutLast(name)
	if !found {
		return "x"
	}
	return before
}

func lastOf(name string) string {
	_, last, _ := cutLast(name)
	return last
}

func tomlValue(kind, value string) string {
	if kind == "bool" {
		return value
	}
	return fmt.Sprintf("%q", value)
}

// inFile is a world with one file. A key without a section stands before all.
func inFile(text string) Surroundings {
	text = strings.TrimPrefix(text, "[x]\n")
	return Surroundings{Places: []string{"appia.toml"}, ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
}

func compare(t *testing.T, what, want string, s Surroundings) {
	t.Helper()
	before, _, _ := parse(swarmMode)
	c, warnings, err := load(s, swarmMode)
	if err != nil || len(warnings) > 0 {
		t.Errorf("%s: %v, warnings %q", what, err, warnings)
		return
	}
	var b strings.Builder
	changes(&b, "", reflect.ValueOf(*before), reflect.ValueOf(*c))
	if b.String() != want {
		t.Errorf("%s: got\n%swant\n%s", what, b.String(), want)
	}
}

// load reads a command line in its surroundings.
func load(s Surroundings, args ...string) (*Config, []string, error) {
	c := Default()
	clean, warnings, err := Normalize(args)
	if err != nil {
		return nil, warnings, err
	}
	if err := Flags(c).Parse(clean); err != nil {
		return nil, warnings, err
	}
	more, err := c.Load(s)
	return c, append(warnings, more...), err
}
