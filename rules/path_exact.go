package rules

import "regexp"

// pathExact holds for one path, trailing slash and all: Path of Traefik 2 and 3 redirects nobody.
type pathExact string

func (p pathExact) holds(s subject) verdict         { return yesIf(s.q.Path == string(p)) }
func (p pathExact) canonical(manner) string         { return "exactpath(" + string(p) + ")" }
func (p pathExact) anchors() []anchor               { return []anchor{{path: string(p)}} }
func (p pathExact) rest(_ anchor, _ bool) condition { return p }

// pathLike holds for paths in which a regexp matches.
type pathLike struct {
	re     *regexp.Regexp
	before string // literal text that every such path begins with
	like   string // its canonical text
}

func newPathLike(expr string) (pathLike, error) {
	re, err := compileRegexp(expr)
	if err != nil {
		return pathLike{}, err
	}
	before, _, _ := literalEnds(expr)
	return pathLike{re: re, before: before, like: likePath(expr)}, nil
}

func (p pathLike) holds(s subject) verdict     { return yesIf(p.re.MatchString(s.q.Path)) }
func (p pathLike) canonical(manner) string     { return p.like }
func (p pathLike) anchors() []anchor           { return []anchor{{path: p.before}} }
func (p pathLike) rest(anchor, bool) condition { return p }

// likePath is the canonical text of whatever compares a path with a regexp.
func likePath(expr string) string { return "pathlike(" + sameExpr(expr) + ")" }
