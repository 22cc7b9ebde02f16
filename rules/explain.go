package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// An Explanation is how a table comes to its answer for a request: every route that was a candidate, in the order in which
// they are tried, with what kept it from matching.
type Explanation struct {
	Match      Match
	Candidates []Candidate
	Others     int    // routes that were left out: they are for other hosts
	Host       string // the host that was probably meant, where no route has the request's; "": none is near
}

// A Candidate is a route beside a request.
type Candidate struct {
	Route   *Route   // nil: it is not served
	Refused *Refused // then this
	Outcome Outcome
	Why     []Reason // what failed
}

// An Outcome is what became of a candidate.
type Outcome uint8

// From the route that gets the request to those that cannot.
const (
	Wins      Outcome = iota
	Later             // it matches too, and is tried later
	Fails             // it does not match
	Elsewhere         // it is served at other entry points only
	Hidden            // another route asks for the same requests and is tried first
	NotServed         // it would match, as far as it can be read, and is not served
	Copied            // it gets a copy of the message
)

// String is the outcome in a word, for machines.
func (o Outcome) String() string {
	return [...]string{"wins", "later", "fails", "elsewhere", "hidden", "refused", "copied"}[o]
}

// A Reason is a part of a rule that a request does not meet.
type Reason struct {
	Matcher string // as the rule's language spells it, "Host:api.example.com"
	Found   string // what the request has, "the request's host is api.example.org"
	host    bool   // it is about the host
}

// few is how many routes are all shown, whatever their hosts.
const few = 25

// Explain says how Match comes to its answer. With all it has every route; else, of many, only those that the request's
// host does not rule out. Routes that are not served stand where they would be tried, those that would match.
func (t *Table) Explain(entryPoint string, q *Query, all bool) Explanation {
	s := subject{q: q, host: bareHost(q.Host), strict: t.options.StrictPrefix, keep: t.options.KeepTrailingSlash}
	e := Explanation{Match: t.Match(entryPoint, q)}
	hosts, near := []string{}, false
	for _, r := range t.Routes {
		c := Candidate{Route: r, Why: r.why(s)}
		c.Outcome = e.outcome(r, entryPoint, c.Why)
		far := slices.ContainsFunc(c.Why, func(w Reason) bool { return w.host })
		near = near || !far && soleHost(r.Rule.when) != ""
		hosts = append(hosts, soleHost(r.Rule.when))
		if far && !all && len(t.Routes) > few {
			e.Others++
			continue
		}
		e.Candidates = append(e.Candidates, c)
	}
	e.addRefused(t.Refused, entryPoint, s)
	if !near && e.Match.Route == nil {
		e.Host, _ = Nearest(s.host, slices.DeleteFunc(hosts, func(h string) bool { return h == "" }))
	}
	return e
}

// addRefused puts routes that are not served among the candidates. Of a rule that cannot be read it is enough that it
// speaks of the request's host.
func (e *Explanation) addRefused(refused []Refused, entryPoint string, s subject) {
	for i := range refused {
		r := &refused[i]
		spoken := s.host != "" && strings.Contains(strings.ToLower(r.Rule.Text), strings.ToLower(s.host))
		if !slices.Contains(r.EntryPoints, entryPoint) || r.Unread && !spoken || !r.Unread && r.Rule.holds(s) == no {
			continue
		}
		e.Candidates = append(e.Candidates, Candidate{Refused: r, Outcome: NotServed})
	}
	slices.SortStableFunc(e.Candidates, func(a, b Candidate) int { return cmp.Compare(b.priority(), a.priority()) })
}

func (c Candidate) priority() int {
	if c.Route == nil {
		return c.Refused.Priority
	}
	return c.Route.Priority
}

func (e *Explanation) outcome(r *Route, entryPoint string, why []Reason) Outcome {
	switch {
	case r == e.Match.Route:
		return Wins
	case !slices.Contains(r.EntryPoints, entryPoint):
		return Elsewhere
	case len(why) > 0:
		return Fails
	case r.Shadowed:
		return Hidden
	}
	return Later
}

