package labels

import (
	"flag"
	"os"
	"testing"

	"github.com/appia-edge/appia/rules"
)

var update = flag.Bool("update", false, "write golden files and docs/labels.md anew")

func TestDocsOfLabelsAreThoseOfTheDialects(t *testing.T) {
	const page = "../../docs/labels.md"
	if *update {
		if err := os.WriteFile(page, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(page)
	if err != nil || string(written) != Reference() {
		t.Errorf("docs/labels.md is stale, run go test ./discovery/labels -update (%v)", err)
	}
}

func TestEveryRowIsComplete(t *testing.T) {
	for _, d := range dialects {
		for _, r := range d.rows {
			if served := r.state == served; served != (r.set.apply != nil) || served && (r.help == "" || r.bad == "") {
				t.Errorf("%s%s: a served row has a setter, a help line and what a bad value costs", d.prefix, r.name)
			}
		}
	}
}

func TestNoLabelHasTwoRows(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range dialects {
		for _, r := range d.rows {
			if seen[d.prefix+r.name] {
				t.Errorf("%s%s has two rows", d.prefix, r.name)
			}
			seen[d.prefix+r.name] = true
		}
	}
}

func TestNoCodeIsThatOfAnotherPackageOrListedTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range append(rules.Codes(), Codes()...) {
		if seen[c.Code] {
			t.Errorf("code %s has two meanings", c.Code)
		}
		seen[c.Code] = true
	}
}
