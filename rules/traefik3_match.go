package rules

import (
	"net/netip"
	"net/textproto"
	"regexp"
	"strings"
)

// What each matcher of Traefik 2 and 3 asks of a request. An argument that Traefik refuses refuses the rule; one that it
// accepts and that no request meets is told as an error too, and never matches.

// each is the alternatives that a matcher's arguments are.
func (r *reader3) each(c call, read func(a arg) condition) condition {
	if len(c.args) == 1 {
		return read(c.args[0])
	}
	var any anyOf
	for _, a := range c.args {
		any = append(any, read(a))
	}
	return any
}

// instead suggests another text for an argument.
func (r *reader3) instead(a arg, text string) {
	r.edits = append(r.edits, edit{a.from, a.to, quoted3(text)})
}

// dead is an argument that no request can meet.
func (r *reader3) dead(a arg, code, format string, args ...any) condition {
	r.tell(code, Error, format, args...)
	return never(a.text)
}

func (r *reader3) host(c call) condition {
	return r.each(c, func(a arg) condition { return r.plainHost(c, a) })
}

func (r *reader3) plainHost(c call, a arg) condition {
	if addr, err := netip.ParseAddr(strings.Trim(a.text, "[]")); err == nil {
		return hostIs(lowered(addr.String()))
	}
	name := bareName(a.text)
	switch {
	case strings.ContainsFunc(a.text, func(c rune) bool { return c > 0x7f }):
		r.fail(HostNotASCII, "clients ask for a host in its xn-- form (punycode); Traefik refuses %q", a.text)
		return never(a.text)
	case a.text == "":
		r.fail(MissingArgument, "an argument of Host is empty")
		return never(a.text)
	case a.text == ".":
		return r.dead(a, HostNotPlain, "Host takes a name; %q is none and matches no request", a.text)
	case placed(a.text):
		r.edits = append(r.edits, edit{c.from, c.from + len(c.name), "HostRegexp"})
		return r.dead(a, HostNotPlain, "Host takes plain names only; %q matches no request", a.text)
	case strings.HasPrefix(a.text, "*."):
		r.edits = append(r.edits, edit{c.from, c.to, "HostRegexp(" + quoted3("^.+"+regexp.QuoteMeta(a.text[1:])+"$") + ")"})
		return r.dead(a, HostNotPlain, "Host takes plain names only; %q matches no request", a.text)
	case strings.ContainsAny(a.text, "/: "+noHost) || strings.ContainsAny(a.text, "*{}|,()"):
		if name != a.text && !strings.ContainsAny(name, ":, *{}|()"+noHost) {
			r.instead(a, name)
		}
		return r.dead(a, HostNotPlain, "Host takes a name without scheme, port or path; %q matches no request", a.text)
	}
	return hostIs(lowered(strings.TrimSuffix(a.text, ".")))
}

// bareName is a host without what its author took from an address bar.
func bareName(text string) string {
	if _, after, found := strings.Cut(text, "://"); found {
		text = after
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "/")
	return bareHost(text)
}

// placed says whether a text has one of v2's places, {name} or {name:regexp}; a regexp's own braces hold numbers.
func placed(text string) bool { return place3.MatchString(text) }

var place3 = regexp.MustCompile(`\{[A-Za-z_][A-Za-z0-9_-]*(:|\})`)

func (r *reader3) hostRegexp(c call) condition {
	return r.each(c, func(a arg) condition {
		if strings.ContainsFunc(a.text, func(c rune) bool { return c > 0x7f }) {
			r.fail(HostNotASCII, "clients ask for a host in its xn-- form (punycode); Traefik refuses %q", a.text)
			return never(a.text)
		}
		if r.template(a, regexpLike(a.text)) {
			return r.read3(hostTemplate(a.text))
		}
		when, err := hostExpr(a.text)
		if _, plain := when.(hostIs); err == nil && !plain && !strings.ContainsAny(a.text, "^$") && !anything(a.text) {
			r.tell(RegexpOutside, Info, "%q is looked for anywhere in the host; ^ and $ hold a regexp to its ends", a.text)
		}
		return r.read3(when, err)
	})
}

// template says whether an argument is to be read as v2's template, and tells where that is not what the router was
// told. like: it has what only a regexp has.
func (r *reader3) template(a arg, like bool) bool {
	switch {
	case placed(a.text) && r.syntax == V3:
		r.tell(OtherSyntax, Info, "%q has Traefik 2's places in braces, and is read as 2 does; 3 would match only these very characters", a.text)
		return true
	case placed(a.text):
		return true
	case r.syntax == V2 && like:
		r.tell(OtherSyntax, Info, "%q is a regexp as Traefik 3 has it, and is read so; 2 wants it in braces", a.text)
		return false
	}
	return r.syntax == V2
}

func regexpLike(text string) bool { return strings.ContainsAny(text, `\^$*+?()[]|`) }

// read3 is a condition, or the end of a rule that cannot be read.
func (r *reader3) read3(when condition, err error) condition {
	if err != nil {
		r.fail(regexpCode(err), "%v", err)
		return never("")
	}
	return when
}

