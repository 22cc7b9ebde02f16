package labels

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
	"golang.org/x/tools/txtar"
)

// Each row of docs/labels.md has a golden text in testdata/rows: a section of its name with labels, and one called "want"
// with the table and the diagnostics that they come to. Paragraphs are services, which have a port and a task.
// go test -update writes "want" anew.
func TestEveryRowMeansWhatItsGoldenTextSays(t *testing.T) {
	for _, file := range rowFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { tellRows(t, file) })
	}
}

func TestEveryRowOfTheReferenceHasAGoldenText(t *testing.T) {
	page, err := os.ReadFile("../../docs/labels.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, goldens []string
	for _, found := range regexp.MustCompile("(?m)^\\| `((?:traefik|appia)\\.[^`]+)`").FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, found[1])
	}
	for _, file := range rowFiles(t) {
		for _, section := range parseRows(t, file).Files {
			goldens = append(goldens, section.Name)
		}
	}
	for _, row := range rows {
		if !slices.Contains(goldens, row) {
			t.Errorf("%s has no golden text in testdata/rows", row)
		}
	}
	for _, name := range goldens {
		if name != "want" && !slices.Contains(rows, name) {
			t.Errorf("%s is no row of docs/labels.md", name)
		}
	}
}

func rowFiles(t *testing.T) []string {
	files, err := filepath.Glob("testdata/rows/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden texts", err)
	}
	return files
}

func parseRows(t *testing.T, file string) *txtar.Archive {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func tellRows(t *testing.T, file string) {
	archive := parseRows(t, file)
	var written []txtar.File
	for i, section := range archive.Files {
		if section.Name == "want" {
			continue
		}
		got := rowTable(t, string(section.Data))
		written = append(written, section, txtar.File{Name: "want", Data: []byte(got)})
		if *update {
			continue
		}
		if i+1 == len(archive.Files) || archive.Files[i+1].Name != "want" || string(archive.Files[i+1].Data) != got {
			t.Errorf("%s: got\n%s", section.Name, got)
		}
	}
	if !*update {
		return
	}
	if err := os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: written}), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rowTable is the table that a section's services make, and all that is told of them.
func rowTable(t *testing.T, section string) string {
	s, o := parseSwarm(t, rowSwarm(section))
	specs, found := Read(s, o)
	table, more := rules.Compile(specs, rules.Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"}, TLSEntryPoints: []string{"https"}})
	text := marks.ReplaceAllString(table.String(), rules.NotShown) + "\n"
	for _, d := range slices.Concat(found, more) {
		text += fmt.Sprintln(d)
	}
	return text
}

// rowSwarm writes a section out: each paragraph a service with a port and a task, unless it says otherwise.
func rowSwarm(section string) string {
	text := "own public\nnetwork public\n"
	for i, paragraph := range strings.Split(strings.TrimSpace(section), "\n\n") {
		text += fmt.Sprintf("service s%d\ntask 1 public=10.0.1.%d\n", i+1, i+2)
		if !strings.Contains(paragraph, "traefik.http.") && !strings.Contains(paragraph, "traefik.tcp.") {
			text += "label traefik.port=80\n"
		}
		for line := range strings.Lines(paragraph) {
			if strings.HasPrefix(line, "traefik.") || strings.HasPrefix(line, "appia.") {
				line = "label " + line
			}
			text += strings.TrimSuffix(line, "\n") + "\n"
		}
	}
	return text
}
