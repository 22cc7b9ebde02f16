package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Rewrite is one change of the path that acts at its place among a route's filters, as the middlewares of Traefik 3 do.
// The modifiers of a 1.x rule are such changes too, in an order of their own and before all filters.
type Rewrite struct {
	Kind string   // the middleware's name: "stripPrefix", "stripPrefixRegex", "addPrefix", "replacePath", "replacePathRegex"
	Args []string // as its label has them
	how  modifiers
}

func (Rewrite) filter() {}

// StripPrefix cuts off the first of the prefixes that the path begins with; a path that begins with none stays.
func StripPrefix(prefixes ...string) Rewrite {
	return Rewrite{"stripPrefix", prefixes, modifiers{strip: prefixes}}
}

// StripPrefixRegex cuts off what the first of the regexps matches at the path's beginning.
func StripPrefixRegex(exprs ...string) (Rewrite, error) {
	r := Rewrite{Kind: "stripPrefixRegex", Args: exprs}
	for _, expr := range exprs {
		re, err := compileRegexp(atStart(expr))
		if err != nil {
			return Rewrite{}, err
		}
		r.how.stripLike = append(r.how.stripLike, re)
	}
	return r, nil
}

func atStart(expr string) string {
	if strings.HasPrefix(expr, "^") && !strings.Contains(expr, "|") {
		return expr
	}
	return "^(?:" + expr + ")"
}

// AddPrefix puts a text in front of the path.
func AddPrefix(prefix string) Rewrite {
	return Rewrite{"addPrefix", []string{prefix}, modifiers{add: prefix, addRaw: escaped(prefix)}}
}

// ReplacePath puts another path in the place of any.
func ReplacePath(path string) Rewrite {
	return Rewrite{"replacePath", []string{path}, modifiers{replace: path}}
}

// ReplacePathRegex replaces all that a regexp matches; $1 is its first group.
func ReplacePathRegex(expr, replacement string) (Rewrite, error) {
	re, err := compileRegexp(expr)
	return Rewrite{"replacePathRegex", []string{expr, replacement}, modifiers{pattern: re, replacement: replacement}}, err
}

// CompileRegexp is regexp.Compile for a regexp of a label: one that would take too much memory is an error.
func CompileRegexp(expr string) (*regexp.Regexp, error) { return compileRegexp(expr) }

// Chain is all of the route's filters, as its author asked for them: changes of path that Rewrite does come first.
func (r *Route) Chain() []Filter {
	all := make([]Filter, 0, len(r.leading)+len(r.Filters))
	for _, f := range r.leading {
		all = append(all, f)
	}
	return append(all, r.Filters...)
}

// RewriteBy is the path after one of the route's filters.
func (r *Route) RewriteBy(f Rewrite, p Path) (Path, Trace) { return f.apply(p, r.strict) }

func (f *Rewrite) apply(p Path, strict bool) (Path, Trace) {
	after, trace := f.how.apply(p, strict)
	if trace.NotFound {
		return p, Trace{} // Traefik 3 lets it pass where 1.x answers 404
	}
	return after, trace
}

// room says whether the trace of one more change fits beside those of others.
func room(first []Rewrite, next Rewrite) bool {
	strips, replaces := 0, 0
	for _, f := range append(slices.Clip(first), next) {
		if f.how.strip != nil || f.how.stripLike != nil {
			strips++
		}
		if f.how.pattern != nil || f.how.replace != "" {
			replaces++
		}
	}
	return strips <= len(Trace{}.Prefix) && replaces <= len(Trace{}.Replaced)
}

// cutLeading parts a chain from the changes of path that it begins with: those are done before any filter runs.
func cutLeading(filters []Filter) (leading []Rewrite, rest []Filter) {
	for i, f := range filters {
		rewrite, ok := f.(Rewrite)
		if !ok || !room(leading, rewrite) {
			return leading, filters[i:]
		}
		leading = append(leading, rewrite)
	}
	return leading, nil
}

// also adds the trace of a later change.
func (t *Trace) also(later Trace) {
	addTo(&t.Prefix, later.Prefix)
	addTo(&t.Replaced, later.Replaced)
}

func addTo(have *[2]string, more [2]string) {
	for _, value := range more {
		switch {
		case value == "":
		case have[0] == "" && have[1] == "":
			have[0] = value
		case have[1] == "":
			have[1] = value
		default: // [1] is taken and [0] may not be
			have[0], have[1] = have[1], value
		}
	}
}

// Rewrites are the rule's path modifiers as filters, in the order in which they act.
func (r Rule) Rewrites() []Rewrite {
	var all []Rewrite
	m := r.then
	if m.stripLike != nil {
		f := Rewrite{Kind: "stripPrefixRegex", how: modifiers{stripLike: m.stripLike}}
		for _, re := range m.stripLike {
			f.Args = append(f.Args, re.String())
		}
		all = append(all, f)
	}
	if m.strip != nil {
		all = append(all, StripPrefix(m.strip...))
	}
	if m.add != "" {
		all = append(all, AddPrefix(m.add))
	}
	if m.pattern != nil {
		all = append(all, Rewrite{"replacePathRegex", []string{m.pattern.String(), m.replacement}, modifiers{pattern: m.pattern, replacement: m.replacement}})
	}
	if m.replace != "" {
		all = append(all, ReplacePath(m.replace))
	}
	return all
}

// key is equal for changes that do the same.
func (f Rewrite) key() string {
	exprs := make([]string, len(f.how.stripLike))
	for i, re := range f.how.stripLike {
		exprs[i] = sameExpr(re.String())
	}
	pattern := ""
	if f.how.pattern != nil {
		pattern = sameExpr(f.how.pattern.String())
	}
	return fmt.Sprintf("%q %q %q %q %q %q", exprs, f.how.strip, f.how.add, pattern, f.how.replacement, f.how.replace)
}
