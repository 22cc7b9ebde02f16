package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/appia-edge/appia/deploy/examples"
)

// A stack is a stack file with the name that it is deployed by.
type stack struct {
	name string
	path string // for messages
	text []byte
}

// The examples, and the names that acts and comments call them by.
var shown = []stack{
	{name: "blog", path: "blog.yml"},
	{name: "shop", path: "canary.yml"},
	{name: "user", path: "user-api.yml"},
}

// readStacks reads the reader's files, or the examples if there are none.
func readStacks(paths []string) ([]stack, error) {
	if len(paths) == 0 {
		return readExamples()
	}
	var stacks []stack
	taken := map[string]int{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--stack %s: %w", path, withoutPath(err))
		}
		name := stackName(path)
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, taken[name])
		}
		stacks = append(stacks, stack{name, path, text})
	}
	return stacks, nil
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
		stacks = append(stacks, stack{s.name, "deploy/examples/" + s.path, text})
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
