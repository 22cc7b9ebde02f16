package stackfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// Docker fills in variables before anything else looks at a value: $NAME and ${NAME} become what the environment says, or
// nothing, and $$ becomes $. A hash out of an htpasswd file is full of dollars, and docker eats it in silence.

// hash is the beginning of a password's hash.
var hash = regexp.MustCompile(`\$(?:apr1|2[abxy]?|1|5|6|y|argon2[a-z]*)\$`)

// variable is what docker takes for one, or for the beginning of one.
var variable = regexp.MustCompile(`\$(?:(\$)|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)(:?[-?][^}]*)?\}|)`)

func (f *File) findDollars(lookup func(string) (string, bool)) {
	for _, s := range f.Services {
		for _, l := range slices.Concat(s.Labels, s.Container) {
			f.checkHash(s.Name, l)
		}
	}
	for _, section := range []string{"services", "networks", "volumes", "secrets", "configs"} {
		d := dollars{file: f, lookup: lookup}
		d.section(section, child(f.root, section))
	}
}

// checkHash tells of a hash whose dollars are not doubled, and doubles them for what comes after.
func (f *File) checkHash(service string, l Label) {
	if l.node == nil || !hash.MatchString(strings.ReplaceAll(l.node.Value, "$$", "\x00\x00")) {
		return
	}
	first := hash.FindString(l.node.Value)
	f.tell(l.Place, rules.Diagnostic{
		Service: service, Label: l.Name, Value: shown(l.Name, l.Value), Code: SingleDollar, Severity: rules.Error,
		Message: fmt.Sprintf("docker takes each single $ for the beginning of a variable and removes it with what follows, so the hash arrives broken "+
			"and nobody can log in; double every one of them: %s becomes %s", first, strings.ReplaceAll(first, "$", "$$")),
	})
	l.node.Value = doubled(l.node.Value)
	f.fixed = true
}

// doubled is a text whose single dollars are written twice.
func doubled(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "$$", "$"), "$", "$$")
}

// dollars looks for variables in a section of the file.
type dollars struct {
	file    *File
	lookup  func(string) (string, bool)
	service string
	label   string
}

func (d *dollars) section(name string, n *yaml.Node) {
	if n == nil {
		return
	}
	for _, p := range pairs(n) {
		if name == "services" {
			d.service = p.key.Value
		}
		d.walk(p.value, 0)
	}
}

func (d *dollars) walk(n *yaml.Node, depth int) {
	switch {
	case depth > 100, n == nil, n.Kind == yaml.AliasNode: // told where the anchor is
	case n.Kind == yaml.ScalarNode:
		d.scalar(n)
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			d.label = n.Content[i].Value
			d.walk(n.Content[i+1], depth+1)
		}
	default:
		for _, c := range n.Content {
			d.label = ""
			d.walk(c, depth+1)
		}
	}
}

func (d *dollars) scalar(n *yaml.Node) {
	if !strings.Contains(n.Value, "$") {
		return
	}
	fixed := variable.ReplaceAllStringFunc(n.Value, func(found string) string {
		parts := variable.FindStringSubmatch(found)
		switch name := parts[2] + parts[3]; {
		case parts[1] != "":
			return found
		case name == "":
			d.tell(n, SingleDollar, rules.Error, "docker takes a single $ for the beginning of a variable, and this one begins none; write $$")
			return "$$"
		default:
			return d.named(n, found, name, parts[4])
		}
	})
	if fixed != n.Value {
		n.Value = fixed
		d.file.fixed = true
	}
}

// named tells of a variable that is not set, and is what to leave in its place.
func (d *dollars) named(n *yaml.Node, found, name, otherwise string) string {
	value, set := d.lookup(name)
	empty := strings.HasPrefix(otherwise, ":") && value == ""
	switch {
	case set && !empty, strings.Contains(otherwise[:min(2, len(otherwise))], "-"):
		return found
	case otherwise != "":
		d.tell(n, UnsetVariable, rules.Error, fmt.Sprintf("the variable %s must be set, and is not: docker refuses the file", name))
		return name
	}
	d.tell(n, UnsetVariable, rules.Warning, fmt.Sprintf("the variable %s is not set here, so that nothing stands in its place", name))
	return found
}

// tell names the label where the value is one's. The value itself may be a secret's.
func (d *dollars) tell(n *yaml.Node, code string, severity rules.Severity, message string) {
	label := d.label
	if name, _, found := strings.Cut(n.Value, "="); found && label == "" {
		label = name
	}
	if prefix, _ := snapshot.Prefix(label); prefix == "" {
		label = ""
	}
	problem := Problem{placeOf(n), rules.Diagnostic{Service: d.service, Label: label, Code: code, Severity: severity, Message: message}}
	if !slices.Contains(d.file.Problems, problem) {
		d.file.Problems = append(d.file.Problems, problem)
	}
}
