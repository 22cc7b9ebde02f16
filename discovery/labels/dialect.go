package labels

import (
	"slices"
	"strings"
)

// A dialect is a language of labels: all its rows, in the order in which docs/labels.md lists them.
type dialect struct {
	prefix string
	rows   []row
}

// A row is one label of a dialect: how it is called, what it means, and what to do with its value.
type row struct {
	name      string // without the dialect's prefix; <name> stands for one word, a final * for anything
	scope     scope
	state     state
	set       setter // for served rows
	help      string // what it means, in a clause
	byDefault string // what holds without it
	bad       string // what a value that can't be used costs
	guards    bool   // it keeps somebody out, out of clear text too, or false certificates: a misspelled one closes its route
}

// A scope says where a label may stand: for the whole service, or for one of its segments.
type scope uint8

const (
	whole    scope = iota // traefik.NAME only
	anywhere              // traefik.NAME, and traefik.<segment>.NAME
	inside                // traefik.<segment>.NAME only
)

// A state says what becomes of a label.
type state uint8

const (
	served  state = iota
	lacking       // Traefik 1.x has it, we don't yet: it has no effect
	lock          // no label of Traefik 1.x, but meant to protect something: the route is not served
	idle          // Traefik 1.x knows the name and does nothing with it
)

var dialects = []*dialect{&traefik1, &appia}

// locks are a dialect's rows that keep somebody out, by its prefix.
var locks = findLocks(dialects)

func findLocks(dialects []*dialect) map[string][]row {
	found := map[string][]row{}
	for _, d := range dialects {
		found[d.prefix] = slices.DeleteFunc(slices.Clone(d.rows), func(r row) bool { return !r.guards && r.state != lock })
	}
	return found
}

// byName finds rows by their full name, families holds those whose name is a pattern.
var byName, families = index(dialects)

func index(dialects []*dialect) (byName map[string]*row, families []family) {
	byName = map[string]*row{}
	for _, d := range dialects {
		for i := range d.rows {
			name := d.prefix + d.rows[i].name
			byName[name] = &d.rows[i]
			if strings.ContainsAny(name, "<*") {
				families = append(families, family{name, &d.rows[i]})
			}
		}
	}
	return byName, families
}

// A family is a row that many names fit.
type family struct {
	pattern string
	row     *row
}

// dialectOf is the dialect that a label of this name is written in, rightly or wrongly, or nil.
func dialectOf(name string) *dialect {
	for _, d := range dialects {
		if strings.HasPrefix(name, d.prefix) {
			return d
		}
	}
	return nil
}

// rowOf finds the row for a label's full name, without a segment, or nil.
func rowOf(name string) *row {
	if row, ok := byName[name]; ok {
		return row
	}
	for _, f := range families {
		if fits(f.pattern, name) {
			return f.row
		}
	}
	return nil
}

// fits reports whether a name is of a pattern's form: anything for a final *, one word for <name>.
func fits(pattern, name string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, start) && len(name) > len(start)
	}
	before, after, _ := strings.Cut(pattern, "<name>")
	word, starts := strings.CutPrefix(name, before)
	word, ends := strings.CutSuffix(word, after)
	return starts && ends && word != "" && !strings.ContainsAny(word, ". ")
}
