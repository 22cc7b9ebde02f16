package explain

import (
	"fmt"
	"io"
)

// outcomes are what the outcomes of candidates are called for people.
var outcomes = map[string]string{
	"wins": "wins", "later": "matches too, and is tried later", "fails": "does not match", "elsewhere": "is not at this entry point",
	"hidden": "matches too, and is hidden: another route asks for the same requests and is tried first",
}

// Print writes an answer for people to read.
func (a *Answer) Print(out io.Writer) error {
	p := &printer{out: out}
	p.line("%s %s", a.Method, a.URL)
	p.line("at entry point %s\n", a.EntryPoint)
	for _, r := range a.Routes {
		p.route(r)
	}
	if a.Others > 0 {
		p.line("%s for other hosts; --all shows them\n", others(a.Others, len(a.Routes)))
	}
	p.end(a)
	for _, s := range a.Services {
		p.service(s)
	}
	for i, note := range a.Notes {
		if i == 0 {
			p.line("")
		}
		p.line("note: %s", note)
	}
	return p.err
}

func others(n, shown int) string {
	more := " more"
	if shown == 0 {
		more = ""
	}
	if n == 1 {
		return "1" + more + " route is"
	}
	return fmt.Sprintf("%d%s routes are", n, more)
}

// A printer writes lines until one of them fails.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) route(r RouteView) {
	given := ""
	if r.Given {
		given = ", as its author says"
	}
	p.line("%s", r.Rule)
	p.line("    of %s, priority %d%s", r.Owner, r.Priority, given)
	p.line("    %s", outcomes[r.Outcome])
	for _, why := range r.Why {
		p.line("      %s", why)
	}
	p.line("")
}

// end is what becomes of the request.
func (p *printer) end(a *Answer) {
	switch {
	case a.Route == "" && a.MeantHost != "":
		p.line("No route matches: the answer is 404. The host that comes nearest is %s.", a.MeantHost)
	case a.Route == "":
		p.line("No route matches: the answer is 404.")
	case a.Location != "":
		p.line("The path's trailing slash is wrong: the answer is 301 to %s.", a.Location)
	case a.Status != 0:
		p.line("Nothing of the path could be stripped: the answer is %d.", a.Status)
	default:
		p.forwarded(a)
	}
}

func (p *printer) forwarded(a *Answer) {
	f := a.Forwarded
	if f.Path == f.Was {
		p.line("path      %s", f.Path)
	} else {
		p.line("path      %s becomes %s", f.Was, f.Path)
	}
	for _, prefix := range f.Prefix {
		p.line("          with X-Forwarded-Prefix: %s", prefix)
	}
	for _, path := range f.Replaced {
		p.line("          with X-Replaced-Path: %s", path)
	}
	host := f.Host
	if host == "" {
		host = "the endpoint's address"
	}
	p.line("host      %s", host)
	if len(a.Filters) == 0 {
		p.line("filters   none")
	}
	for i, filter := range a.Filters {
		head := ""
		if i == 0 {
			head = "filters"
		}
		p.line("%-9s %s", head, filter)
	}
}

func (p *printer) service(s ServiceView) {
	p.line("service   %s%s", s.Name, s.Settings)
	for _, e := range s.Endpoints {
		next := ""
		if e.URL == s.Next {
			next = "  <- next"
		}
		why := ""
		if e.Why != "" {
			why = " (" + e.Why + ")"
		}
		p.line("          %s  weight %d, %.1f %%, %s%s%s", e.URL, e.Weight, 100*e.Share, e.State, why, next)
	}
	switch {
	case s.Next == "":
		p.line("          nobody could answer: the answer is 503")
	case len(s.Endpoints) == 0:
		p.line("          leads to %s next", s.Next)
	}
}
