package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A regexp in a label is somebody else's program in our process. RE2 keeps it from taking exponential time; what it
// may take of memory is bounded here, before it is compiled: (a{1000}){1000} is twelve characters.

// maxProgram is the longest regexp, in steps of its program. The longest that anybody has shown us has 400.
const maxProgram = 10_000

var errTooBig = errors.New("the regexp is too large")

// compileRegexp is regexp.Compile with a bound on the size of what comes of it.
func compileRegexp(expr string) (*regexp.Regexp, error) {
	if len(expr) > maxProgram {
		return nil, fmt.Errorf("%w: %d bytes of at most %d", errTooBig, len(expr), maxProgram)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if n := steps(tree); n > maxProgram {
		return nil, fmt.Errorf("%w: its repetitions come to %d steps of at most %d", errTooBig, n, maxProgram)
	}
	return regexp.Compile(expr)
}

// steps is about how long the program of a regexp would be.
func steps(tree *syntax.Regexp) int {
	sum := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		sum += steps(sub)
	}
	if tree.Op == syntax.OpRepeat {
		sum *= max(1, tree.Min, tree.Max)
	}
	return min(sum, 1<<30) // 1000 times this is an int still
}

// regexpCode is the code for an error of compileRegexp.
func regexpCode(err error) string {
	if errors.Is(err, errTooBig) {
		return RegexpTooBig
	}
	return BadRegexp
}

// sameExpr is a text that is equal for regexps that differ in spelling only.
func sameExpr(expr string) string {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return expr
	}
	return shape(tree)
}

// shape is a tree as text. The tree's own String would do, were it not that it folds each rune of a class like [^/].
func shape(tree *syntax.Regexp) string {
	const kept = syntax.FoldCase | syntax.NonGreedy | syntax.WasDollar
	text := tree.Op.String()
	if flags := tree.Flags & kept; flags != 0 {
		text += fmt.Sprintf("/%d", flags)
	}
	switch {
	case tree.Op == syntax.OpCharClass:
		text += fmt.Sprintf("%x", tree.Rune)
	case len(tree.Rune) > 0:
		text += fmt.Sprintf("%q", string(tree.Rune))
	case tree.Op == syntax.OpRepeat:
		text += fmt.Sprintf("{%d,%d}", tree.Min, tree.Max)
	}
	if len(tree.Sub) == 0 {
		return text
	}
	subs := make([]string, len(tree.Sub))
	for i, sub := range tree.Sub {
		subs[i] = shape(sub)
	}
	return text + "(" + strings.Join(subs, " ") + ")"
}

// sameHostExpr is sameExpr among regexps that are only ever asked about hosts in lower case, so that there
// (?i)^[a-z]+\.A\.com$ is ^[a-z]+\.a\.com$.
func sameHostExpr(expr string) string {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return expr
	}
	lowerTree(tree)
	return shape(tree)
}

func lowerTree(tree *syntax.Regexp) {
	switch {
	case tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase != 0:
		for i, c := range tree.Rune {
			tree.Rune[i] = unicode.ToLower(c)
		}
	case tree.Op == syntax.OpCharClass:
		tree.Rune = withoutUpper(tree.Rune)
	}
	tree.Flags &^= syntax.FoldCase
	for _, sub := range tree.Sub {
		lowerTree(sub)
	}
}

// withoutUpper takes what no host in lower case has out of a class, a list of ranges: A to Z, and the two letters
// beyond ASCII that fold to s and k.
func withoutUpper(class []rune) []rune {
	for _, gone := range [][2]rune{{'A', 'Z'}, {'\u017f', '\u017f'}, {'\u212a', '\u212a'}} {
		var left []rune
		for i := 0; i < len(class); i += 2 {
			from, to := class[i], class[i+1]
			if to < gone[0] || from > gone[1] {
				left = append(left, from, to)
				continue
			}
			if from < gone[0] {
				left = append(left, from, gone[0]-1)
			}
			if to > gone[1] {
				left = append(left, gone[1]+1, to)
			}
		}
		class = left
	}
	return class
}

// literalEnds are the literal texts that every match of an anchored regexp begins and ends with; whole: there is nothing
// else in it. They are "" at an end without an anchor.
func literalEnds(expr string) (start, end string, whole bool) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat {
		return "", "", false
	}
	parts := tree.Sub
	last := len(parts) - 1
	from, to := parts[0].Op == syntax.OpBeginText, parts[last].Op == syntax.OpEndText
	if from && len(parts) > 1 {
		start = literalText(parts[1])
	}
	if to && len(parts) > 1 {
		end = literalText(parts[last-1])
	}
	return start, end, from && to && len(parts) == 3 && start != ""
}

func literalText(tree *syntax.Regexp) string {
	if slices.Contains(tree.Rune, unicode.ReplacementChar) {
		return "" // it matches bytes that are no UTF-8 too
	}
	if tree.Op != syntax.OpLiteral || tree.Flags&syntax.FoldCase != 0 && slices.ContainsFunc(tree.Rune, unicode.IsLetter) {
		return ""
	}
	return string(tree.Rune)
}

// anything says whether a regexp matches every text.
func anything(expr string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(expr, "^"), "$") {
	case "", ".*":
		return expr != "^$"
	}
	return false
}
