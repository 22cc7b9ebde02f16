package balancer

import (
	"math"

	"github.com/appia-edge/appia/rules"
)

// A source is one swarm service's share of a group. Several may feed one group: that is how a canary is made.
type source struct {
	weight     uint64
	perService bool // weight is the share of all members together, not of each
	members    []member
}

// A member is an endpoint in a group: what the group's health check found makes the difference.
type member struct {
	*Endpoint
	watch *watch // nil: the group has no check
}

// State is how an endpoint stands in a group.
type State uint8

// From the best to the worst, and gone.
const (
	Up       State = iota // takes its turns
	Fresh                 // has not accepted a connection yet, or has a check that has not answered
	Ejected               // refused a connection, or failed requests a moment ago
	Down                  // its check failed
	Retiring              // not wanted any more, finishing what it has in flight
)

// String is "up", "new", "ejected", "down" or "retiring".
func (s State) String() string {
	return [...]string{"up", "new", "ejected", "down", "retiring"}[s]
}

// MarshalText writes the state as its name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// state of a member; needs Fleet.mu.
func (m member) state() State {
	switch {
	case m.watch != nil && m.watch.verdict == down:
		return Down
	case m.ejected.Load():
		return Ejected
	case m.unmet.Load(), m.watch != nil && m.watch.verdict == unknown:
		return Fresh
	}
	return Up
}

// newSource copies a share's settings. Weights are bounded, so that sums of them cannot overflow.
func newSource(s *rules.Source) source {
	return source{
		weight:     uint64(min(max(s.Weight, 0), math.MaxInt32)),
		perService: s.PerService,
		members:    make([]member, 0, len(s.Endpoints)),
	}
}

func (s *source) fitting(fit func(State) bool) []*Endpoint {
	endpoints := make([]*Endpoint, 0, len(s.members))
	for _, m := range s.members {
		if fit(m.state()) {
			endpoints = append(endpoints, m.Endpoint)
		}
	}
	return endpoints
}

// share is what the source weighs when so many of its endpoints are fit, which stand at these heights together.
func (s *source) share(fit int, heights uint64) uint64 {
	switch {
	case fit == 0:
		return 0
	case s.perService:
		return fullHeight * s.weight
	}
	return heights * s.weight
}
