package labels

import (
	"cmp"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// findTwins finds services whose names differ in what normalising takes away, such as foo_bar-baz and foo-bar_baz: the
// name of the oldest by the ids of the others. It looks at names only: what one service is called must not depend on
// another's labels. named are the oldest by their normalised names.
func findTwins(services []snapshot.Service) (twins map[string]string, named map[string]*snapshot.Service) {
	names := make([]string, len(services))
	named = make(map[string]*snapshot.Service, len(services))
	for i := range services {
		s := &services[i]
		names[i] = rules.Normalize(s.Name)
		if holder := named[names[i]]; holder == nil || older(s, holder) {
			named[names[i]] = s
		}
	}
	twins = map[string]string{}
	for i := range services {
		if holder := named[names[i]]; holder.ID != services[i].ID {
			twins[services[i].ID] = holder.Name
		}
	}
	return twins, named
}

func older(a, b *snapshot.Service) bool {
	if a.Gone != b.Gone {
		return b.Gone
	}
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) < 0
}
