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
	"net/netip"
	"net/url"
	"strings"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// A Request is what is asked about.
type Request struct {
	Method     string
	URL        string // a scheme may be left out
	Header     http.Header
	Client     netip.Addr // the zero Addr: not known
	EntryPoint string     // "": the one that has the URL's port, else the first
	All        bool       // every route, whatever its host
}

// A World is what answers.
type World struct {
	Table       *rules.Table
	Groups      func(service string) (balancer.GroupStatus, bool)
	EntryPoints []EntryPoint
}

// An EntryPoint is a listener's name and its address, as in ":80".
type EntryPoint struct{ Name, Address string }

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
	Filters    []string      `json:"filters"`
	Services   []ServiceView `json:"services"`        // the route's, then those that it leads to for the next request
	Notes      []string      `json:"notes,omitempty"` // what the answer rests on
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
	u, err := r.parse()
	if err != nil {
		return nil, err
	}
	entryPoint, err := w.entryPoint(r.EntryPoint, u)
	if err != nil {
		return nil, err
	}
	q := &rules.Query{Method: r.Method, Host: u.Host, Path: u.Path, RawQuery: u.RawQuery, Header: fields(r.Header), Client: r.Client}
	if host := r.Header.Get("Host"); host != "" {
		q.Host = host
	}
	e := w.Table.Explain(entryPoint, q, r.All)
	a := &Answer{Method: r.Method, URL: u.String(), EntryPoint: entryPoint, Others: e.Others, MeantHost: e.Host,
		Routes: []RouteView{}, Filters: []string{}, Services: []ServiceView{}}
	for _, c := range e.Candidates {
		a.Routes = append(a.Routes, viewRoute(c))
	}
	a.follow(w, e.Match, u, q)
	return a, nil
}

func (r Request) parse() (*url.URL, error) {
	text := r.URL
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL: %w", r.URL, err)
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no URL with a host: write it as in https://api.example.com/v3/user", r.URL)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
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

func viewRoute(c rules.Candidate) RouteView {
	r := c.Route
	v := RouteView{Name: r.Name, Owner: r.Owner.Name, Label: r.Label, Rule: r.Rule.Text, Priority: r.Priority, Given: r.Given, Outcome: c.Outcome.String()}
	if c.Outcome == rules.Elsewhere {
		v.Why = append(v.Why, "it is served at "+strings.Join(r.EntryPoints, ", "))
	}
	for _, why := range c.Why {
		v.Why = append(v.Why, why.Matcher+": "+why.Found)
	}
	return v
}
