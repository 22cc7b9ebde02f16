package admin

import (
	"io"
	"net/http"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// tableView is the table in force as JSON, in our own words and in the order routes are tried.
type tableView struct {
	Routes   []routeView   `json:"routes"`
	TCP      []routeView   `json:"tcpRoutes,omitempty"` // those of whole connections
	Services []serviceView `json:"services"`
}

type routeView struct {
	Name        string   `json:"name"`
	Owner       string   `json:"owner"`
	Label       string   `json:"label,omitempty"` // none: the default rule
	Rule        string   `json:"rule"`
	Priority    int      `json:"priority"`
	Given       bool     `json:"given,omitempty"` // the priority is the author's number
	EntryPoints []string `json:"entryPoints"`
	Service     string   `json:"service"`
	PassHost    bool     `json:"passHost"`
	Shadowed    bool     `json:"shadowed,omitempty"`
	TCP         string   `json:"tcp,omitempty"` // of a route of connections: "tcp", "tcp,tls" or "tcp,passthrough"
}

type serviceView struct {
	Name     string       `json:"name"`
	Settings settingsView `json:"settings"`
	Sources  []sourceView `json:"sources"`
}

// settingsView is a service's settings as the table's text form writes them.
type settingsView struct {
	Method  string `json:"method"`
	Sticky  string `json:"sticky,omitempty"`
	Check   string `json:"check,omitempty"`
	MaxConn int64  `json:"maxConn,omitempty"`
	Per     string `json:"maxConnPer,omitempty"`
	Proxy   int    `json:"proxyProtocol,omitempty"` // version of the header that endpoints get
}

type sourceView struct {
	Owner      string         `json:"owner"`
	Weight     int            `json:"weight"`
	PerService bool           `json:"perService,omitempty"`
	Endpoints  []endpointView `json:"endpoints"`
}

type endpointView struct {
	Name string `json:"name"`
	Task string `json:"task"`
	URL  string `json:"url"`
}

func viewTable(t *rules.Table) tableView {
	v := tableView{make([]routeView, 0, len(t.Routes)), nil, make([]serviceView, 0, len(t.Services))}
	for _, r := range t.Routes {
		v.Routes = append(v.Routes, viewRoute(r))
	}
	for _, r := range t.TCP {
		v.TCP = append(v.TCP, viewRoute(r))
	}
	for _, s := range t.Services {
		v.Services = append(v.Services, viewService(s))
	}
	return v
}

func viewRoute(r *rules.Route) routeView {
	v := routeView{
		Name: r.Name, Owner: r.Owner.Name, Label: r.Label, Rule: r.Rule.Text, Priority: r.Priority, Given: r.Given,
		EntryPoints: r.EntryPoints, Service: r.Service.Name, PassHost: r.PassHost, Shadowed: r.Shadowed,
	}
	if r.TCP != nil {
		v.TCP = r.TCP.String()
	}
	return v
}

func viewService(s *rules.Service) serviceView {
	v := serviceView{Name: s.Name, Settings: viewSettings(s), Sources: make([]sourceView, 0, len(s.Sources))}
	for _, source := range s.Sources {
		w := sourceView{source.Owner.Name, source.Weight, source.PerService, make([]endpointView, 0, len(source.Endpoints))}
		for _, e := range source.Endpoints {
			w.Endpoints = append(w.Endpoints, endpointView{e.Name, e.Task, e.URL()})
		}
		v.Sources = append(v.Sources, w)
	}
	return v
}

func viewSettings(s *rules.Service) settingsView {
	v := settingsView{Method: s.Balance.String(), Proxy: s.Transport.ProxyProtocol}
	if s.Sticky != nil {
		v.Sticky = s.Sticky.String()
	}
	if s.Check != nil {
		v.Check = s.Check.String()
	}
	if s.MaxConn != nil {
		v.MaxConn, v.Per = s.MaxConn.Amount, s.MaxConn.Extractor.String()
	}
	return v
}

// table is the text that diffs and golden files are made of, or JSON for who asks for it.
func (s *Server) table(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if wantsJSON(r) {
		answerJSON(w, viewTable(s.options.Table()))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.options.Table().String())
}

func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// diagnostics are all that stand.
func (s *Server) diagnostics(w http.ResponseWriter, _ *http.Request) {
	found := s.options.Discovery().Diagnostics
	if found == nil {
		found = []rules.Diagnostic{}
	}
	answerJSON(w, found)
}
