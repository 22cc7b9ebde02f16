package rules

import (
	"slices"
	"strconv"
	"strings"
)

// A matcher is a word of the language. read gets as many arguments as it wants: one or more in v2, in v3 from least to
// most.
type matcher struct {
	name        string
	syntax      Syntax // the one that has it; both: V3 with either
	either      bool   // both have it
	least, most int    // arguments in v3
	read        func(r *reader3, c call) condition
}

var traefik3 = []matcher{
	{"Host", V3, true, 1, 1, (*reader3).host},
	{"HostRegexp", V3, true, 1, 1, (*reader3).hostRegexp},
	{"Path", V3, true, 1, 1, (*reader3).path},
	{"PathPrefix", V3, true, 1, 1, (*reader3).pathPrefix},
	{"PathRegexp", V3, false, 1, 1, (*reader3).pathRegexp},
	{"Method", V3, true, 1, 1, (*reader3).method},
	{"Header", V3, false, 2, 2, (*reader3).header},
	{"HeaderRegexp", V3, false, 2, 2, (*reader3).headerRegexp},
	{"Query", V3, true, 1, 2, (*reader3).query},
	{"QueryRegexp", V3, false, 1, 2, (*reader3).queryRegexp},
	{"ClientIP", V3, true, 1, 1, (*reader3).clientIP},
	{"Act", V3, true, 1, 1, (*reader3).act},
	{"Observe", V3, true, 1, 1, (*reader3).observe},
	{"HostHeader", V2, false, 1, 1, (*reader3).host},
	{"Headers", V2, false, 2, 2, (*reader3).headers},
	{"HeadersRegexp", V2, false, 2, 2, (*reader3).headersRegexp},
}

// A call is a matcher with its arguments, where they stand.
type call struct {
	*matcher
	from, to int // of all of it
	args     []arg
}

// An arg is an argument as it reads, and where it stands, quotes included.
type arg struct {
	text     string
	from, to int
}

// call reads "Name(`argument`, `argument`)".
func (r *reader3) call() condition {
	c := call{from: r.pos}
	name := r.name()
	if name == "" {
		r.stop(RuleSyntax, "at %s stands %s where a matcher such as Host(`a.com`) must", r.place(c.from), r.ahead())
		return never("")
	}
	c.matcher = r.matcher(name, c.from)
	r.space()
	if !r.take("(") {
		r.stop(MissingParenthesis, "at %s stands %s where the parenthesis of %s must open", r.place(r.pos), r.ahead(), name)
		return never("")
	}
	c.args = r.args(name)
	c.to = r.pos
	if r.broken || c.matcher == nil || !r.enough(c) {
		return never("")
	}
	return c.read(r, c)
}

// matcher finds one by its name. Traefik takes it in lower case, in capitals and with one capital too.
func (r *reader3) matcher(name string, from int) *matcher {
	names := make([]string, len(r.words))
	for i := range r.words {
		m := &r.words[i]
		low := strings.ToLower(m.name)
		if name == m.name || name == low || name == strings.ToUpper(low) || name == strings.ToUpper(low[:1])+low[1:] {
			if !m.either && m.syntax != r.syntax {
				r.tell(OtherSyntax, Info, "%s is a matcher of Traefik %s's rules, and is read so", m.name, m.syntax)
			}
			return m
		}
		names[i] = m.name
	}
	if r.ofHTTP(name, from) {
		return nil
	}
	near, ok := Nearest(name, names)
	if ok {
		r.edits = append(r.edits, edit{from, from + len(name), near})
	}
	r.fail(UnknownMatcher, "there is no matcher %q", name)
	return nil
}

