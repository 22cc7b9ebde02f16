package labels

import (
	"cmp"
	"slices"

	"github.com/appia-edge/appia/rules"
)

// A route's filters run in one order, that of Traefik 1.7, whatever the order of its labels.

// The ranks of filters: a request passes the lower ones first.
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

// rankOf is where a filter stands in the order.
func rankOf(f rules.Filter) int {
	switch f.(type) {
	case rules.ErrorPage:
		return rankErrors
	case rules.AllowList:
		return rankWhiteList
	case rules.Redirect, rules.RedirectEntryPoint, rules.RedirectScheme:
		return rankRedirect
	case rules.Headers:
		return rankHeaders
	case rules.ClientCert:
		return rankClientCert
	case rules.BasicAuth, rules.DigestAuth, rules.ForwardAuth:
		return rankAuth
	case rules.CircuitBreaker:
		return rankBreaker
	case rules.Buffering:
		return rankBuffering
	case rules.Retry:
		return rankRetry
	case rules.RateLimit, rules.InFlight, rules.Compress, rules.ContentType: // the last three are Traefik 3's alone
		return rankRateLimit
	}
	panic("labels: a filter without a rank: " + rules.Kind(f))
}

// routeFilters are the filters that the segment's labels ask for, in their order.
func (d *draft) routeFilters() []rules.Filter {
	filters := slices.Concat(d.whiteListFilters(), d.redirectFilters(), d.headerFilters(), d.certFilters(), d.authFilters(), d.filters)
	slices.SortStableFunc(filters, func(a, b rules.Filter) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	return filters
}

// given is the segment's label of a plain name, if it has a value.
func (d *draft) given(name string) (entry, bool) {
	e, ok := d.labels[traefik1.prefix+name]
	return e, ok && e.value != ""
}

// givenUnder is the first of the segment's labels that begin like this and have a value.
func (d *draft) givenUnder(start string) (entry, bool) {
	return d.first(traefik1.prefix + start)
}
