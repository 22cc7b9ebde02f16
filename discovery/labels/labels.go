// Package labels reads what swarm services ask for by their labels.
//
// A dialect is a table with a row per label (traefik1.go, appia.go). Read turns the labels of each service into a
// rules.Spec; what is wrong with a label becomes a rules.Diagnostic and harms its own route at most. The package is
// pure: no I/O, no clock, no docker types.
package labels

import (
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// Options are the router's flags that decide what labels mean. The zero value publishes nothing by itself:
// Traefik's own default, ExposedByDefault, is for the caller to set.
type Options struct {
	Domain             string        // --docker.domain: the default rule is Host:<service>.<Domain>
	ExposedByDefault   bool          // --docker.exposedByDefault: services without traefik.enable are published
	Network            string        // --docker.network: where a service names no network of its own
	Constraints        []Constraint  // --docker.constraints: all must hold for a service's tags
	AllowMinWeightZero bool          // --allowMinWeightZero: a weight of 0 stays 0
	CheckInterval      time.Duration // --healthcheck.interval: for checks that name none; 0: 30 s
}

// Read turns the labels of every service into specs. Services that are not published yield none. Each service is
// read alone, so that a bad label harms its own service only.
func Read(s *snapshot.Swarm, o Options) ([]rules.Spec, []rules.Diagnostic) {
	return NewReader(o).Read(s)
}

// surroundings are what a service's labels are read in: the same for all services of a snapshot.
type surroundings struct {
	options  Options
	networks *networks
	twins    map[string]string            // by service id: the older service whose name looks the same, if any
	named    map[string]*snapshot.Service // the oldest service of each name, by the name as normalised
	elements map[string]*holding          // what Traefik 3's labels declare, by "middlewares.auth"
}
