package snapshot

import (
	"maps"
	"slices"
)

// Equal compares two swarms field by field: at 50,000 tasks, tens of times faster than by reflection.
func (s *Swarm) Equal(o *Swarm) bool {
	return s.Cluster == o.Cluster && slices.Equal(s.Own, o.Own) && slices.Equal(s.Networks, o.Networks) &&
		slices.EqualFunc(s.Services, o.Services, func(a, b Service) bool { return a.Equal(&b) })
}

// Equal compares all that a service has, tasks included.
func (s *Service) Equal(o *Service) bool {
	return s.ID == o.ID && s.Name == o.Name && s.Created.Equal(o.Created) && s.Global == o.Global && s.DNSRR == o.DNSRR &&
		s.Wanted == o.Wanted && s.Converging == o.Converging && maps.Equal(s.Labels, o.Labels) &&
		slices.Equal(s.VIPs, o.VIPs) && slices.EqualFunc(s.Tasks, o.Tasks, func(a, b Task) bool { return a.equal(&b) })
}

func (t *Task) equal(o *Task) bool {
	return t.ID == o.ID && t.Slot == o.Slot && t.Node == o.Node && slices.Equal(t.Addresses, o.Addresses)
}
