package labels

import (
	"cmp"
	"slices"

	"github.com/appia-edge/appia/rules"
)

// A route's filters come from labels that may stand in any order; they see a request in the one that Traefik 1.x has, the
// lowest rank first.
const (
	rankErrors     = 10
	rankWhiteList  = 20
	rankRedirect   = 30
	rankHeaders    = 40
	rankClientCert = 50
	rankAuth       = 60
	rankBreaker    = 70
	rankBuffering  = 80
	rankRetry      = 90
	rankRateLimit  = 100
)

// A ranked is a filter with its place.
type ranked struct {
	rank   int
	filter rules.Filter
}

// addFilter adds a filter to the segment's route.
func (d *draft) addFilter(rank int, f rules.Filter) { d.filters = append(d.filters, ranked{rank, f}) }

// chain is the filters in their order.
func (d *draft) chain() []rules.Filter {
	slices.SortStableFunc(d.filters, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var all []rules.Filter
	for _, r := range d.filters {
		all = append(all, r.filter)
	}
	return all
}
