package stackfile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/appia-edge/appia/rules"
)

// deep is how many aliases and merges are followed one into another, and many how many in all: files in use have one or two,
// and a mapping may merge itself.
const (
	deep = 8
	many = 1000
)

func placeOf(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// followed is the node that an alias stands for.
func followed(n *yaml.Node) *yaml.Node {
	for range deep {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// A pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs are a mapping's, those of merged mappings (<<: *common) before its own, which override them.
func pairs(n *yaml.Node) []pair {
	left := many
	return pairsWithin(n, deep, &left)
}

func pairsWithin(n *yaml.Node, depth int, left *int) (all []pair) {
	*left--
	n = followed(n)
	if n == nil || n.Kind != yaml.MappingNode || depth == 0 || *left < 0 {
		return nil
	}
	var own []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag != "!!merge" {
			own = append(own, pair{key, value})
			continue
		}
		merged := []*yaml.Node{value}
		if list := followed(value); list != nil && list.Kind == yaml.SequenceNode {
			merged = list.Content
		}
		for _, m := range merged {
			all = append(all, pairsWithin(m, depth-1, left)...)
		}
	}
	return append(all, own...)
}

// find is the last pair of a key, which is the one that counts.
func find(n *yaml.Node, name string) (found pair, ok bool) {
	for _, p := range pairs(n) {
		if p.key.Value == name {
			found, ok = p, true
		}
	}
	return found, ok
}

// child is the value of a key, aliases followed; nil: there is none.
func child(n *yaml.Node, name string) *yaml.Node {
	p, ok := find(n, name)
	if !ok {
		return nil
	}
	return followed(p.value)
}

func (f *File) readServices() {
	f.tellTwins(f.root, 0)
	for _, p := range pairs(child(f.root, "services")) {
		f.Services = append(f.Services, f.readService(p))
	}
}

func (f *File) readService(p pair) *Service {
	s := &Service{Name: p.key.Value, Place: placeOf(p.key)}
	if image := child(p.value, "image"); image != nil {
		s.Image = image.Value
	}
	for name, place := range map[string]*Place{"networks": &s.NetworksPlace, "command": &s.CommandPlace, "labels": &s.ContainerPlace} {
		if found, ok := find(p.value, name); ok {
			*place = placeOf(found.key)
		}
	}
	deploy := child(p.value, "deploy")
	if found, ok := find(deploy, "labels"); ok {
		s.LabelsPlace = placeOf(found.key)
	}
	s.Labels = f.readLabels(s.Name, child(deploy, "labels"))
	s.Container = f.readLabels(s.Name, child(p.value, "labels"))
	return s
}

// readLabels reads both forms, - name=value and name: value.
func (f *File) readLabels(service string, n *yaml.Node) (list []Label) {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.MappingNode {
		for _, p := range pairs(n) {
			f.checkValue(service, p)
			list = append(list, Label{Name: p.key.Value, Value: valueOf(p.value), Place: placeOf(p.key), node: followed(p.value)})
		}
		return list
	}
	for i, item := range n.Content {
		place := placeOf(item)
		if text := f.unmapped(service, item); text != nil {
			item, n.Content[i] = text, text
		}
		name, value, _ := strings.Cut(valueOf(item), "=")
		label := Label{Name: name, Value: value, Place: place, node: followed(item)}
		f.checkTwin(service, list, label)
		list = append(list, label)
	}
	return list
}

func valueOf(n *yaml.Node) string {
	if n = followed(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// unmapped tells of - name: value, which YAML takes for a mapping, and is the item as it was meant; nil: it is none.
func (f *File) unmapped(service string, item *yaml.Node) *yaml.Node {
	if item.Kind != yaml.MappingNode || len(item.Content) != 2 {
		return nil
	}
	name, value := item.Content[0].Value, valueOf(item.Content[1])
	meant := name + "=" + value
	if strings.Contains(name, "=") {
		meant = name + ": " + value
	}
	head, rest, _ := strings.Cut(meant, "=")
	f.tell(placeOf(item), rules.Diagnostic{
		Service: service, Label: head, Value: shown(head, rest), Code: LabelIsMapping, Severity: rules.Error,
		Message:    "in a list, a colon and a space make a mapping of the label, and docker refuses the whole file; with quotes around it, or = in their place, it is one",
		Suggestion: "- " + head + "=" + shown(head, rest),
	})
	f.fixed = true
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: meant, Style: yaml.DoubleQuotedStyle, Line: item.Line, Column: item.Column}
}

// checkValue tells of a value that docker's loader refuses: true and false without quotes, a list, a mapping.
func (f *File) checkValue(service string, p pair) {
	value := followed(p.value)
	if value == nil || value.Kind == yaml.ScalarNode && value.Tag != "!!bool" && value.Tag != "!!timestamp" {
		return
	}
	d := rules.Diagnostic{Service: service, Label: p.key.Value, Code: LabelNotText, Severity: rules.Error,
		Message: "a label's value is text, and docker refuses the whole file for this one: put quotes around it"}
	if value.Kind == yaml.ScalarNode {
		d.Value, d.Suggestion = value.Value, fmt.Sprintf("%s: %q", p.key.Value, value.Value)
		value.Tag, value.Style = "!!str", yaml.DoubleQuotedStyle
	} else {
		*value = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Line: value.Line, Column: value.Column}
	}
	f.tell(placeOf(p.key), d)
	f.fixed = true
}

func (f *File) checkTwin(service string, before []Label, l Label) {
	for _, other := range before {
		if other.Name == l.Name && l.Name != "" {
			f.tell(l.Place, rules.Diagnostic{
				Service: service, Label: l.Name, Value: shown(l.Name, l.Value), Code: TwiceThere, Severity: rules.Error,
				Message: fmt.Sprintf("the label stands in line %d too; this one counts, and that one has no effect", other.Place.Line),
			})
			return
		}
	}
}

// tellTwins tells of keys that are there twice, for which docker refuses the file, and keeps the last of them.
func (f *File) tellTwins(n *yaml.Node, depth int) {
	if depth > 100 {
		return
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			f.tellTwins(c, depth+1)
		}
		return
	}
	seen := map[string]Place{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if before, twice := seen[key.Value]; twice && key.Kind == yaml.ScalarNode {
			f.tell(placeOf(key), rules.Diagnostic{
				Label: key.Value, Code: TwiceThere, Severity: rules.Error,
				Message: fmt.Sprintf("the key stands in line %d too, and docker refuses the whole file", before.Line),
			})
			f.dropBefore(n, i)
			i -= 2
		}
		seen[key.Value] = placeOf(key)
		f.tellTwins(n.Content[i+1], depth+1)
	}
}

// dropBefore takes the earlier pair with the key at i out of a mapping.
func (f *File) dropBefore(n *yaml.Node, i int) {
	for j := 0; j < i; j += 2 {
		if n.Content[j].Value == n.Content[i].Value {
			n.Content = append(n.Content[:j:j], n.Content[j+2:]...)
			f.fixed = true
			return
		}
	}
}

// Find is the place of a path such as services.web.deploy.replicas, or of the last part of it that is there. Names may
// hold dots themselves.
func (f *File) Find(path string) (at Place, found bool) {
	n := f.root
	for path != "" && n != nil {
		next, rest, ok := step(n, path)
		if !ok {
			break
		}
		at, found = placeOf(next.key), true
		n, path = followed(next.value), rest
	}
	return at, found
}

// Has reports whether the whole of a path is there.
func (f *File) Has(path string) bool {
	n := f.root
	for n != nil {
		next, rest, ok := step(n, path)
		if !ok || rest == "" {
			return ok
		}
		n, path = followed(next.value), rest
	}
	return false
}

func step(n *yaml.Node, path string) (next pair, rest string, ok bool) {
	if n.Kind == yaml.SequenceNode {
		number, after, _ := strings.Cut(path, ".")
		var i int
		if _, err := fmt.Sscanf(number, "%d", &i); err != nil || i < 0 || i >= len(n.Content) {
			return pair{}, "", false
		}
		return pair{n.Content[i], n.Content[i]}, after, true
	}
	for _, p := range pairs(n) {
		after, found := strings.CutPrefix(path, p.key.Value)
		if found && (after == "" || after[0] == '.') {
			return p, strings.TrimPrefix(after, "."), true
		}
	}
	return pair{}, "", false
}
