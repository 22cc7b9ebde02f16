// Package stackfile reads a compose file for where everything stands in it, and for mistakes of writing that docker's own
// loader is silent on, or gives up at without saying where.
//
// What a stack means is for docker's loader to say. This package is pure: text in, places and problems out.
package stackfile

import (
	"bytes"
	"strings"

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

// Line is a line's text, from 1.
func (f *File) Line(number int) string {
	if number < 1 || number > len(f.lines) {
		return ""
	}
	return strings.TrimRight(string(f.lines[number-1]), "\r")
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

// Without takes a service out of what Mended gives.
func (f *File) Without(service string) (removed bool) {
	services := child(f.root, "services")
	for i := 0; services != nil && i+1 < len(services.Content); i += 2 {
		if services.Content[i].Value == service {
			services.Content = append(services.Content[:i:i], services.Content[i+2:]...)
			f.fixed = true
			return true
		}
	}
	return false
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