// args reads what stands in a matcher's parentheses, the closing one included.
func (r *reader3) args(name string) (args []arg) {
	open := r.pos - 1
	for !r.broken {
		r.space()
		switch {
		case r.end():
			r.edits = append(r.edits, edit{r.pos, r.pos, ")"})
			r.stop(MissingParenthesis, "the parenthesis of %s at %s is not closed", name, r.place(open))
		case r.take(")"):
			return args
		case len(args) > 0 && !r.take(","):
			if next := r.text[r.pos:]; strings.HasPrefix(next, "&&") || strings.HasPrefix(next, "||") {
				r.edits = append(r.edits, edit{args[len(args)-1].to, r.pos, ") "})
				r.stop(MissingParenthesis, "the parenthesis of %s at %s is not closed before %s", name, r.place(open), r.place(r.pos))
				return nil
			}
			r.stop(RuleSyntax, "at %s stands %s where a comma or a parenthesis must", r.place(r.pos), r.ahead())
		default:
			r.space()
			if a, ok := r.arg(name); ok {
				args = append(args, a)
			}
		}
	}
	return nil
}

// arg reads one argument, in quotes as it must be or without.
func (r *reader3) arg(name string) (arg, bool) {
	a := arg{from: r.pos}
	if r.end() {
		return a, false
	}
	switch r.text[r.pos] {
	case '`':
		end := strings.IndexByte(r.text[r.pos+1:], '`')
		if end < 0 {
			r.stop(MissingQuotes, "the backtick at %s is not closed", r.place(r.pos))
			return a, false
		}
		a.text = r.text[r.pos+1 : r.pos+1+end]
		r.pos += end + 2
	case '"':
		quoted, err := strconv.QuotedPrefix(r.text[r.pos:])
		if err != nil {
			r.stop(MissingQuotes, "the text at %s is none as Go would have it in double quotes; backticks need no escapes", r.place(r.pos))
			return a, false
		}
		a.text, _ = strconv.Unquote(quoted)
		r.pos += len(quoted)
	default:
		r.bare(&a, name)
	}
	a.to = r.pos
	return a, true
}

// bare reads an argument that lacks its backticks: a shell or a compose file has taken them, or nobody knew.
func (r *reader3) bare(a *arg, name string) {
	quote := r.text[r.pos]
	if quote == '\'' {
		r.pos++
	}
	from := r.pos
	for !r.end() && strings.IndexByte("),`\"'", r.text[r.pos]) < 0 {
		r.pos++
	}
	a.text = strings.TrimSpace(r.text[from:r.pos])
	message := "the argument %q of %s stands without backticks, which a shell may have taken for a command"
	if quote == '\'' {
		r.take("'")
		message = "the argument %q of %s stands between single quotes; only backticks and double quotes hold an argument"
	}
	if r.pos == a.from {
		r.stop(RuleSyntax, "at %s stands %s where an argument must", r.place(r.pos), r.ahead())
		return
	}
	r.edits = append(r.edits, edit{a.from, r.pos, quoted3(a.text)})
	r.fail(MissingQuotes, message, a.text, name)
}

// enough says whether a matcher can do with its arguments. Several are v2's alternatives, or its pairs.
func (r *reader3) enough(c call) bool {
	n := len(c.args)
	switch {
	case n < c.least && n == 0:
		r.fail(MissingArgument, "%s has no argument; in a shell, backticks between double quotes are taken for a command", c.name)
		return false
	case n < c.least, c.least == 2 && n%2 != 0:
		r.fail(MissingArgument, "%s takes a name and a value, and has %d arguments", c.name, n)
		return false
	case n > c.most && r.syntax == V3:
		r.tell(OtherSyntax, Info, "%s with %d arguments is Traefik 2's way to write, and is read so; 3 refuses it", c.name, n)
		r.splitUp(c)
	}
	return true
}

// splitUp suggests a matcher of its own for each of several arguments.
func (r *reader3) splitUp(c call) {
	joint, each := " || ", c.most
	if c.least == 2 || c.name == "Query" {
		joint = " && "
	}
	var texts []string
	for args := range slices.Chunk(c.args, each) {
		pieces := make([]string, len(args))
		for i, a := range args {
			pieces[i] = quoted3(a.text)
		}
		texts = append(texts, c.name+"("+strings.Join(pieces, ", ")+")")
	}
	if c.syntax == V3 && c.name != "Query" {
		r.edits = append(r.edits, edit{c.from, c.to, "(" + strings.Join(texts, joint) + ")"})
	}
}

// quoted3 is an argument as it is written.
func quoted3(text string) string {
	if strings.Contains(text, "`") {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}
