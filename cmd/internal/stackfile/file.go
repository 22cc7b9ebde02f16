// Package stackfile reads a compose file for where everything stands in it, and for mistakes of writing that docker's own
// loader is silent on, or gives up at without saying where.
//
// What a stack means is for docker's loader to say. This package is pure: text in, places and problems out.
package stackfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/appia-edge/appia/rules"
)

// A File is a stack file as it is written.
type File struct {
	Text     []byte
	Services []*Service // in the order of the file
	Problems []Problem  // of writing, in the order of the file

	lines [][]byte
	edits map[int][]byte // what Relabel puts in the place of lines; nil: nothing
	root  *yaml.Node     // nil: not YAML at all
	fixed bool           // something in root is not as in Text
}

// A Place is a line and a column of a file, from 1; the zero Place is the file as a whole.
type Place struct{ Line, Column int }

// A Problem is a mistake with its place. Its Service is the one of the file, without a stack's name.
type Problem struct {
	Place
	rules.Diagnostic
}

// A Service is one of a stack's services.
type Service struct {
	Name      string
	Place     Place
	Image     string
	Labels    []Label // under deploy.labels, which routers read
	Container []Label // under labels, where no router looks

	LabelsPlace    Place // of deploy.labels
	ContainerPlace Place
	NetworksPlace  Place
	CommandPlace   Place
}

// A Label is a label with its value as it is written, before docker fills in variables.
type Label struct {
	Name, Value string
	Place       Place

	node *yaml.Node // that holds the value
}

// The codes of problems.
const (
	BrokenYAML     = "broken-yaml"
	QuoteInside    = "quote-inside-value"
	LabelIsMapping = "label-is-mapping"
	LabelNotText   = "label-not-text"
	TwiceThere     = "key-twice"
	SingleDollar   = "single-dollar"
	UnsetVariable  = "unset-variable"
	MoreDocuments  = "more-documents"
)

// Codes lists the codes of this package.
func Codes() []rules.CodeDoc {
	return []rules.CodeDoc{
		{Code: BrokenYAML, Doc: "The file is not YAML; nothing after the line can be trusted."},
		{Code: QuoteInside, Doc: "A quote in the middle of a line ends the value there, and YAML allows nothing after it."},
		{Code: LabelIsMapping, Doc: "In a list of labels a colon and a space make a mapping of an item; name and value are joined by =."},
		{Code: LabelNotText, Doc: "A label's value is neither text nor a number: quotes are missing."},
		{Code: TwiceThere, Doc: "A key or a label stands there twice."},
		{Code: SingleDollar, Doc: "Docker takes a single $ for the beginning of a variable and removes it with what follows; a $ of one's own is written $$."},
		{Code: UnsetVariable, Doc: "The value holds a variable that is not set where this is run; docker puts nothing in its place, or refuses the file."},
		{Code: MoreDocuments, Doc: "The file holds several documents, of which docker looks at the first alone."},
	}
}

// Parse reads a file. lookup finds the variables of the environment that docker would fill in.
func Parse(text []byte, lookup func(name string) (value string, set bool)) *File {
	f := &File{Text: text, lines: bytes.Split(text, []byte("\n"))}
	f.parse()
	if f.root == nil {
		return f
	}
	f.readServices()
	f.findDollars(lookup)
	f.sortProblems()
	return f
}

// Line is a line's text, from 1; "" where it is none.
func (f *File) Line(number int) string {
	if number < 1 || number > len(f.lines) {
		return ""
	}
	line := strings.TrimRight(string(f.lines[number-1]), "\r")
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f || c == utf8.RuneError }) {
		return "" // it would say something else on a terminal
	}
	return strings.TrimPrefix(line, "\ufeff")
}

// Mended is the text to give to docker's loader: without the mistakes that are told already, so that they do not hide
// the others. ok is false when the file cannot be read at all.
func (f *File) Mended() (text []byte, ok bool) {
	switch {
	case f.root == nil:
		return nil, false
	case !f.fixed:
		return f.Text, true
	}
	text, err := yaml.Marshal(f.root)
	return text, err == nil
}

// Without takes out of what Mended gives what stands at a path such as services.web.deploy.replicas.
func (f *File) Without(path string) (removed bool) {
	n := f.root
	for n != nil {
		next, rest, ok := step(n, path)
		if !ok {
			return false
		}
		if rest == "" {
			removed = drop(n, next, deep)
			f.fixed = f.fixed || removed
			return removed
		}
		n, path = followed(next.value), rest
	}
	return false
}

// drop takes a pair out of a mapping, or an item out of a list. What a mapping has by merging is the other's: it is dropped there.
func drop(n *yaml.Node, p pair, depth int) (dropped bool) {
	width := 2
	if n.Kind == yaml.SequenceNode {
		width = 1
	}
	for i := 0; i < len(n.Content); i += width {
		switch {
		case n.Content[i] == p.key:
			n.Content = append(n.Content[:i:i], n.Content[i+width:]...)
			return true
		case width == 2 && n.Content[i].Tag == "!!merge":
			merged := followed(n.Content[i+1])
			for _, m := range append([]*yaml.Node{merged}, sequence(merged)...) {
				if m = followed(m); m != nil && m.Kind == yaml.MappingNode && depth > 0 && drop(m, p, depth-1) {
					return true
				}
			}
		}
	}
	return false
}

func sequence(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// Service finds a service by its name.
func (f *File) Service(name string) *Service {
	for _, s := range f.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Label finds a label by its name; of two the last counts, as for docker.
func (s *Service) Label(name string) (Label, bool) {
	for i := len(s.Labels) - 1; i >= 0; i-- {
		if s.Labels[i].Name == name {
			return s.Labels[i], true
		}
	}
	return Label{}, false
}
