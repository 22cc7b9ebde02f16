package rules

import (
	"cmp"
	"slices"
)

// A Table says where every request goes. It is immutable: any number of requests may ask it at once.
type Table struct {
	Routes   []*Route   // in the order they are tried: highest priority first, of equals the older owner's
	TCP      []*Route   // those of whole connections, in the order they are tried
	Services []*Service // by name
	Refused  []Refused  // what was asked for and is not served, in the order of Routes

	byEntryPoint map[string]*index
	doors        map[string]*doors // of entry points that have TCP routes
	pins         *pinIndex
	options      Options

	// For Recompile:
	specs []Spec       // that the table was made of
	found []Diagnostic // but those about shares, which depend on endpoints
}

// A Route leads the requests that meet its rule to its service.
type Route struct {
	ID          int    // its place in Table.Routes, or Table.TCP
	Name        string // unique in the table, "frontend-Host-blog-litup-me-0"
	Owner       Owner
	Label       string // the label that holds the rule; empty for the default rule
	Segment     string // the segment of labels that asks; empty where the owner has one route
	Rule        Rule
	Priority    int  // as it counts: the author's number, or the rule's length
	Given       bool // Priority is the author's number
	EntryPoints []string
	Service     *Service
	PassHost    bool
	Filters     []Filter // in the order in which they see a request
	TCP         *TCP     // nil: the route is one of requests
	Shadowed    bool     // another route has the same condition and is tried first: no request comes here

	leading  []Rewrite // that Filters began with: done before them, without a chain
	rewrites bool
	strict   bool
}

// Closed reports whether the route answers 503 because its labels want a lock that cannot be made.
func (r *Route) Closed() bool { return slices.Contains(r.Filters, Filter(Closed{})) }

// A Service is a set of endpoints that requests are balanced over.
type Service struct {
	ID      int    // its place in Table.Services
	Name    string // "backend-mystack-blog"
	Sources []Source
	Balance Balance
	Sticky  *Sticky
	Check   *Check
	MaxConn *MaxConn
	// Presence is the oldest owner's, but any owner may pause the service.
	Presence  Presence
	Transport Transport

	// Of a service that leads to others, which are in the table by these names; see ServiceSpec.
	Weighted  []Part
	Mirroring *Mirroring
	Failover  *Failover

	partsLabel string
}

// Leads says whether the service leads to other services instead of endpoints.
func (s *Service) Leads() bool {
	return s != nil && (s.Mirroring != nil || s.Failover != nil || len(s.Weighted) > 0)
}

// Service finds a service by its name; nil if the table has none.
func (t *Table) Service(name string) *Service {
	i, found := slices.BinarySearchFunc(t.Services, name, func(s *Service, name string) int { return cmp.Compare(s.Name, name) })
	if !found {
		return nil
	}
	return t.Services[i]
}

// A Source is one owner's share of a service. The oldest comes first; the service's settings are its.
type Source struct {
	Owner      Owner
	Weight     int
	PerService bool // Weight is the share of all the endpoints together, not of each
	Endpoints  []Endpoint
}

// Share is how many requests the source gets out of the sum of the shares of its service.
func (s Source) Share() int {
	switch {
	case len(s.Endpoints) == 0:
		return 0
	case s.PerService:
		return s.Weight
	}
	return s.Weight * len(s.Endpoints)
}

// older orders owners by age, then by name.
func older(a, b Owner) int {
	return cmp.Or(compareBool(a.Gone, b.Gone), a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}
