package rules

import (
	"slices"
	"strings"
)

// Separators are what authors of rules mix up most: ";" joins functions, "," their arguments, ":" stands between the
// two. Traefik 1.x reads a wrong one as a part of a name and says nothing.

// ownArguments are the arguments that belong to a function. What follows "a.com" in "Host:a.com,PathPrefix:/x" was
// meant to be a function: as one more host or path, as 1.x takes it, no request ever meets it.
func (r *reader) ownArguments(f function, args []string) []string {
	var own []string
	operated := false // one suggestion mends the whole part
	for _, arg := range args {
		switch {
		case !f.either:
			own = append(own, arg)
		case functionOf(arg) != "":
			r.tell(CommaForSemicolon, Error, r.withPart(semicolons(r.part)),
				"%q stands where an argument of %s belongs, and as one it matches no request; functions are joined by a semicolon", arg, f.name)
			return own
		case hasOperator(arg) && operated:
		case hasOperator(arg):
			operated = true
			r.tell(NoOperators, Error, r.withPart(operators(r.part)),
				"there is no || and no &&, so %q matches no request: a comma joins alternatives, a semicolon what must hold together", arg)
		default:
			own = append(own, arg)
		}
	}
	return own
}

// functionOf is the function that a text begins with, as in "PathPrefix:/x", in the spelling it should have; "" for none.
func functionOf(text string) string {
	name, rest, found := strings.Cut(text, ":")
	rest = strings.TrimSpace(rest)
	if !found || rest != "" && '0' <= rest[0] && rest[0] <= '9' { // path:8080 is a host with a port
		return ""
	}
	i := slices.IndexFunc(traefik1, func(f function) bool { return strings.EqualFold(f.name, strings.TrimSpace(name)) })
	if i < 0 {
		return ""
	}
	return traefik1[i].name
}

// semicolons is a part with a semicolon before each function that stands among the arguments; "" when none does.
func semicolons(part string) string {
	name, args, _ := strings.Cut(part, ":")
	pieces := strings.Split(args, ",")
	mended, found := name+":"+pieces[0], functionOf(pieces[0]) != ""
	if found {
		mended = pieces[0] // "Host:PathPrefix:/x": the first function has nothing of its own
	}
	for _, piece := range pieces[1:] {
		separator := ","
		if functionOf(piece) != "" {
			separator, found = ";", true
		}
		mended += separator + piece
	}
	if !found {
		return ""
	}
	return mended
}

func hasOperator(arg string) bool {
	literal := outside(arg)
	return strings.Contains(literal, "||") || strings.Contains(literal, "&&")
}

// operators is a part with || and && as the language writes them; "" where it has no way to.
func operators(part string) string {
	if strings.ContainsAny(part, "{}") {
		return ""
	}
	name, _, _ := strings.Cut(part, ":")
	name = strings.TrimSpace(name)
	var mended strings.Builder
	for rest := part; ; {
		i := strings.IndexAny(rest, "|&")
		if i < 0 || i+1 == len(rest) {
			return mended.String() + strings.TrimSpace(rest)
		}
		mended.WriteString(strings.TrimSpace(rest[:i]))
		operator := rest[i : i+2]
		rest = strings.TrimSpace(rest[i+2:])
		next := functionOf(rest)
		switch {
		case operator == "||" && (next == "" || next == name):
			mended.WriteByte(',')
			_, after, found := strings.Cut(rest, ":")
			if next != "" && found {
				rest = strings.TrimSpace(after)
			}
		case operator == "&&" && next != "":
			mended.WriteByte(';')
			name = next
		default:
			return "" // this or that function: two routes
		}
	}
}

// colon is a part with a colon after its function, for "Host=a.com", "Host a.com" and "Host(a.com)"; "" for others.
func colon(part string) string {
	part = strings.TrimSpace(part)
	for _, f := range traefik1 {
		if len(part) <= len(f.name) || !strings.EqualFold(part[:len(f.name)], f.name) {
			continue
		}
		rest := part[len(f.name):]
		if strings.ContainsRune("= (", rune(rest[0])) {
			return f.name + ":" + strings.Trim(rest, " =()`'\"")
		}
	}
	return ""
}
