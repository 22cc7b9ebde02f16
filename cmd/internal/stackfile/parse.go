package stackfile

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/appia-edge/appia/rules"
)

// parse makes the tree. Where the text is no YAML it mends what is plain to see, line by line, and tries again.
func (f *File) parse() {
	err := f.unmarshal(f.lines)
	if err == nil {
		return
	}
	mended := f.mendQuotes()
	if mended != nil {
		if err = f.unmarshal(mended); err == nil {
			f.fixed = true
			return
		}
	}
	f.tellBroken(err)
}

func (f *File) unmarshal(lines [][]byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(bytes.Join(lines, []byte("\n")), &document); err != nil {
		return err
	}
	if len(document.Content) == 1 && document.Content[0].Kind == yaml.MappingNode {
		f.root = document.Content[0]
		return nil
	}
	f.root = &yaml.Node{Kind: yaml.MappingNode} // docker's loader says what is missing
	return nil
}

// closedEarly is a list's item whose first quotes close before the line ends:
//
//   - "traefik.frontend.rule=Host:a.com";PathPrefixStrip:/v2"
var closedEarly = regexp.MustCompile(`^(\s*-\s*)"([^"\\]*)"([^\s"#][^"\\]*?)"?(\s*(?:\s#.*)?)$`)

// mendQuotes tells of each such line, and is the lines without those quotes; nil: there are none.
func (f *File) mendQuotes() [][]byte {
	var mended [][]byte
	for i, line := range f.lines {
		parts := closedEarly.FindSubmatch(line)
		if parts == nil {
			continue
		}
		if mended == nil {
			mended = slices.Clone(f.lines)
		}
		value := string(parts[2]) + string(parts[3])
		name, _, _ := strings.Cut(string(parts[2]), "=")
		at := Place{i + 1, len(parts[1]) + 1 + len(parts[2]) + 2}
		f.tell(at, rules.Diagnostic{
			Label: name, Value: shown(name, strings.TrimPrefix(value, name+"=")), Code: QuoteInside, Severity: rules.Error,
			Suggestion: `- "` + name + "=" + shown(name, strings.TrimPrefix(value, name+"=")) + `"`,
			Message:    "the quote in the middle of the line closes the value there, and YAML allows nothing after it: docker refuses the whole file",
		})
		mended[i] = slices.Concat(parts[1], []byte(`"`+value+`"`), parts[4])
	}
	return mended
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n\s*)?line (\d+): `)

// tellBroken says where the parser gave up, and why as far as the line shows it.
func (f *File) tellBroken(err error) {
	text, at := strings.TrimPrefix(err.Error(), "yaml: "), Place{}
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		at.Line, _ = strconv.Atoi(found[1])
		text = err.Error()[len(found[0]):]
	}
	at, why, suggestion := f.culprit(at)
	f.tell(at, rules.Diagnostic{
		Code: BrokenYAML, Severity: rules.Error, Suggestion: suggestion,
		Message: "the file is not YAML here or shortly before: " + strings.TrimSpace(text) + why,
	})
}

// culprit looks at the lines around the one where the parser gave up for the usual mistakes. The parser's line is where
// the block with the mistake begins, or the one before or after it.
func (f *File) culprit(at Place) (place Place, why, suggestion string) {
	for number := max(at.Line-1, 1); number <= at.Line+2; number++ {
		line := f.Line(number)
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		value := strings.TrimSpace(line)
		switch {
		case strings.Contains(indent, "\t"):
			return Place{number, 1 + strings.Index(indent, "\t")}, "; a tab indents the line, and YAML allows only spaces there", ""
		case strings.HasPrefix(value, "- !"), strings.Contains(value, ": !"):
			at := strings.Index(line, "!")
			return Place{number, at + 1}, "; a value that begins with ! needs quotes around it", line[:at] + strconv.Quote(line[at:])
		case strings.HasPrefix(value, "- ") && strings.Count(value, `"`) == 1:
			return Place{number, 1 + strings.Index(line, `"`)}, "; the line has one quote only", strings.TrimSpace(strings.Replace(line, `"`, "", 1))
		}
	}
	return at, "", ""
}

func (f *File) tell(at Place, d rules.Diagnostic) {
	f.Problems = append(f.Problems, Problem{at, d})
}

func (f *File) sortProblems() {
	slices.SortStableFunc(f.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
