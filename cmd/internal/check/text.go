package check

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// Style says how findings are written for people.
type Style struct {
	Colour bool
	Quiet  bool // findings alone: no table and no remarks
}

// Print writes a World for people to read: the table, then a block a finding, as compilers do, so that editors find the line.
func (w *World) Print(out io.Writer, style Style) error {
	p := &printer{out: out, style: style}
	if !style.Quiet {
		p.table(w.Table)
		for _, r := range w.Remarks {
			p.line("note: %s", r)
		}
		if len(w.Remarks) > 0 {
			p.line("")
		}
	}
	for i, f := range w.Findings {
		if i > 0 && f.File != w.Findings[i-1].File {
			p.line("")
		}
		p.finding(f)
	}
	p.files(w)
	p.line("%s", w.Summary())
	return p.err
}

// A printer writes lines until one of them fails.
type printer struct {
	out   io.Writer
	style Style
	err   error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) table(t *rules.Table) {
	if len(t.Routes)+len(t.TCP) == 0 {
		p.line("No route is served.\n")
		return
	}
	if len(t.Routes) > 0 {
		p.line("Routes, in the order in which they are tried:")
	}
	for _, r := range t.Routes {
		p.line("  %s", routeLine(r))
	}
	p.tcp(t.TCP)
	p.line("\nServices:")
	for _, s := range t.Services {
		p.line("  %s", strings.TrimPrefix(s.String(), "service "))
		total := 0
		for _, source := range s.Sources {
			total += source.Share()
		}
		for _, source := range s.Sources {
			if s.Leads() {
				continue // it is the others that have tasks
			}
			p.line("    %s, %s%s", source, tasks(len(source.Endpoints)), percent(source.Share(), total))
		}
	}
	p.line("")
}

// tcp lists the routes of whole connections.
func (p *printer) tcp(routes []*rules.Route) {
	if len(routes) > 0 {
		p.line("Routes of TCP, in the order in which they are tried:")
	}
	for _, r := range routes {
		p.line("  %s", routeLine(r))
	}
}

// routeLine is a route without its name in the API.
func routeLine(r *rules.Route) string {
	kind := ""
	if r.TCP != nil {
		kind = " " + r.TCP.String()
	}
	text := fmt.Sprintf("%4d %s%s  %s  ->  %s (%s)", r.Priority, strings.Join(r.EntryPoints, ","), kind, r.Rule.Text, r.Service.Name, r.Owner.Name)
	if r.Shadowed {
		text += " hidden"
	}
	for _, f := range r.Chain() {
		text += " | " + rules.FilterText(f)
	}
	return text
}

func tasks(n int) string {
	switch n {
	case 0:
		return "no task"
	case 1:
		return "1 task"
	}
	return strconv.Itoa(n) + " tasks"
}

func percent(share, total int) string {
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(": %.1f %%", 100*float64(share)/float64(total))
}

// files are how many mistakes each of several files has.
func (p *printer) files(w *World) {
	counts, names := map[string]*[3]int{}, []string{}
	for _, f := range w.Findings {
		if counts[f.File] == nil {
			counts[f.File], names = new([3]int), append(names, f.File)
		}
		counts[f.File][f.Severity]++
	}
	if len(names) < 2 {
		return
	}
	p.line("")
	for _, name := range names {
		n := counts[name]
		p.line("%s: %s and %s", cmp.Or(name, "no file"), number(n[rules.Error], "error"), number(n[rules.Warning], "warning"))
	}
}

// colours of severities, on a terminal.
var colours = [...]string{rules.Info: "36", rules.Warning: "33", rules.Error: "31"}

func (p *printer) finding(f Finding) {
	severity := f.Severity.String()
	if p.style.Colour {
		severity = "\x1b[1;" + colours[f.Severity] + "m" + severity + "\x1b[0m"
	}
	p.line("%s%s: %s%s [%s]", f.where(), severity, f.who(), f.Message, f.Code)
	margin := "  "
	if f.Source != "" {
		number := strconv.Itoa(f.Line)
		p.line("  %s | %s", number, strings.ReplaceAll(f.Source, "\t", "  "))
		margin = fmt.Sprintf("  %*s | ", len(number), "")
	}
	if f.Suggestion != "" {
		p.line("%sdid you mean %s", margin, f.Suggestion)
	}
	for _, other := range f.Others {
		p.line("%ssee %s%s", margin, other.where(), other.Service)
	}
}

// where is "blog.yml:31:11: ", as far as it is known.
func (f Finding) where() string { return where(f.File, f.Line, f.Column) }

func (o Other) where() string { return where(o.File, o.Line, o.Column) }

func where(file string, line, column int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	case column == 0:
		return fmt.Sprintf("%s:%d: ", file, line)
	}
	return fmt.Sprintf("%s:%d:%d: ", file, line, column)
}

// who is the service, and the label where the line does not show it.
func (f Finding) who() string {
	var text string
	if f.Service != "" {
		text = f.Service + ": "
	}
	if f.Label != "" && f.Source == "" {
		text += f.Label + "=" + strconv.Quote(f.Value) + ": "
	}
	return text
}

// Summary is how it went, in a line.
func (w *World) Summary() string {
	errors, warnings := w.Count(rules.Error), w.Count(rules.Warning)
	if errors+warnings == 0 {
		return "No mistakes in " + number(len(w.Swarm.Services), "service") + "."
	}
	return number(errors, "error") + " and " + number(warnings, "warning") + " in " + number(len(w.Swarm.Services), "service") + "."
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
