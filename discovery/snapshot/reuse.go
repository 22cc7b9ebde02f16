package snapshot

// Reuse puts the last swarm's services in the place of those that are equal, and reports whether the two swarms are.
// Comparing two large swarms is a wait for memory: after this, nobody on the way to a table has to do it again, and a
// swarm that stays as it is stays in the same memory. It is for whoever has just made s; both lists are sorted by id.
func (s *Swarm) Reuse(last *Swarm) (same bool) {
	same = s.sameAround(last) && len(s.Services) == len(last.Services)
	old := last.Services
	for i := range s.Services {
		service := &s.Services[i]
		for len(old) > 0 && old[0].ID < service.ID {
			old = old[1:]
		}
		if len(old) > 0 && old[0].Equal(service) {
			*service = old[0]
			continue
		}
		same = false
	}
	return same
}
