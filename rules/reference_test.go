package rules

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/rules.md is written by hand and held to the code: each row of a table of examples is run, and nothing that the
// language has is missing from the page.

var page = func() string {
	text, _ := os.ReadFile("../docs/rules.md")
	return string(text)
}()

// rows are the page's rows, by the heads of their tables.
func rows(heads string) (found [][]string) {
	inside := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case line == heads:
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|---"):
			cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(strings.ReplaceAll(cells[i], "\x00", "|"))
			}
			found = append(found, cells[1:len(cells)-1])
		}
	}
	return found
}

func code(cell string) string { return strings.ReplaceAll(cell, "`", "") }

func TestEveryExampleOfTheDocsIsTrue(t *testing.T) {
	examples := append(rows("| rule | request | answer |"), rows("| rules | request | answer |")...)
	if len(examples) < 40 {
		t.Fatalf("docs/rules.md has %d examples", len(examples))
	}
	for _, cells := range examples {
		if got := example(t, cells[0], code(cells[1])); got != code(cells[2]) {
			t.Errorf("%s asked for %s: docs/rules.md says %q, it is %q", cells[0], cells[1], code(cells[2]), got)
		}
	}
}

var places = []string{"first", "second", "third"}

// example asks a table of the rules of a cell; of one rule the answer doesn't say which it is.
func example(t *testing.T, cell, request string) string {
	t.Helper()
	var specs []Spec
	for i, text := range strings.Split(cell, " <br> ") {
		parts := strings.Split(text, "`")
		var priority int
		fmt.Sscanf(parts[2], " priority=%d", &priority)
		specs = append(specs, Spec{Owner: owner(places[i], i), Services: []ServiceSpec{{Name: places[i]}},
			Routes: []RouteSpec{{Name: "r", Rule: mustParse(t, parts[1]), Service: places[i], Priority: priority}}})
	}
	table, _ := Compile(specs, onlyHTTP)
	got := sent(table, ask(request))
	if len(specs) == 1 {
		got = strings.TrimPrefix(got, "first ")
	}
	return got
}

func TestEveryMistakeOfTheDocsIsToldAsTheySay(t *testing.T) {
	mistakes := rows("| rule | diagnostic | did you mean |")
	if len(mistakes) < 20 {
		t.Fatalf("docs/rules.md has %d mistakes", len(mistakes))
	}
	for _, cells := range mistakes {
		_, found, _ := ParseTraefik1(code(cells[0]))
		if len(found) == 0 || found[0].Code != code(cells[1]) || found[0].Suggestion != code(cells[2]) {
			t.Errorf("%s: docs/rules.md says %s, %s; told is %v", cells[0], cells[1], cells[2], found)
		}
	}
}

func TestTheDocsExplainEveryFunctionAndHaveAnExampleOfIt(t *testing.T) {
	var explained, tried string
	for _, cells := range append(rows("| function | holds when | case |"), rows("| function | the service gets | and is told |")...) {
		explained += cells[0]
	}
	for _, cells := range append(rows("| rule | request | answer |"), rows("| rules | request | answer |")...) {
		tried += cells[0] + ";"
	}
	for _, f := range traefik1 {
		if !strings.Contains(explained, "`"+f.name+"`") {
			t.Errorf("%s is not explained", f.name)
		}
		if !isMessages(f.name) && !regexp.MustCompile("[`; ]"+f.name+":").MatchString(tried) {
			t.Errorf("%s has no example", f.name)
		}
	}
}
