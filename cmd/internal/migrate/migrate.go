// Package migrate writes the labels of stack files in the other dialect, for people to paste or into the files themselves.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/cmd/internal/check"
	"github.com/appia-edge/appia/cmd/internal/stackfile"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/rules"
)

// Options say what to migrate.
type Options struct {
	Paths  []string // stack files, folders of them, "-"
	Stdin  io.Reader
	Router []string // the router's flags, for default rules
	To     labels.Language
	Lookup func(name string) (value string, set bool)
	Write  bool // into the files
}

// A Result is what became of the services.
type Result struct {
	Services []Service
	Files    []string // that were written
	Problems []string // of the files themselves, with their places: what docker refuses is not migrated
	to       labels.Language
}

// Left is how many services or files have something to migrate and are left as they are, for mistakes come first.
func (r *Result) Left() int {
	n := len(r.Problems)
	for _, s := range r.Services {
		if s.Left {
			n++
		}
	}
	return n
}

// A Service is one service's labels in the other dialect.
type Service struct {
	File   string
	Labels []string // "name=value", sorted, as a stack file has them: variables as they were, each $ of a value's own doubled
	Notes  []string // what is not the same any more, or was wrong before
	labels.Migration
}

// Run migrates. Nothing is written unless every file can be.
func Run(ctx context.Context, o Options) (*Result, error) {
	w, err := check.Read(ctx, check.Options{Paths: o.Paths, Stdin: o.Stdin, Router: o.Router, Lookup: o.Lookup, Freeze: true})
	if err != nil {
		return nil, err
	}
	result := &Result{to: o.To, Problems: problems(w)}
	files := map[string]*stackfile.File{}
	for _, m := range labels.Migrate(w.Swarm, w.Config.Labels, o.To, slices.Sorted(maps.Keys(w.Frozen))...) {
		path, file, name, ok := w.Written(m.Service)
		if !ok {
			return nil, errors.New("only stack files are migrated: a recording hides what may be secrets")
		}
		s := service(m, path, w.FrozenIn(m.Service))
		result.Services = append(result.Services, s)
		if o.Write && len(s.Labels) > 0 {
			if err := file.Relabel(name, s.Labels); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			files[path] = file
		}
	}
	slices.SortStableFunc(result.Services, func(a, b Service) int { return strings.Compare(a.File, b.File) })
	return result, result.write(files)
}

// problems are the errors of files: those that no label has.
func problems(w *check.World) (list []string) {
	for _, f := range w.Findings {
		label := slices.ContainsFunc(w.Told, func(d rules.Diagnostic) bool {
			return d.Service == f.Service && d.Code == f.Code && d.Label == f.Label && d.Message == f.Message
		})
		if !label && f.Severity == rules.Error && f.Code != check.BadFlag {
			list = append(list, thaw(fmt.Sprintf("%s:%d: %s [%s]", f.File, f.Line, f.Message, f.Code), w.Frozen))
		}
	}
	return list
}

func service(m labels.Migration, path string, frozen map[string]string) Service {
	s := Service{File: path, Migration: m}
	for name, value := range m.Labels {
		s.Labels = append(s.Labels, thaw(name+"="+strings.ReplaceAll(value, "$", "$$"), frozen))
	}
	slices.Sort(s.Labels)
	for name, value := range m.Labels {
		if strings.HasSuffix(strings.ToLower(name), "rule") && thaw(value, frozen) != value {
			s.Notes = append(s.Notes, "a rule weighs what it is long, and "+name+" holds a variable: see that its priority is the one you want")
		}
	}
	for _, note := range m.Notes {
		s.Notes = append(s.Notes, thaw(note, frozen))
	}
	for _, d := range m.Found {
		s.Notes = append(s.Notes, thaw(d.String(), frozen))
	}
	return s
}

// thaw puts the variables back.
func thaw(text string, frozen map[string]string) string {
	for word, name := range frozen {
		text = strings.ReplaceAll(text, word, name)
	}
	return text
}

func (r *Result) write(files map[string]*stackfile.File) error {
	for path, file := range files {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Text, info.Mode().Perm()); err != nil {
			return err
		}
		r.Files = append(r.Files, path)
	}
	slices.Sort(r.Files)
	return nil
}

// Print writes the labels as a stack file has them, notes as comments.
func (r *Result) Print(out io.Writer) error {
	var b strings.Builder
	for _, path := range r.Files {
		fmt.Fprintf(&b, "# %s is written\n", path)
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(&b, "# error: %s\n", problem)
	}
	for _, s := range r.Services {
		if len(r.Files) > 0 && len(s.Notes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "# %s (%s)\n", s.Service, s.File)
		for _, note := range s.Notes {
			fmt.Fprintf(&b, "# note: %s\n", note)
		}
		if len(r.Files) == 0 && len(s.Labels) > 0 {
			b.WriteString("labels:\n")
			for _, l := range s.Labels {
				b.WriteString("  - " + strconv.Quote(l) + "\n")
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}
