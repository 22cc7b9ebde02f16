// Package explain says what becomes of one request, and why: the routes that were candidates, the one that wins, what it
// makes of the path, its filters, and the endpoints that would answer.
//
// It looks and changes nothing: no turn is taken, no request is counted. The router's API answers with it, and the command
// asks that API, or a table that was made of files.
package explain

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// A World is what answers.
type World struct {
	Table       *rules.Table
	Groups      func(service string) (balancer.GroupStatus, bool)
	EntryPoints []EntryPoint
	Diagnostics []rules.Diagnostic // what is wrong with labels
	Passwords   bool               // verify them: whoever asks has the users too
	Hidden      bool               // some values of filters are stand-ins, for a recording keeps what may be secret to itself
}

// An Answer is what becomes of a request. Fields are added to it, never taken away or renamed.
type Answer struct {
	Method     string        `json:"method"`
	URL        string        `json:"url"`
	EntryPoint string        `json:"entryPoint"`
	Routes     []RouteView   `json:"routes"`
	Others     int           `json:"others"` // routes that are not listed, being for other hosts
	MeantHost  string        `json:"meantHost,omitempty"`
	Route      string        `json:"route,omitempty"`    // the name of the one that wins
	Status     int           `json:"status,omitempty"`   // of an answer of the router's own
	Location   string        `json:"location,omitempty"` // of a redirect
	Forwarded  *Forwarded    `json:"forwarded,omitempty"`
	Filters    []string      `json:"filters"`         // the route's
	Steps      []Step        `json:"steps"`           // what each filter of the entry point and of the route does
	Services   []ServiceView `json:"services"`        // the route's, then those that it leads to for the next request
	Gets       string        `json:"gets"`            // what the client gets, in a sentence
	Notes      []string      `json:"notes,omitempty"` // what the answer rests on
	TCP        string        `json:"tcp,omitempty"`   // the name of the TCP route that gets the connection; none: the request is read

	page string // the service whose error page the client gets; "": none
}

// A RouteView is a candidate.
type RouteView struct {
	Name     string   `json:"name"`
	Owner    string   `json:"owner"`
	Label    string   `json:"label,omitempty"`
	Rule     string   `json:"rule"`
	Priority int      `json:"priority"`
	Given    bool     `json:"given,omitempty"`
	Outcome  string   `json:"outcome"`
	Why      []string `json:"why,omitempty"`
	Told     []string `json:"told,omitempty"` // what is wrong with the labels of one that would match
}

// Forwarded is the request as the endpoint gets it.
type Forwarded struct {
	Path     string   `json:"path"`
	Was      string   `json:"was"`
	Host     string   `json:"host"` // "": the endpoint's address
	Prefix   []string `json:"xForwardedPrefix,omitempty"`
	Replaced []string `json:"xReplacedPath,omitempty"`
}

// A ServiceView is a service with its endpoints.
type ServiceView struct {
	Name      string         `json:"name"`
	Settings  string         `json:"settings"`
	Endpoints []EndpointView `json:"endpoints"`
	Next      string         `json:"next,omitempty"` // an endpoint's URL, or the service that it leads to
}

// An EndpointView is an endpoint as its service sees it now.
type EndpointView struct {
	Name   string  `json:"name"`
	URL    string  `json:"url"`
	Weight int     `json:"weight"`
	Share  float64 `json:"share"`
	State  string  `json:"state"`
	Why    string  `json:"why,omitempty"`
}

// Ask explains a request. One that cannot be made is its error.
func Ask(w World, r Request) (*Answer, error) {
	if r.Message != "" {
		return askAct(w, r)
	}
	u, err := r.parse()
	if err != nil {
		return nil, err
	}
	entryPoint, err := w.entryPoint(r.EntryPoint, u)
	if err != nil {
		return nil, err
	}
	at := w.named(entryPoint)
	q := &rules.Query{Method: r.Method, Host: u.Host, Path: u.Path, RawQuery: u.RawQuery, Header: fields(r.Header), Client: r.Client}
	if host := r.Header.Get("Host"); host != "" {
		q.Host = host
	}
	e := w.Table.Explain(entryPoint, q, r.All)
	a := &Answer{Method: r.Method, URL: u.String(), EntryPoint: entryPoint, Others: e.Others, MeantHost: e.Host,
		Routes: []RouteView{}, Filters: []string{}, Steps: []Step{}, Services: []ServiceView{}}
	for _, c := range e.Candidates {
		a.Routes = append(a.Routes, w.viewRoute(c))
	}
	j := newJudge(w, at, r, u, q.Host)
	a.follow(w, e.Match, u, j)
	a.Steps = append(a.Steps, j.steps...)
	a.Gets = a.gets()
	a.noteOrigin(at, r, u)
	a.byTCP(w.Table, u, r.Client)
	return a, nil
}

