// Package check says what a router would make of stack files, of a recording or of the running swarm, before or while it
// does: the table, and every mistake with the file and the line that its author has to mend.
//
// Stack files are deployed to the swarm in miniature and seen through the docker client, so that what is checked is what
// the router itself would read.
package check

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/cmd/internal/stackfile"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// Options say what to look at.
type Options struct {
	Paths    []string // stack files, folders of them, recordings, "-"; none: the running swarm
	Stdin    io.Reader
	Router   []string // the router's flags; none: those of a router in the stack files, else its defaults
	Networks []string // names of the networks that the router is on; none: found out or assumed
	Lookup   func(name string) (value string, set bool)
	Freeze   bool // keep variables in labels: see World.Frozen
}

// A World is what was found.
type World struct {
	Remarks  []string // what the findings rest on
	Config   *config.Config
	Swarm    *snapshot.Swarm
	Table    *rules.Table
	Findings []Finding          // in the order of files and lines
	Told     []rules.Diagnostic // what the router itself would tell, by its own severities
	Hidden   bool               // the recording keeps values to itself; others of the right form stand in their place
	Frozen   map[string]string  // words that stand for variables in labels

	written map[string]written // services that a file describes, by name
	router  written            // the service whose flags count
	origin  string             // of services that no file describes: a recording's path
	order   map[string]int     // of files as they were given
	rules   map[string]string  // the labels of rules, by their routes' names
}

// A Finding is a mistake, or what may surprise, with the place to mend it.
type Finding struct {
	File   string
	Line   int // 0: the file as a whole
	Column int
	rules.Diagnostic
	Source string  // the line itself; "": not to be shown
	Others []Other // services that have to do with it, with their places
}

// An Other is a service that a finding of another one speaks of.
type Other struct {
	Service string `json:"service"`
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}

// A written service is one that a stack file describes.
type written struct {
	stack   *stack
	service *stackfile.Service
}

// Read looks at everything and compiles the table. What cannot be looked at is its error; what is wrong with what it
// looks at is in the World.
func Read(ctx context.Context, o Options) (*World, error) {
	in, err := gather(o)
	if err != nil {
		return nil, err
	}
	return in.read(ctx, o)
}

// read makes the World of what was gathered.
func (in *inputs) read(ctx context.Context, o Options) (w *World, err error) {
	w = &World{written: map[string]written{}, order: in.order, Frozen: in.frozen}
	switch {
	case len(in.stacks) > 0:
		err = w.rehearse(ctx, o, in)
	case in.recording != nil:
		w.Swarm, w.origin = in.recording, in.path
		err = w.configure(o, nil)
	default:
		err = w.look(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if err := w.place(o.Networks, in); err != nil {
		return nil, err
	}
	w.compile(in.hidden)
	w.sort()
	return w, nil
}

// compile reads labels and makes the table, as the router does.
func (w *World) compile(hidden map[string]bool) {
	specs, found := labels.Read(w.Swarm, w.Config.Labels)
	table, more := rules.Compile(specs, w.Config.Compiler())
	w.Table = table
	found = append(found, more...)
	found = append(found, table.Covered()...)
	found = append(found, w.idleWeights()...)
	for _, d := range found {
		if !hidden[d.Label] {
			w.Told = append(w.Told, d)
			w.find(d)
		}
	}
	w.Hidden = len(hidden) > 0
	if w.Hidden {
		w.remark("the recording keeps the values of %s to itself, as they may be secrets: what is wrong with them cannot be seen", number(len(hidden), "label"))
	}
	byAge := slices.ContainsFunc(found, func(d rules.Diagnostic) bool { return d.Code == rules.AmbiguousRoute })
	if byAge && len(w.written) > 0 {
		w.remark("files have no age: of two services that claim one rule, the one that was named first is taken for the older")
	}
}

// Written is the file that describes a service, with the service's name in it; false: no file does.
func (w *World) Written(service string) (path string, file *stackfile.File, name string, ok bool) {
	at, ok := w.written[service]
	if !ok {
		return "", nil, "", false
	}
	return at.stack.path, at.stack.file, at.service.Name, true
}

// FrozenIn is what words stand for in a service's labels. Numbers are its own file's: another may have the same as they are.
func (w *World) FrozenIn(service string) map[string]string {
	frozen := maps.Clone(w.Frozen)
	maps.DeleteFunc(frozen, func(word, _ string) bool { return '0' <= word[0] && word[0] <= '9' })
	maps.Copy(frozen, w.written[service].stack.frozen)
	return frozen
}

// Count is how many findings there are of a severity.
func (w *World) Count(s rules.Severity) (n int) {
	for _, f := range w.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}