func (r *reader3) rooted(a arg) bool {
	if strings.HasPrefix(a.text, "/") {
		return true
	}
	r.instead(a, "/"+a.text)
	r.fail(PathWithoutSlash, "a path begins with a slash; Traefik refuses %q", a.text)
	return false
}

func (r *reader3) path(c call) condition {
	return r.each(c, func(a arg) condition {
		if !r.rooted(a) {
			return never(a.text)
		}
		if placed(a.text) && r.template(a, false) {
			return r.pathTemplate(a, "$")
		}
		r.checkPath(a)
		return pathExact(a.text)
	})
}

// pathTemplate is a path of v2 with places: nothing redirects it, so that it is a regexp like any other.
func (r *reader3) pathTemplate(a arg, end string) condition {
	t, err := parseTemplate(a.text, "[^/]+")
	if err != nil || t.expr == "" {
		return r.read3(pathExact(a.text), err)
	}
	like, err := newPathLike("^" + t.expr + end)
	like.before = t.before
	return r.read3(like, err)
}

func (r *reader3) pathPrefix(c call) condition {
	return r.each(c, func(a arg) condition {
		if !r.rooted(a) {
			return never(a.text)
		}
		if placed(a.text) && r.template(a, false) {
			return r.read3(prefixTemplate(a.text))
		}
		r.checkPath(a)
		return pathHas{text: a.text, before: a.text}
	})
}

// checkPath tells of text that is compared as it stands, and was hardly meant so.
func (r *reader3) checkPath(a arg) {
	if regexpLike(strings.NewReplacer("+", "", "(", "", ")", "").Replace(a.text)) {
		r.tell(RegexpOutside, Warning, "%q matches only a path with these very characters; PathRegexp takes a regexp", a.text)
	}
	if strings.Contains(a.text, "%2") {
		r.tell(PathEscaped, Warning, "paths are compared in their decoded form, so %q matches none", a.text)
	}
}

func (r *reader3) pathRegexp(c call) condition {
	return r.each(c, func(a arg) condition {
		like, err := newPathLike(a.text)
		return r.read3(like, err)
	})
}

func (r *reader3) method(c call) condition {
	return r.each(c, func(a arg) condition { return methodIs(strings.ToUpper(a.text)) })
}

// pairs are the conditions of names and values, all of which must hold.
func (r *reader3) pairs(c call, read func(name, value string) condition) condition {
	var every all
	for i := 0; i+1 < len(c.args); i += 2 {
		every = append(every, read(textproto.CanonicalMIMEHeaderKey(c.args[i].text), c.args[i+1].text))
	}
	if len(every) == 1 {
		return every[0]
	}
	return every
}

// header wants the very value, an empty one too.
func (r *reader3) header(c call) condition {
	return r.pairs(c, func(name, value string) condition {
		if value == "" {
			return headerLike{name, emptyText}
		}
		return headerIs{name, value}
	})
}

var emptyText = regexp.MustCompile("^$")

// headers of v2 takes an empty value for any.
func (r *reader3) headers(c call) condition {
	return r.pairs(c, func(name, value string) condition { return headerIs{name, value} })
}

func (r *reader3) headerRegexp(c call) condition  { return r.pairs(c, r.fieldLike) }
func (r *reader3) headersRegexp(c call) condition { return r.pairs(c, r.fieldLike) }

func (r *reader3) fieldLike(name, expr string) condition {
	if anything(expr) {
		return headerIs{name: name}
	}
	re, err := compileRegexp(expr)
	return r.read3(headerLike{name, re}, err)
}

// query takes name and value in v3, `name=value` in v2.
func (r *reader3) query(c call) condition {
	first := c.args[0].text
	pair := strings.Contains(first, "=")
	if len(c.args) == 2 && !pair {
		if r.syntax == V2 {
			r.tell(OtherSyntax, Info, "Query with a name and a value apart is Traefik 3's way to write, and is read so")
		}
		return queryHas{name: first, value: c.args[1].text}
	}
	if len(c.args) == 1 && !pair && r.syntax == V3 {
		return queryHas{name: first}
	}
	if r.syntax == V3 && len(c.args) <= 2 {
		r.tell(OtherSyntax, Info, "%q is Traefik 2's way to write a parameter, and is read so; 3 looks for a parameter of this whole name", first)
	}
	var every all
	for _, a := range c.args {
		name, value, _ := strings.Cut(a.text, "=")
		q, err := newQueryIs(name, value)
		every = append(every, r.read3(q, err))
	}
	if len(every) == 1 {
		return every[0]
	}
	return every
}

func (r *reader3) queryRegexp(c call) condition {
	name := c.args[0].text
	if len(c.args) < 2 {
		return queryHas{name: name}
	}
	re, err := compileRegexp(c.args[1].text)
	return r.read3(queryHas{name: name, re: re}, err)
}

func (r *reader3) clientIP(c call) condition {
	return r.each(c, func(a arg) condition {
		prefix, err := network(a.text)
		if err != nil {
			r.fail(BadClientIP, "%q is neither an address nor a network such as 10.0.0.0/8", a.text)
			return never(a.text)
		}
		return clientIn(prefix)
	})
}
