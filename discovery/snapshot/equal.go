package snapshot

import (
	"maps"
	"reflect"
	"slices"
)

// Equal compares two swarms field by field: at 50,000 tasks, tens of times faster than by reflection.
func (s *Swarm) Equal(o *Swarm) bool {
	return s.sameAround(o) && slices.EqualFunc(s.Services, o.Services, func(a, b Service) bool { return a.Equal(&b) })
}

// sameAround compares all but the services.
func (s *Swarm) sameAround(o *Swarm) bool {
	return s.Cluster == o.Cluster && slices.Equal(s.Own, o.Own) && slices.Equal(s.Networks, o.Networks)
}

// Equal compares all that a service has, tasks included. What two services share in memory it does not look at.
func (s *Service) Equal(o *Service) bool {
	return s.ID == o.ID && s.Name == o.Name && s.Created.Equal(o.Created) && s.Global == o.Global && s.DNSRR == o.DNSRR &&
		s.Wanted == o.Wanted && s.Gone == o.Gone && s.Converging == o.Converging && slices.Equal(s.VIPs, o.VIPs) &&
		slices.Equal(s.ContainerLabels, o.ContainerLabels) &&
		equalLabels(s.Labels, o.Labels) && equalTasks(s.Tasks, o.Tasks)
}

func equalLabels(a, b map[string]string) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() || maps.Equal(a, b)
}

func equalTasks(a, b []Task) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.EqualFunc(a, b, func(a, b Task) bool { return a.equal(&b) })
}

func (t *Task) equal(o *Task) bool {
	return t.ID == o.ID && t.Slot == o.Slot && t.Node == o.Node && slices.Equal(t.Addresses, o.Addresses)
}
