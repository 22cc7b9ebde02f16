package labels

import (
	"fmt"
	"slices"
	"strings"
)

// A Constraint is what a service's tags must satisfy to be served by this router: tag==GLOB or tag!=GLOB.
type Constraint struct {
	glob string
	not  bool // no tag may match; else at least one must
}

// ParseConstraints reads expressions as --docker.constraints has them, each possibly several between commas.
func ParseConstraints(exprs []string) ([]Constraint, error) {
	var constraints []Constraint
	for _, expr := range strings.Split(strings.Join(exprs, ","), ",") {
		if expr == "" {
			continue
		}
		c, err := parseConstraint(expr)
		if err != nil {
			return nil, err
		}
		constraints = append(constraints, c)
	}
	return constraints, nil
}

func parseConstraint(expr string) (Constraint, error) {
	for _, operator := range []string{"==", "!="} {
		glob, ok := strings.CutPrefix(expr, "tag"+operator)
		if ok && glob != "" && !strings.ContainsAny(glob, " =!") {
			return Constraint{glob: glob, not: operator == "!="}, nil
		}
	}
	return Constraint{}, fmt.Errorf("constraint %q: want tag==GLOB or tag!=GLOB, without spaces", expr)
}

// String is the constraint as it was written.
func (c Constraint) String() string {
	if c.not {
		return "tag!=" + c.glob
	}
	return "tag==" + c.glob
}

func (c Constraint) holds(tags []string) bool {
	return c.not != slices.ContainsFunc(tags, func(tag string) bool { return matchGlob(c.glob, tag) })
}

// unmet returns the first constraint that the tags don't satisfy.
func unmet(constraints []Constraint, tags []string) (Constraint, bool) {
	i := slices.IndexFunc(constraints, func(c Constraint) bool { return !c.holds(tags) })
	if i < 0 {
		return Constraint{}, false
	}
	return constraints[i], true
}

// matchGlob matches a whole text; * stands for any text, nothing included.
func matchGlob(glob, text string) bool {
	parts := strings.Split(glob, "*")
	last := len(parts) - 1
	if last == 0 {
		return glob == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}
