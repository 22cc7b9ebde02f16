package labels

import (
	"maps"
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A variable of a stack file is not known when its labels are migrated. A word stands in its place, which is read as any
// value is; where it comes out again nothing has to be known, and where it does not, or would be judged, its service is left.

func variableHere(label string) string {
	return "a variable stands here: " + label + ", whose value must be known to be written in the other dialect"
}

func holds(value string, variables []string) bool {
	return slices.ContainsFunc(variables, func(word string) bool { return strings.Contains(value, word) })
}

// blames reports whether a diagnostic finds fault with a value only as a variable stands in it.
func (m *migration) blames(d rules.Diagnostic) bool {
	return d.Label != "" && (d.Severity == rules.Error || strings.HasPrefix(d.Code, "bad-")) && holds(m.given[d.Label], m.variables)
}

// dropped is a label whose variable is in none that is written, or in one that makes something else of it; "": there is none.
func (m *migration) dropped() string {
	for _, name := range slices.Sorted(maps.Keys(m.given)) {
		if prefix, _ := snapshot.Prefix(name); prefix == "" {
			continue
		}
		value := m.given[name]
		for _, word := range m.variables {
			if !strings.Contains(value, word) {
				continue
			}
			// A path is made to begin with a slash, which the variable may do already.
			if !m.writes(word) || strings.HasPrefix(value, word) && strings.HasSuffix(strings.ToLower(name), "healthcheck.path") {
				return name
			}
		}
	}
	return ""
}

func (m *migration) writes(word string) bool {
	for name, value := range m.labels {
		if strings.Contains(name, word) || strings.Contains(value, word) {
			return true
		}
	}
	return false
}
