package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/appia-edge/appia/cmd/internal/stackfile"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// find adds what reading labels or compiling told, at the line of the label.
func (w *World) find(d rules.Diagnostic) {
	at, known := w.written[d.Service]
	switch {
	case known:
		w.findAt(at.stack, placeIn(at.service, d), d)
	case d.Service == "" && w.router.service != nil:
		w.findAt(w.router.stack, w.router.service.CommandPlace, d)
	default:
		w.add(Finding{File: w.origin, Diagnostic: d})
	}
}

func (w *World) findAt(s *stack, at stackfile.Place, d rules.Diagnostic) {
	f := Finding{File: s.path, Line: at.Line, Column: at.Column, Diagnostic: d}
	if line := s.file.Line(at.Line); !snapshot.Secret(d.Label) && !secretLine(line) {
		f.Source = line
	}
	w.add(f)
}

// secretLine reports whether a line of a file may hold a secret: by its words, by its value, or by the name that it begins with.
func secretLine(line string) bool {
	name, _, _ := strings.Cut(strings.Trim(line, " \t-\"'"), "=")
	return snapshot.Secret(line) || snapshot.Secret(name) || snapshot.Hashed(line) || snapshot.WithoutQuery(line, line) != line
}

func (w *World) add(f Finding) {
	f.Severity = severityOf(f.Diagnostic)
	w.Findings = append(w.Findings, f)
}

// sort puts findings in the order of files and lines; those that belong to no file come first.
func (w *World) sort() {
	slices.SortStableFunc(w.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(w.rank(a.File), w.rank(b.File)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Code, b.Code))
	})
	w.Findings = slices.CompactFunc(w.Findings, func(a, b Finding) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Diagnostic == b.Diagnostic
	})
	for i := range w.Findings {
		w.Findings[i].Others = w.others(&w.Findings[i])
	}
}

// others are the services that a finding names, each at the label that it is about: the rule of its route, where it names one.
func (w *World) others(f *Finding) (list []Other) {
	words := strings.FieldsFunc(f.Message, func(c rune) bool { return strings.ContainsRune(" ,;:()\"", c) })
	for i, word := range words {
		at, known := w.written[word]
		if !known || word == f.Service || slices.ContainsFunc(list, func(o Other) bool { return o.Service == word }) {
			continue
		}
		label := f.Label
		if i+2 < len(words) && words[i+1] == "route" {
			label = w.ruleLabel(words[i+2])
		}
		place := placeIn(at.service, rules.Diagnostic{Label: label, Code: f.Code})
		list = append(list, Other{word, at.stack.path, place.Line, place.Column})
	}
	return list
}

// ruleLabel is the label that holds a route's rule.
func (w *World) ruleLabel(route string) string {
	if w.rules == nil {
		w.rules = map[string]string{}
		for _, r := range slices.Concat(w.Table.Routes, w.Table.TCP) {
			w.rules[r.Name] = r.Label
		}
	}
	return w.rules[route]
}

func (w *World) rank(file string) int {
	if file == "" {
		return -1
	}
	return w.order[file]
}

// placeIn is where the author has to look.
func placeIn(s *stackfile.Service, d rules.Diagnostic) stackfile.Place {
	if at, ok := placeOfLabel(s.Labels, d.Label); ok {
		return at
	}
	switch d.Code {
	case labels.LabelsOnContainer:
		return firstWanted(s)
	case labels.NoCommonNetwork, labels.AmbiguousNetwork, labels.NetworkNotShared, labels.NetworkNotAttached:
		return cmp.Or(s.NetworksPlace, s.Place)
	case rules.UnevenShares:
		at, _ := placeOfLabel(s.Labels, "traefik.weight")
		return cmp.Or(at, s.LabelsPlace, s.Place)
	case rules.ServiceSettingsDiffer:
		at, _ := placeOfLabel(s.Labels, "traefik.backend")
		return cmp.Or(at, s.LabelsPlace, s.Place)
	}
	return cmp.Or(s.LabelsPlace, s.Place)
}

// placeOfLabel looks for the label, also where its name holds a value or a space.
func placeOfLabel(list []stackfile.Label, name string) (at stackfile.Place, found bool) {
	if name == "" {
		return at, false
	}
	for _, l := range list {
		if head, _, _ := snapshot.CutValue(l.Name); l.Name == name || head == name || strings.TrimSpace(l.Name) == name {
			at, found = l.Place, true
		}
	}
	return at, found
}

func firstWanted(s *stackfile.Service) stackfile.Place {
	for _, l := range s.Container {
		if snapshot.Wanted(l.Name, l.Value) {
			return l.Place
		}
	}
	return cmp.Or(s.ContainerPlace, s.Place)
}
