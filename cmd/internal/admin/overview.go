package admin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/rules"
)

// How many of each list an overview holds. The page asks again every two seconds, and a swarm of 10,000 services
// would be megabytes each time: what is shown is chosen here, by the text in its filter box.
const (
	listed     = 100
	listedMost = 2000
	listedEach = 50 // endpoints of one service
)

// An overview is all that the dashboard shows.
type overview struct {
	Version     string                 `json:"version"`
	Leaving     bool                   `json:"leaving"`
	Uptime      int64                  `json:"uptime"` // seconds
	Discovery   discoveryView          `json:"discovery"`
	Counts      counts                 `json:"counts"`
	Diagnostics list[rules.Diagnostic] `json:"diagnostics"`
	Routes      list[routeView]        `json:"routes"`
	Pins        list[pinView]          `json:"pins"`
	Services    list[liveService]      `json:"services"`
	Retiring    list[liveEndpoint]     `json:"retiring"`
}

// A list is the first of what matches.
type list[T any] struct {
	Matching int `json:"matching"`
	Shown    []T `json:"shown"`
}

// discoveryView has ages in seconds, not times: the reader's clock may be wrong. -1 is never.
type discoveryView struct {
	State   string `json:"state"` // "waiting" for the first table, "stale" or "fresh"
	Failure string `json:"failure,omitempty"`
	Looked  int64  `json:"looked"`
	Swapped int64  `json:"swapped"`
	Source  string `json:"source"` // the stream by which changes are told of: "watch" or "events"; empty: we look from time to time
	Tables  int    `json:"tables"`
}

// counts are of everything, whatever the filter.
type counts struct {
	Routes    int            `json:"routes"`
	Services  int            `json:"services"`
	Endpoints int            `json:"endpoints"`
	States    map[string]int `json:"states"`
	Errors    int            `json:"errors"`
	Warnings  int            `json:"warnings"`
	Infos     int            `json:"infos"`
	Requests  uint64         `json:"requests"`
	InFlight  int64          `json:"inFlight"`
}

// A liveService is a service with its endpoints as they are now.
type liveService struct {
	Name      string         `json:"name"`
	Owners    []string       `json:"owners"`
	Settings  settingsView   `json:"settings"`
	InFlight  int64          `json:"inFlight"`
	Endpoints []liveEndpoint `json:"endpoints"`
	More      int            `json:"more,omitempty"` // endpoints that are not listed
}

type liveEndpoint struct {
	Name     string         `json:"name"`
	URL      string         `json:"url"`
	Weight   int            `json:"weight"`
	Share    float64        `json:"share"`
	State    balancer.State `json:"state"`
	InFlight int64          `json:"inFlight"`
	Why      string         `json:"why,omitempty"`
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 0 {
		limit = listed
	}
	answerJSON(w, s.survey(newFilter(query.Get("filter")), min(limit, listedMost), time.Now()))
}

func (s *Server) survey(f filter, limit int, now time.Time) overview {
	table, fleet, found := s.options.Table(), s.options.Fleet(), s.options.Discovery()
	return overview{
		Version: s.options.Version, Leaving: s.options.Leaving(), Uptime: int64(now.Sub(s.started).Seconds()),
		Discovery:   viewDiscovery(found, now),
		Counts:      s.count(table, fleet, found.Diagnostics),
		Diagnostics: choose(worstFirst(found.Diagnostics), limit, f.diagnostic, same),
		Routes:      choose(slices.Concat(table.Routes, table.TCP), limit, f.route, viewRoute),
		Pins:        choose(s.viewPins(), limit, f.pin, same),
		Services:    chooseServices(table, fleet, limit, f),
		Retiring:    choose(fleet.Retiring, limit, f.endpoint, viewEndpoint),
	}
}

// choose is the first items that match, as shown.
func choose[T, V any](items []T, limit int, matches func(T) bool, view func(T) V) list[V] {
	l := list[V]{Shown: []V{}}
	for _, item := range items {
		if !matches(item) {
			continue
		}
		l.Matching++
		if len(l.Shown) < limit {
			l.Shown = append(l.Shown, view(item))
		}
	}
	return l
}

func same[T any](v T) T { return v }

func worstFirst(found []rules.Diagnostic) []rules.Diagnostic {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b rules.Diagnostic) int { return int(b.Severity) - int(a.Severity) })
	return found
}

func chooseServices(t *rules.Table, fleet balancer.Status, limit int, f filter) list[liveService] {
	live := make(map[string]balancer.GroupStatus, len(fleet.Groups))
	for _, g := range fleet.Groups {
		live[g.Name] = g
	}
	routes := f.routesByService(t)
	matches := func(s *rules.Service) bool { return f.service(s, routes[s], live[s.Name]) }
	return choose(t.Services, limit, matches, func(s *rules.Service) liveService { return viewLive(s, live[s.Name]) })
}

// viewLive shows endpoints that are not up first: there may be more than are shown.
func viewLive(s *rules.Service, g balancer.GroupStatus) liveService {
	v := liveService{Name: s.Name, Settings: viewSettings(s), InFlight: g.InFlight, Owners: []string{}, Endpoints: []liveEndpoint{}}
	for _, source := range s.Sources {
		v.Owners = append(v.Owners, source.Owner.Name)
	}
	endpoints := slices.Clone(g.Endpoints)
	slices.SortStableFunc(endpoints, func(a, b balancer.EndpointStatus) int { return int(b.State) - int(a.State) })
	if len(endpoints) <= listedEach {
		endpoints = g.Endpoints // all fit, and stay where they are
	}
	for _, e := range endpoints[:min(len(endpoints), listedEach)] {
		v.Endpoints = append(v.Endpoints, viewEndpoint(e))
	}
	v.More = len(endpoints) - len(v.Endpoints)
	return v
}

func viewEndpoint(e balancer.EndpointStatus) liveEndpoint {
	return liveEndpoint{e.Name, e.URL, e.Weight, e.Share, e.State, e.InFlight, e.Why}
}

func viewDiscovery(d discovery.Status, now time.Time) discoveryView {
	v := discoveryView{
		State: "fresh", Failure: d.Failure, Looked: age(d.Looked, now), Swapped: age(d.Swapped, now),
		Source: d.Source, Tables: d.Tables,
	}
	switch {
	case d.Stale:
		v.State = "stale"
	case d.Swapped.IsZero():
		v.State = "waiting"
	}
	return v
}

func age(t, now time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return max(0, int64(now.Sub(t).Seconds()))
}

func (s *Server) count(t *rules.Table, fleet balancer.Status, found []rules.Diagnostic) counts {
	c := counts{Routes: len(t.Routes) + len(t.TCP), Services: len(t.Services), States: map[string]int{}}
	for _, g := range fleet.Groups {
		c.Endpoints += len(g.Endpoints)
		for _, e := range g.Endpoints {
			c.States[e.State.String()]++
		}
	}
	c.diagnostics(found)
	for _, e := range s.options.EntryPoints {
		e.Tally.Each(func(_ balancer.Key, cell balancer.Cell) { c.Requests += cell.Count })
		e.Tally.EachOpen(func(_ balancer.Stream, n int64) { c.InFlight += n })
	}
	return c
}

func (c *counts) diagnostics(found []rules.Diagnostic) {
	for _, d := range found {
		switch d.Severity {
		case rules.Error:
			c.Errors++
		case rules.Warning:
			c.Warnings++
		default:
			c.Infos++
		}
	}
}
