package labels

import (
	"cmp"
	"slices"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// findTwins finds services whose names differ in what normalising takes away, such as foo_bar-baz and foo-bar_baz, by
// the id of the younger. It looks at names only: what one service is called must not depend on another's labels.
func findTwins(services []snapshot.Service) map[string]string {
	holders := make(map[string]*snapshot.Service, len(services))
	byAge := slices.Clone(services)
	slices.SortFunc(byAge, func(a, b snapshot.Service) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	twins := map[string]string{}
	for i := range byAge {
		name := rules.Normalize(byAge[i].Name)
		if holder, held := holders[name]; held {
			twins[byAge[i].ID] = holder.Name
			continue
		}
		holders[name] = &byAge[i]
	}
	return twins
}
