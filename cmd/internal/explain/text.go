package explain

import (
	"cmp"
	"fmt"
	"io"
)

// outcomes are what the outcomes of candidates are called for people.
var outcomes = map[string]string{
	"wins": "wins", "later": "matches too, and is tried later", "fails": "does not match", "elsewhere": "is not at this entry point",
	"refused": "would match, and is not served", "copied": "gets a copy",
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
	if a.Forwarded != nil {
		p.forwarded(a.Forwarded)
	}
	p.steps(a)
	for _, s := range a.Services {
		p.service(s)
	}
	p.line("answer    %s", cmp.Or(a.Gets, a.gets()))
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
	if r.Priority == 0 { // pins have none
		p.line("    of %s", r.Owner)
	} else {
		p.line("    of %s, priority %d%s", r.Owner, r.Priority, given)
	}
	p.line("    %s", outcomes[r.Outcome])
	for _, why := range append(r.Why, r.Told...) {
		p.line("      %s", why)
	}
	p.line("")
}

func (p *printer) forwarded(f *Forwarded) {
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
}

// steps are the filters in order, with what each does.
func (p *printer) steps(a *Answer) {
	if len(a.Steps) == 0 && a.Route != "" {
		p.line("filters   none")
	}
	for i, s := range a.Steps {
		head := ""
		if i == 0 {
			head = "filters"
		}
		at := ""
		if s.EntryPoint != "" {
			at = "entry point " + s.EntryPoint + ": "
		}
		p.line("%-9s %s%s", head, at, s.Filter)
		if does := s.does(); does != "" {
			p.line("            %s", does)
		}
	}
}

// does is a step in words; "": it lets the request pass.
func (s Step) does() string {
	switch {
	case s.Outcome == answers && s.Location != "":
		return fmt.Sprintf("answers %d, to %s", s.Status, s.Location)
	case s.Outcome == answers:
		return fmt.Sprintf("answers %d", s.Status) + because(s.Why)
	case s.Outcome == depends && s.Status != 0:
		return fmt.Sprintf("may answer %d: that depends %s", s.Status, s.Why)
	case s.Outcome == depends:
		return "may answer: that depends " + s.Why
	case s.Outcome == notReached:
		return "is not reached"
	}
	return ""
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
