package check

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/appia-edge/appia/rules"
)

// report is a World for machines. Fields are added to it, never taken away or renamed.
type report struct {
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Findings []findingReport `json:"findings"`
	Notes    []string        `json:"notes"`
	Routes   []routeReport   `json:"routes"`
	Services []serviceReport `json:"services"`
}

type findingReport struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	rules.Diagnostic
	Others []Other `json:"others,omitempty"` // services that it speaks of
}

type routeReport struct {
	Name        string   `json:"name"`
	Owner       string   `json:"owner"`
	Rule        string   `json:"rule"`
	Priority    int      `json:"priority"`
	EntryPoints []string `json:"entryPoints"`
	Service     string   `json:"service"`
	Filters     []string `json:"filters,omitempty"`
	Hidden      bool     `json:"hidden,omitempty"`
	TCP         string   `json:"tcp,omitempty"` // of a route of whole connections: "tcp", "tcp,tls" or "tcp,passthrough"
}

type serviceReport struct {
	Name    string         `json:"name"`
	Sources []sourceReport `json:"sources"`
}

type sourceReport struct {
	Owner  string `json:"owner"`
	Weight int    `json:"weight"`
	Tasks  int    `json:"tasks"`
}

// JSON writes a World for machines.
func (w *World) JSON(out io.Writer) error { return encode(out, w.report()) }

// JSONOf writes several, as a list.
func JSONOf(out io.Writer, all []*World) error {
	list := []report{}
	for _, w := range all {
		list = append(list, w.report())
	}
	return encode(out, list)
}

func encode(out io.Writer, what any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(what)
}

func (w *World) report() report {
	r := report{
		Errors: w.Count(rules.Error), Warnings: w.Count(rules.Warning), Findings: []findingReport{}, Notes: append([]string{}, w.Remarks...),
		Routes: []routeReport{}, Services: []serviceReport{},
	}
	for _, f := range w.Findings {
		r.Findings = append(r.Findings, findingReport{f.File, f.Line, f.Column, f.Diagnostic, f.Others})
	}
	for _, route := range slices.Concat(w.Table.Routes, w.Table.TCP) {
		r.Routes = append(r.Routes, reportRoute(route))
	}
	for _, s := range w.Table.Services {
		r.Services = append(r.Services, reportService(s))
	}
	return r
}

func reportRoute(r *rules.Route) routeReport {
	view := routeReport{Name: r.Name, Owner: r.Owner.Name, Rule: r.Rule.Text, Priority: r.Priority, EntryPoints: r.EntryPoints,
		Service: r.Service.Name, Hidden: r.Shadowed}
	if r.TCP != nil {
		view.TCP = r.TCP.String()
	}
	for _, f := range r.Chain() {
		view.Filters = append(view.Filters, rules.FilterText(f))
	}
	return view
}

func reportService(s *rules.Service) serviceReport {
	view := serviceReport{Name: s.Name, Sources: []sourceReport{}}
	for _, source := range s.Sources {
		view.Sources = append(view.Sources, sourceReport{source.Owner.Name, source.Weight, len(source.Endpoints)})
	}
	return view
}