// fields is an http.Header as rules ask it.
type fields http.Header

// Value is the n-th value of a field.
func (f fields) Value(name string, n int) (string, bool) {
	values := http.Header(f).Values(name)
	if n >= len(values) {
		return "", false
	}
	return values[n], true
}

// entryPoint is the one named, else the one that listens on the URL's port, else the first.
func (w World) entryPoint(name string, u *url.URL) (string, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	var names []string
	found := ""
	for _, e := range w.EntryPoints {
		if e.Name == name {
			return name, nil
		}
		if _, own, err := net.SplitHostPort(e.Address); err == nil && own == port && found == "" {
			found = e.Name
		}
		names = append(names, e.Name)
	}
	switch {
	case name != "":
		return "", fmt.Errorf("there is no entry point %q; there are %s", name, strings.Join(names, ", "))
	case found != "":
		return found, nil
	case len(names) == 0:
		return "", nil
	}
	return names[0], nil
}

// named is an entry point; the zero one where there is none.
func (w World) named(name string) EntryPoint {
	for _, e := range w.EntryPoints {
		if e.Name == name {
			return e
		}
	}
	return EntryPoint{Name: name, TrustAll: true}
}

func (w World) viewRoute(c rules.Candidate) RouteView {
	if c.Route == nil {
		return w.viewRefused(c)
	}
	r := c.Route
	v := RouteView{Name: r.Name, Owner: r.Owner.Name, Label: r.Label, Rule: r.Rule.Text, Priority: r.Priority, Given: r.Given, Outcome: c.Outcome.String()}
	if c.Outcome == rules.Elsewhere {
		v.Why = append(v.Why, "it is served at "+strings.Join(r.EntryPoints, ", "))
	}
	for _, why := range c.Why {
		v.Why = append(v.Why, why.Matcher+": "+why.Found)
	}
	if c.Outcome == rules.Wins || c.Outcome == rules.Hidden {
		v.Told = w.told(r.Owner.Name, r.Label, r.Segment, rules.Warning, r.Closed())
	}
	return v
}

// viewRefused is a route that is not served, with what keeps it from that.
func (w World) viewRefused(c rules.Candidate) RouteView {
	r := c.Refused
	v := RouteView{Owner: r.Owner.Name, Label: r.Label, Rule: r.Rule.Text, Priority: r.Priority, Given: r.Priority != len(r.Rule.Text), Outcome: c.Outcome.String()}
	if r.Unread {
		v.Why = []string{"its rule cannot be read, and speaks of this host"}
	}
	v.Told = w.told(r.Owner.Name, r.Label, r.Segment, rules.Error, true)
	return v
}

// told is what the owner of a route was told of it. A diagnostic of the whole service, or of an element that its routers share, is
// of each of its routes. Of one that serves nobody there has to be a reason: it is looked for further afield.
func (w World) told(owner, label, segment string, least rules.Severity, servesNobody bool) (list []string) {
	var others []string
	reason := false
	for _, d := range w.Diagnostics {
		if d.Service != owner || d.Severity < least && d.Code != constrained {
			continue
		}
		d.Service = ""
		decides := d.Severity == rules.Error || d.Code == constrained
		switch {
		case segment == "", d.Label == label && label != "", strings.Contains(d.Label, "."+segment+"."), strings.Contains(d.Message, "(segment "+segment+")"):
			list = append(list, d.String())
			reason = reason || decides
		case decides && (d.Label == "" || !strings.Contains(d.Message, "(segment ")):
			others = append(others, d.String())
		}
	}
	switch {
	case servesNobody && !reason:
		return append(list, others...)
	case servesNobody:
		return append(list, w.behind(list, owner, segment)...)
	}
	return list
}

// behind is why middlewares can't be used that diagnostics speak of, whoever declares them.
func (w World) behind(told []string, owner, segment string) (list []string) {
	all := strings.Join(told, "\n")
	for _, d := range w.Diagnostics {
		words := strings.SplitN(d.Label, ".", 5)
		switch {
		case d.Severity < rules.Error || len(words) < 5 || !strings.EqualFold(words[2], "middlewares"):
		case d.Service == owner && segment == "": // it is among those told
		case strings.Contains(all, "the middleware "+words[3]+" of "+d.Service+" can't be used"):
			if d.Service == owner {
				d.Service = ""
			}
			list = append(list, d.String())
		}
	}
	return list
}

// constrained is the code of a service that is another router's: no mistake, and yet why it is not served.
const constrained = "constrained-out"
