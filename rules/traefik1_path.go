package rules

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A pathReader makes a condition of a path template: pathTemplate or prefixTemplate.
type pathReader func(text string) (condition, error)

// Path:/a,/b holds for one of the paths, with a redirect when the trailing slash is wrong.
func (r *reader) path(args []string) { r.paths(args, pathTemplate) }

// PathPrefix:/a,/b holds for paths that begin with one of them.
func (r *reader) pathPrefix(args []string) { r.paths(args, prefixTemplate) }

// PathStrip and the like hold as Path or PathPrefix do, and cut the path off.
func (r *reader) pathStrip(args []string)            { r.stripLiteral(r.paths(args, pathTemplate)) }
func (r *reader) pathPrefixStrip(args []string)      { r.stripLiteral(r.paths(args, prefixTemplate)) }
func (r *reader) pathStripRegex(args []string)       { r.stripTemplates(r.paths(args, pathTemplate)) }
func (r *reader) pathPrefixStripRegex(args []string) { r.stripTemplates(r.paths(args, prefixTemplate)) }

// paths adds the condition and is the arguments that can match, as Strip functions need them.
func (r *reader) paths(args []string, read pathReader) []string {
	var paths anyOf
	var good []string
	for _, arg := range args {
		path := r.onePath(arg, read)
		paths = append(paths, path)
		if !impossible(path) {
			good = append(good, arg)
		}
	}
	r.when = append(r.when, paths)
	return good
}

func (r *reader) onePath(arg string, read pathReader) condition {
	if !strings.HasPrefix(arg, "/") {
		if r.cut {
			return never(arg)
		}
		return r.dead(PathWithoutSlash, arg, r.with(arg, "/"+arg), "a path begins with a slash; %q matches no request", arg)
	}
	path, err := read(arg)
	if err != nil {
		return r.badTemplate(arg, err)
	}
	r.checkLiteral(arg, outside(arg))
	return path
}

// checkLiteral tells of text that is compared as it stands, and was hardly meant so.
func (r *reader) checkLiteral(arg, literal string) {
	if strings.ContainsAny(literal, `\^$|[*?`) {
		var suggestion string
		if start := strings.TrimRight(arg, ".*"); start != arg && strings.HasPrefix(strings.TrimSpace(r.part), "PathPrefix") {
			suggestion = r.with(arg, start) // a prefix goes on by itself
		}
		r.tell(RegexpOutside, Warning, suggestion, "text outside braces is literal: %q matches only a path with these very characters", arg)
	}
	if plain, err := url.PathUnescape(literal); err == nil && plain != literal && literal == arg {
		r.tell(PathEscaped, Warning, r.with(arg, plain), "paths are compared in their decoded form, in which %q is %q", arg, plain)
	}
}

// stripLiteral sets the texts to cut off, longest first. A template is taken literally, as in 1.x.
func (r *reader) stripLiteral(args []string) {
	r.countStrips()
	for _, arg := range args {
		if strings.Contains(arg, "{") {
			r.tell(StripTemplate, Warning, "",
				"Strip removes literal text, and %q is a template: requests are answered 404; StripRegex removes what a template matches", arg)
		}
	}
	r.then.strip = longestFirst(args)
}

// stripTemplates sets the templates whose match is cut off, longest first.
func (r *reader) stripTemplates(args []string) {
	r.countStrips()
	r.then.stripLike = nil
	for _, arg := range longestFirst(args) {
		expr := "^" + regexp.QuoteMeta(arg)
		if t, _ := parseTemplate(arg, "[^/]+"); t.expr != "" {
			expr = "^" + t.expr
		}
		r.then.stripLike = append(r.then.stripLike, regexp.MustCompile(expr)) // read once already, as a condition
	}
}

func (r *reader) countStrips() {
	if r.strips++; r.strips == 2 {
		r.tell(LastCounts, Warning, "", "there are several Strip functions: all must match; of each kind the last one's paths are removed")
	}
}

func longestFirst(args []string) []string {
	args = slices.Clone(args)
	slices.SortStableFunc(args, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return args
}

// AddPrefix:/p puts /p in front of the path.
func (r *reader) addPrefix(args []string) {
	r.then.add = r.rootedPath("AddPrefix", args)
	r.then.addRaw = escaped(r.then.add)
}

// ReplacePath:/p makes the path /p.
func (r *reader) replacePath(args []string) { r.then.replace = r.rootedPath("ReplacePath", args) }

// rootedPath is a modifier's path as it is written. What is sent begins with a slash all the same.
func (r *reader) rootedPath(name string, args []string) string {
	path := r.last(name, args)
	if !strings.HasPrefix(path, "/") {
		r.tell(PathWithoutSlash, Warning, r.with(path, "/"+path), "a path begins with a slash, so %s:%s is taken as /%s", name, path, path)
	}
	return path
}

// ReplacePathRegex:regexp replacement replaces all that the regexp matches.
func (r *reader) replacePathRegex(args []string) {
	arg := r.last("ReplacePathRegex", args)
	pieces := strings.Split(arg, " ")
	if len(pieces) != 2 {
		r.tell(BadReplacement, Warning, "", "ReplacePathRegex takes a regexp, one space and a replacement; with %q the path stays as it is", arg)
		return
	}
	re, err := compileRegexp(pieces[0])
	if err != nil {
		r.tell(BadReplacement, Warning, "", "the path stays as it is: %v", err)
		return
	}
	r.then.pattern, r.then.replacement = re, pieces[1]
}

// last is the argument of a modifier that counts.
func (r *reader) last(name string, args []string) string {
	arg := args[len(args)-1]
	if len(args) > 1 {
		r.tell(LastCounts, Warning, "", "%s has several arguments: the last one, %q, counts", name, arg)
	}
	return arg
}