// why is what of a route's rule a request does not meet; nothing where it meets all of it.
func (r *Route) why(s subject) []Reason {
	if r.Rule.when == nil {
		return nil
	}
	x := explainer{s: s, of3: strings.Contains(r.Rule.Text, "(`") || strings.Contains(r.Rule.Text, `("`)}
	return x.why(r.Rule.when)
}

// An explainer looks for the parts of a condition that fail.
type explainer struct {
	s   subject
	of3 bool // spell matchers as Traefik 3 does
}

func (x explainer) why(c condition) []Reason {
	if c.holds(x.s) != no {
		return nil
	}
	if parts, ok := c.(all); ok {
		var why []Reason
		for _, part := range parts {
			why = append(why, x.why(part)...)
		}
		return why
	}
	return []Reason{{Matcher: x.spell(c), Found: x.found(c), host: aboutHost(c)}}
}

// spell is a condition in the words of its rule's language.
func (x explainer) spell(c condition) string {
	if n, ok := c.(never); ok {
		return string(n)
	}
	if !x.of3 {
		if text, ok := spell1(c); ok {
			return text
		}
	}
	w := writer3{}
	return w.write(c, false)
}

// spell1 is a part of a rule of 1.x, arguments that no request can meet behind the others.
func spell1(c condition) (string, bool) {
	either, ok := c.(anyOf)
	if !ok {
		return part1(c)
	}
	var live anyOf
	dead := ""
	for _, part := range either {
		if n, ok := part.(never); ok {
			dead += "," + string(n)
			continue
		}
		live = append(live, part)
	}
	if len(live) == 0 {
		return strings.TrimPrefix(dead, ","), dead != ""
	}
	text, ok := part1(live)
	return text + dead, ok
}

// found is what the request has where a condition looks.
func (x explainer) found(c condition) string {
	switch c := c.(type) {
	case anyOf:
		if len(c) == 0 {
			return "no request meets it"
		}
		return x.foundAny(c)
	case not:
		return "it holds, and must not"
	case hostIs, hostLike, hostMatches:
		return "the request's host is " + orNone(x.s.host)
	case pathIs, pathHas, pathExact, pathLike:
		return "the request's path is " + x.s.q.Path
	case methodIs:
		return "the request's method is " + x.s.q.Method
	case headerIs:
		return x.foundField(c.name)
	case headerLike:
		return x.foundField(c.name)
	case queryIs, queryHas:
		return "the request's query is " + orNone(x.s.q.RawQuery)
	case clientIn:
		return x.foundClient()
	}
	return "no request meets it"
}

// foundAny is what each of the alternatives found, told once.
func (x explainer) foundAny(alternatives anyOf) string {
	var found []string
	for _, c := range alternatives {
		if text := x.found(c); !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return strings.Join(found, "; ")
}

func (x explainer) foundField(name string) string {
	if x.s.q.Header == nil {
		return "the request has no field " + name
	}
	var values []string
	for n := 0; ; n++ {
		value, ok := x.s.q.Header.Value(name, n)
		if !ok {
			break
		}
		values = append(values, fmt.Sprintf("%q", value))
	}
	if len(values) == 0 {
		return "the request has no field " + name
	}
	return "the request's " + name + " is " + strings.Join(values, ", ")
}

func (x explainer) foundClient() string {
	if x.s.q.Client == (netip.Addr{}) {
		return "the client's address is not known"
	}
	return "the client is " + x.s.q.Client.String()
}

func orNone(text string) string {
	if text == "" {
		return "empty"
	}
	return text
}

// aboutHost reports whether a condition looks at nothing but the host.
func aboutHost(c condition) bool {
	switch c := c.(type) {
	case hostIs, hostLike, hostMatches:
		return true
	case anyOf:
		return len(c) > 0 && !slices.ContainsFunc(c, func(part condition) bool { return !aboutHost(part) })
	case all:
		return len(c) > 0 && !slices.ContainsFunc(c, func(part condition) bool { return !aboutHost(part) })
	}
	return false
}
