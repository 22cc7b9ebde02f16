package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/appia-edge/appia/deploy/examples"
)

// A stack is a stack file with the name that it is deployed by.
type stack struct {
	name string
	path string // for messages
	text []byte
	file fs.FileInfo // to tell files apart; nil for an example
}

// The examples, and the names that acts and comments call them by.
var shown = []stack{
	{name: "blog", path: "blog.yml"},
	{name: "shop", path: "canary.yml"},
	{name: "user", path: "user-api.yml"},
	{name: "cart", path: "canary-v3.yml"},
	{name: "user3", path: "user-api-v3.yml"},
}

// readStacks reads the reader's files, or the examples if there are none.
func readStacks(paths []string) ([]stack, error) {
	if len(paths) == 0 {
		return readExamples()
	}
	var stacks []stack
	taken := map[string]int{}
	for _, path := range paths {
		read, err := readStack(path)
		if err != nil {
			return nil, fmt.Errorf("--stack %s: %w", path, withoutPath(err))
		}
		if slices.ContainsFunc(stacks, func(s stack) bool { return os.SameFile(s.file, read.file) }) {
			return nil, fmt.Errorf("--stack %s: this file is given twice; once is enough", path)
		}
		if taken[read.name]++; taken[read.name] > 1 {
			read.name = fmt.Sprintf("%s-%d", read.name, taken[read.name])
		}
		stacks = append(stacks, read)
	}
	return stacks, nil
}

func readStack(path string) (s stack, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	info, err := os.Stat(path)
	return stack{name: stackName(path), path: path, text: text, file: info}, err
}

// folder is where a stack file's relative paths begin.
func (s stack) folder() string {
	folder, err := filepath.Abs(filepath.Dir(s.path))
	if err != nil {
		return filepath.Dir(s.path)
	}
	return folder
}

// withoutPath is why a file could not be read: the path, and what was tried with it, are said already.
func withoutPath(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

func readExamples() ([]stack, error) {
	var stacks []stack
	for _, s := range shown {
		text, err := examples.Files.ReadFile(s.path)
		if err != nil {
			return nil, err
		}
		stacks = append(stacks, stack{name: s.name, path: "deploy/examples/" + s.path, text: text})
	}
	return stacks, nil
}

// stackName is a file's name without its ending, as far as docker allows it in the name of a stack.
func stackName(path string) string {
	base := filepath.Base(path)
	name := strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return '-'
	}, strings.TrimSuffix(base, filepath.Ext(base)))
	if name = strings.Trim(name, "-_"); name == "" {
		return "stack"
	}
	return name
}
