package labels

import (
	"strings"
	"testing"
)

func TestConstraintsHoldForTags(t *testing.T) {
	cases := []struct {
		constraints, tags string
		holds             bool
	}{
		{"tag==api", "api,web", true},
		{"tag==api", "", false},
		{"tag!=api", "", true},
		{"tag!=api", "web,api", false},
		{"tag==us-*,tag!=*-beta", "us-east-beta", false},
		{"tag==us-*,tag!=*-beta", "us-east", true},
		{"tag==a*b*c", "a-b-c", true},
		{"tag==a*b*c", "a-c", false},
		{"tag==a*a", "a", false},
		{"tag==*", "anything", true},
		{"tag==*", "", false},
		{"tag==API", "api", false},
		{"", "", true},
	}
	for _, c := range cases {
		constraints, err := ParseConstraints([]string{c.constraints})
		if err != nil {
			t.Fatal(err)
		}
		tags := strings.FieldsFunc(c.tags, func(r rune) bool { return r == ',' })
		if _, found := unmet(constraints, tags); found == c.holds {
			t.Errorf("%s with tags %q: got %t", c.constraints, c.tags, !found)
		}
	}
}

func TestABadConstraintNamesTheRightForm(t *testing.T) {
	for _, expr := range []string{"tag == api", "tag=api", "tag==", "name==api", "api", "tag===x", "tag==a,tag"} {
		if _, err := ParseConstraints([]string{expr}); err == nil || !strings.Contains(err.Error(), "tag==GLOB") {
			t.Errorf("%s: got %v", expr, err)
		}
	}
}
