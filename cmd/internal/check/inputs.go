package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/appia-edge/appia/cmd/internal/stackfile"
	"github.com/appia-edge/appia/discovery/snapshot"
)

// inputs are what the arguments name, read.
type inputs struct {
	stacks    []*stack
	recording *snapshot.Swarm // nil: none
	path      string          // the recording's
	hidden    map[string]bool // labels whose values the recording keeps to itself
	order     map[string]int
	names     map[string]int  // stacks of each name so far
	seen      map[string]bool // paths of files, however they were written
	frozen    map[string]string
	words     int // how many words stand for variables, in all files
}

// A stack is a stack file with the name that it would be deployed by.
type stack struct {
	name     string
	path     string
	folder   string
	file     *stackfile.File
	external []string          // networks that it leaves to others to make
	frozen   map[string]string // words that stand for variables in its labels
}

// stdin is what "-" is called in findings.
const stdin = "<stdin>"

func gather(o Options) (*inputs, error) {
	in := &inputs{order: map[string]int{}, names: map[string]int{}, seen: map[string]bool{}, frozen: map[string]string{}}
	for _, argument := range o.Paths {
		if err := in.add(o, argument); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// add reads an argument: a file, a folder, "-", or any of these with a stack's name in front, as in NAME=FILE.
func (in *inputs) add(o Options, argument string) error {
	if argument == "-" {
		if _, twice := in.order[stdin]; twice {
			return errors.New("standard input is given twice; it can be read once")
		}
		text, err := io.ReadAll(o.Stdin)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		return in.take(o, "stdin", stdin, text)
	}
	name, path := "", argument
	if _, err := os.Stat(argument); err != nil {
		if before, after, found := strings.Cut(argument, "="); found && before != "" {
			name, path = stackName(before), after
		}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, withoutPath(err))
	case info.IsDir():
		return in.addFolder(o, path)
	}
	return in.addFile(o, name, path)
}

// addFolder reads every stack file of a folder, but not of those in it.
func (in *inputs) addFolder(o Options, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", folder, withoutPath(err))
	}
	found := false
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yml" && ext != ".yaml" {
			continue
		}
		found = true
		if err := in.addFile(o, "", filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s: there is no *.yml and no *.yaml in this folder", folder)
	}
	return nil
}

func (in *inputs) addFile(o Options, name, path string) error {
	if in.seen[filepath.Clean(path)] {
		return fmt.Errorf("%s: this file is given twice; once is enough", path)
	}
	in.seen[filepath.Clean(path)] = true
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, withoutPath(err))
	}
	if name == "" {
		name = nameOf(path)
	}
	return in.take(o, name, path, text)
}

func (in *inputs) take(o Options, name, path string, text []byte) error {
	in.order[path] = len(in.order)
	if recorded, ok := readRecording(text); ok {
		if in.recording != nil {
			return fmt.Errorf("%s: there is a recording already, %s; one swarm is looked at at a time", path, in.path)
		}
		in.recording, in.path = recorded, path
		in.hidden = reveal(recorded)
		return nil
	}
	if in.names[name]++; in.names[name] > 1 {
		name = fmt.Sprintf("%s-%d", name, in.names[name])
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	file := stackfile.Parse(text, o.Lookup)
	s := &stack{name: name, path: path, folder: folder, file: file}
	if o.Freeze {
		s.frozen = file.Freeze(in.words)
		in.words += len(s.frozen)
		maps.Copy(in.frozen, s.frozen)
	}
	in.stacks = append(in.stacks, s)
	return nil
}

// readRecording reads what appia snapshot prints. A stack file may be JSON too, but its services are no list.
func readRecording(text []byte) (*snapshot.Swarm, bool) {
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		return nil, false
	}
	recorded := &snapshot.Swarm{}
	if err := json.Unmarshal(text, recorded); err != nil {
		return nil, false
	}
	return recorded, recorded.Cluster != "" || recorded.Networks != nil || recorded.Services != nil
}

// commonNames are those that say nothing: then the folder's counts, as for docker compose.
var commonNames = []string{"stack", "compose", "docker-compose", "docker-stack", "docker-swarm", "swarm", "docker-cloud"}

// nameOf is the name that a file's stack most likely has.
func nameOf(path string) string {
	base := filepath.Base(path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if slices.Contains(commonNames, strings.ToLower(base)) {
		if whole, err := filepath.Abs(path); err == nil {
			base = filepath.Base(filepath.Dir(whole))
		}
	}
	return stackName(base)
}

// stackName is a text as far as docker allows it in the name of a stack.
func stackName(text string) string {
	name := strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return '-'
	}, text)
	if name = strings.Trim(name, "-_"); name == "" {
		return "stack"
	}
	return name
}

// withoutPath is why a file could not be read: the path, and what was tried with it, are said already.
func withoutPath(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
