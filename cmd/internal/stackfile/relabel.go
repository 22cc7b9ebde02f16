package stackfile

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// Freeze puts a word in the place of each variable in labels, so that they can be read and written without knowing what
// docker will fill in. It tells which word stands for what; first is the number of the first. Where a number belongs the word is
// one, which no line of the file has.
func (f *File) Freeze(first int) map[string]string {
	frozen := map[string]string{}
	for _, s := range f.Services {
		for _, l := range s.Labels {
			if l.node == nil || !strings.Contains(l.node.Value, "$") {
				continue
			}
			_, value, _ := strings.Cut(l.node.Value, l.Name+"=")
			numeric := takesNumber(l.Name) && variable.FindString(l.node.Value) == cmp.Or(value, l.node.Value)
			l.node.Value = variable.ReplaceAllStringFunc(l.node.Value, func(found string) string {
				if found == "$$" || found == "$" {
					return found
				}
				word := fmt.Sprintf("appiavariable%dx", first+len(frozen))
				if numeric {
					word = f.unusedNumber(frozen, found)
				}
				frozen[word] = found
				return word
			})
			f.fixed = true
		}
	}
	return frozen
}

// takesNumber reports whether a label's value is a number that both dialects write the same.
func takesNumber(name string) bool {
	name = strings.ToLower(name)
	last := name[strings.LastIndexByte(name, '.')+1:]
	return (last == "port" || last == "weight" || last == "priority") && !strings.Contains(name, ".middlewares.")
}

// unusedNumber stands for a variable, the same for the same one: two ports that are one stay one.
func (f *File) unusedNumber(frozen map[string]string, found string) string {
	for n := 64999; ; n-- {
		word := strconv.Itoa(n)
		if other, taken := frozen[word]; taken && other == found || !taken && !bytes.Contains(f.Text, []byte(word)) {
			return word
		}
	}
}

// Relabel is the text with other labels for routers in a service's deploy.labels, "name=value" each; labels for others
// stay, and so do comments. Labels that do not stand one a line under their own service are its error.
func (f *File) Relabel(service string, labels []string) error {
	s := f.Service(service)
	if s == nil {
		return fmt.Errorf("there is no service %s", service)
	}
	var old []int
	for _, l := range s.Labels {
		if prefix, _ := snapshot.Prefix(l.Name); prefix == "" {
			continue
		}
		if !f.ownLine(s, l) {
			return fmt.Errorf("line %d: the labels of %s do not stand one a line, or are shared with another service; write them by hand", l.Place.Line, service)
		}
		old = append(old, l.Place.Line)
	}
	if len(old) == 0 {
		return fmt.Errorf("%s has no label for a router", service)
	}
	f.replace(old, labels)
	return nil
}

// ownLine reports whether a label is all of its line, between deploy.labels and what comes next.
func (f *File) ownLine(s *Service, l Label) bool {
	if l.Place.Line <= s.LabelsPlace.Line {
		return false
	}
	var whole yaml.Node
	line := strings.TrimSpace(f.Line(l.Place.Line))
	if err := yaml.Unmarshal([]byte(line), &whole); err != nil || len(whole.Content) != 1 {
		return false
	}
	var name string
	switch n := whole.Content[0]; {
	case n.Kind == yaml.SequenceNode && len(n.Content) == 1 && n.Content[0].Kind == yaml.ScalarNode:
		name, _, _ = strings.Cut(n.Content[0].Value, "=")
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode && n.Content[1].Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0:
		name = n.Content[0].Value
	}
	return name == l.Name
}

// replace puts labels in the form that is there, a list or a mapping, where the first of the old ones stood.
func (f *File) replace(old []int, labels []string) {
	first := f.Line(old[0])
	indent := first[:len(first)-len(strings.TrimLeft(first, " "))]
	isList := strings.HasPrefix(strings.TrimSpace(first), "-")
	if f.edits == nil {
		f.edits = map[int][]byte{}
	}
	for _, number := range old {
		f.edits[number] = nil
	}
	for _, l := range labels {
		f.edits[old[0]] = append(f.edits[old[0]], []byte(indent+written(l, isList)+"\n")...)
	}
	f.Text = f.edited()
}

// edited is the text with all edits; places go by the lines as they were.
func (f *File) edited() []byte {
	var text []byte
	for i, line := range f.lines {
		instead, edited := f.edits[i+1]
		switch {
		case edited:
			text = append(text, instead...)
		case i == len(f.lines)-1:
			text = append(text, line...)
		default:
			text = append(append(text, line...), '\n')
		}
	}
	return text
}

func written(label string, isList bool) string {
	if isList {
		return "- " + strconv.Quote(label)
	}
	name, value, _ := strings.Cut(label, "=")
	return name + ": " + strconv.Quote(value)
}
