package labels

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A draft is what a segment's labels have said so far, the defaults first.
type draft struct {
	notes   *notebook
	segment string // "" for the default segment
	options Options
	labels  map[string]entry // all of the segment's, by full name without the segment
	names   []string         // of these, in order, so that the same labels always tell the same
	refused bool             // the segment is not served: something told as an Error

	enabled bool
	tags    []string

	port       int // 0: none given
	scheme     string
	weight     int
	perService bool
	backend    string
	domain     string
	network    entry

	rule        entry
	entryPoints []string
	priority    int
	passHost    bool

	proxyProtocol int // of the header that endpoints of TCP get; 0: none

	vip       bool
	balance   rules.Balance
	sticks    bool
	oldSticky bool
	sticky    rules.Sticky
	check     rules.Check
	maxConn   *int64
	presence  rules.Presence
	extractor entry

	guards        guards
	redirect      redirection
	headers       rules.Headers
	cert          rules.ClientCert
	filters       []rules.Filter // of traffic; routeFilters has them all
	rateExtractor entry
	rates         map[string]*rateSet // by name
	pages         map[string]*pageSet // by name
	buffering     *rules.Buffering    // nil: off
}

func newDraft(segment string, labels map[string]entry, o Options, notes *notebook) *draft {
	d := &draft{notes: notes, segment: segment, options: o, labels: labels, enabled: o.ExposedByDefault, domain: o.Domain, passHost: true}
	d.names = slices.Sorted(maps.Keys(labels))
	d.scheme, d.weight = "http", 1
	d.check = rules.Check{Interval: o.CheckInterval, Timeout: 5 * time.Second, Rise: 1, Fall: 1}
	if d.check.Interval <= 0 {
		d.check.Interval = 30 * time.Second
	}
	return d
}

func (d *draft) applyAll() {
	for _, name := range d.names {
		d.apply(d.labels[name])
	}
}

func (d *draft) apply(e entry) {
	switch {
	case e.emptyLock():
		return // told by shutEmpty, which knows whether there is another
	case e.row.state == lock:
		d.guard(e)
		return
	}
	if e.value != e.written {
		d.warn(e, rules.StrayQuotes, "quotes around the value are not part of it and were removed", "")
	}
	e.row.set.apply(d, e)
}

// guard keeps a route closed whose lock is misspelled: better no answer than one that anybody may read.
func (d *draft) guard(e entry) {
	message := "this is no label of Traefik 1.x, but looks like one that protects; the route is not served, lest it be open to anybody" + unseen(e.name)
	suggestion := e.meant
	if e.code == ValueInName {
		message = "written so, this protection protects nothing; the route is not served, lest it be open to anybody"
		suggestion = e.assignment()
	}
	d.refuse(e, ProtectionNotServed, message, suggestion)
}

// locked reports whether any label, rightly spelled or not, is to keep somebody out.
func (d *draft) locked() bool {
	for _, e := range d.labels {
		if e.row.guards || e.row.state == lock {
			return true
		}
	}
	return false
}

// lock is the first label, by name, that is to keep somebody out; nil: none is, or they are switched off.
func (d *draft) lock() *entry {
	for _, name := range d.names {
		e := d.labels[name]
		if on, err := strconv.ParseBool(e.value); (e.row.guards || e.row.state == lock) && (err != nil || on) {
			return &e
		}
	}
	return nil
}

// first is the first label, by name, that begins like this and has a value.
func (d *draft) first(start string) (entry, bool) {
	for _, name := range d.names {
		if strings.HasPrefix(name, start) && d.labels[name].value != "" && d.labels[name].row.state == served {
			return d.labels[name], true
		}
	}
	return entry{}, false
}

// idle tells of labels that begin like this: they need the missing one, and have no effect.
func (d *draft) idle(start, missing string) {
	if _, ok := d.labels[missing]; ok {
		return
	}
	for _, name := range d.names {
		if strings.HasPrefix(name, start) {
			d.warn(d.labels[name], WithoutEffect, "no effect without "+missing, "")
		}
	}
}

func (d *draft) tell(note rules.Diagnostic) { d.notes.add(d.segment, note) }

// warn tells that a label has no effect, or not the written one.
func (d *draft) warn(e entry, code, message, suggestion string) {
	note := about(e, rules.Warning, code, message)
	note.Suggestion = suggestion
	d.tell(note)
}

// refuse tells why the segment is not served.
func (d *draft) refuse(e entry, code, message, suggestion string) {
	note := about(e, rules.Error, code, message)
	note.Suggestion = suggestion
	d.tell(note)
	d.refused = true
}
