package rules

import (
	"strings"
	"testing"
)

// quoted2 is a cell of code, between two backticks where the code has some itself.
func quoted2(cell string) string {
	if inner, ok := strings.CutPrefix(cell, "``"); ok {
		return strings.TrimSuffix(inner, "``")
	}
	return code(cell)
}

func TestEveryExampleOfTraefik3InTheDocsIsTrue(t *testing.T) {
	examples := rows("| rule of Traefik 3 | request | answer |")
	if len(examples) < 20 {
		t.Fatalf("docs/rules.md has %d examples", len(examples))
	}
	tried := ""
	for _, cells := range examples {
		rule := quoted2(cells[0])
		tried += rule + " "
		got := strings.TrimPrefix(sent(tableOf3(mustParse3(t, rule)), ask(code(cells[1]))), "s ")
		if got != code(cells[2]) {
			t.Errorf("%s asked for %s: docs/rules.md says %s, it is %s", rule, cells[1], cells[2], got)
		}
	}
	for _, m := range traefik3 {
		if !isMessages(m.name) && !strings.Contains(tried, m.name+"(") {
			t.Errorf("%s has no example", m.name)
		}
		if !strings.Contains(page, "`"+m.name+"`") {
			t.Errorf("%s is not explained", m.name)
		}
	}
}

func TestEveryMistakeOfTraefik3InTheDocsIsToldAsTheySay(t *testing.T) {
	mistakes := rows("| rule of Traefik 3 | diagnostic | did you mean |")
	if len(mistakes) < 8 {
		t.Fatalf("docs/rules.md has %d mistakes", len(mistakes))
	}
	for _, cells := range mistakes {
		_, found, _ := ParseTraefik3(quoted2(cells[0]), V3)
		if len(found) == 0 || found[0].Code != code(cells[1]) || found[0].Suggestion != quoted2(cells[2]) {
			t.Errorf("%s: docs/rules.md says %s, %s; told is %v", cells[0], cells[1], cells[2], found)
		}
	}
}
