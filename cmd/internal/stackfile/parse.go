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
	f.tellDocuments(lines)
	if len(document.Content) == 1 && document.Content[0].Kind == yaml.MappingNode {
		f.root = document.Content[0]
		return nil
	}
	f.root = &yaml.Node{Kind: yaml.MappingNode} // docker's loader says what is missing
	return nil
}

// tellDocuments tells of what stands behind the first document of a file: docker does not look at it.
func (f *File) tellDocuments(lines [][]byte) {
	d := yaml.NewDecoder(bytes.NewReader(bytes.Join(lines, []byte("\n"))))
	var first, second yaml.Node
	if d.Decode(&first) != nil || d.Decode(&second) != nil || len(second.Content) == 0 || second.Content[0].Tag == "!!null" {
		return
	}
	f.tell(placeOf(second.Content[0]), rules.Diagnostic{Code: MoreDocuments, Severity: rules.Error,
		Message: "a second document begins here, behind ---, and docker looks at the first alone: make one file of each"})
}

// closedEarly are lines whose first quotes close before the line ends, an item of a list or a pair of a mapping:
//
//   - "traefik.frontend.rule=Host:a.com";PathPrefixStrip:/v2
var closedEarly = []struct {
	quote string
	line  *regexp.Regexp
}{
	{`"`, regexp.MustCompile(`^(\s*(?:-|[\w.-]+:)\s+)"([^"\\]*)"([^\s"#,\]}][^"\\]*?)"?(\s*(?:\s#.*)?)$`)},
	{`'`, regexp.MustCompile(`^(\s*(?:-|[\w.-]+:)\s+)'([^']*)'([^\s'#,\]}][^']*?)'?(\s*(?:\s#.*)?)$`)},
}

// mendQuotes tells of each such line, and is the lines without those quotes; nil: there are none.
func (f *File) mendQuotes() [][]byte {
	var mended [][]byte
	for i, line := range f.lines {
		for _, form := range closedEarly {
			parts := form.line.FindSubmatch(bytes.TrimRight(line, "\r"))
			if parts == nil {
				continue
			}
			if mended == nil {
				mended = slices.Clone(f.lines)
			}
			f.tellQuote(i+1, form.quote, parts)
			mended[i] = slices.Concat(parts[1], []byte(form.quote), parts[2], parts[3], []byte(form.quote), parts[4])
			break
		}
	}
	return mended
}

func (f *File) tellQuote(line int, quote string, parts [][]byte) {
	head := strings.TrimSpace(string(parts[1]))
	name, value, _ := strings.Cut(string(parts[2])+string(parts[3]), "=")
	written := func(value string) string { return head + " " + quote + name + "=" + value + quote }
	if head != "-" {
		name, value = strings.TrimSuffix(head, ":"), string(parts[2])+string(parts[3])
		written = func(value string) string { return head + " " + quote + value + quote }
	}
	f.tell(Place{line, len(parts[1]) + 1 + len(parts[2]) + 2}, rules.Diagnostic{
		Label: name, Value: shown(name, value), Code: QuoteInside, Severity: rules.Error, Suggestion: written(shown(name, value)),
		Message: "the quote in the middle of the line closes the value there, and YAML allows nothing after it: docker refuses the whole file",
	})
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
		case strings.HasPrefix(value, "-\t"):
			return Place{number, 2 + strings.Index(line, "-")}, "; a tab stands behind the dash, and YAML allows only spaces there", strings.Replace(value, "\t", " ", 1)
		case strings.HasPrefix(value, "- !"), strings.Contains(value, ": !"):
			at := strings.Index(line, "!")
			return Place{number, at + 1}, "; a value that begins with ! needs quotes around it", line[:at] + strconv.Quote(line[at:])
		case strings.HasPrefix(value, "- ") && strings.Count(value, `"`) == 1:
			return Place{number, 1 + strings.Index(line, `"`)}, "; the line has one quote only", strings.TrimSpace(strings.Replace(line, `"`, "", 1))
		}
	}
	if bytes.IndexByte(f.Text, 0) >= 0 {
		why = "; it has bytes that no text has"
	}
	return at, why, ""
}

func (f *File) tell(at Place, d rules.Diagnostic) {
	f.Problems = append(f.Problems, Problem{at, d})
}

func (f *File) sortProblems() {
	slices.SortStableFunc(f.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
