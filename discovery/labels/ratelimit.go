package labels

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// Rate limits are sets of three labels under one extractor. They protect, so that a set that cannot be kept closes its route.

// A rateSet is the labels of one set; zero: not given.
type rateSet struct {
	rules.Rate
	given entry // one of its labels, to speak of
}

// word is what a label has at its row's <name>.
func word(e entry) string {
	_, plain := cutSegment(e.name)
	parts := strings.Split(strings.TrimPrefix(plain, "traefik."), ".")
	i := slices.Index(strings.Split(e.row.name, "."), "<name>")
	if i < 0 || i >= len(parts) {
		return ""
	}
	return parts[i]
}

// rateSet is the set that a label belongs to.
func (d *draft) rateSet(e entry) *rateSet {
	name := word(e)
	if d.rates == nil {
		d.rates = map[string]*rateSet{}
	}
	if d.rates[name] == nil {
		d.rates[name] = &rateSet{Rate: rules.Rate{Name: name}, given: e}
	}
	return d.rates[name]
}

// ratePart is a setter of a number of requests.
func ratePart(at func(*rateSet) *int64) setter {
	return setter{"number", func(d *draft, e entry) {
		n, err := strconv.ParseInt(e.value, 10, 64)
		if err != nil || n <= 0 {
			d.refuse(e, BadRate, "not a number of requests above zero, so the limit can't be kept and the route is not served", meantNumber(e.value))
			return
		}
		*at(d.rateSet(e)) = n
	}}
}

func setRatePeriod(d *draft, e entry) {
	period, ok := parsePeriod(e.value)
	if !ok {
		d.refuse(e, BadRate, "not a duration above zero, so the limit can't be kept and the route is not served", meantDuration(e.value))
		return
	}
	d.rateSet(e).Period = period
}

// parsePeriod reads a number of seconds, or a duration with its unit.
func parsePeriod(value string) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, seconds > 0
	}
	period, err := time.ParseDuration(value)
	return period, err == nil && period > 0
}

// limitRates adds the filter, if the labels make one.
func (d *draft) limitRates() {
	const extractor = "traefik.frontend.rateLimit.extractorFunc"
	if d.rateExtractor.value == "" {
		d.unlimited(extractor)
		return
	}
	key, ok := parseExtractor(d.rateExtractor.value)
	if !ok {
		d.refuse(d.rateExtractor, BadExtractor, noExtractor+", so the limit can't be kept and the route is not served", meantExtractor(d.rateExtractor.value))
	}
	limit := rules.RateLimit{Key: key}
	for _, name := range slices.Sorted(maps.Keys(d.rates)) {
		d.checkRate(d.rates[name])
		limit.Rates = append(limit.Rates, d.rates[name].Rate)
	}
	if len(limit.Rates) == 0 && !d.refused {
		d.warn(d.rateExtractor, WithoutEffect, "no effect without a set of rates", "traefik.frontend.rateLimit.rateSet.<name>.period, .average and .burst")
		return
	}
	d.addFilter(rankRateLimit, limit)
}

// unlimited tells of sets that nothing comes of, as in Traefik 1.x.
func (d *draft) unlimited(extractor string) {
	for _, name := range slices.Sorted(maps.Keys(d.rates)) {
		d.warn(d.rates[name].given, WithoutEffect, "nothing is limited without "+extractor+", in Traefik 1.x as here", extractor+"=client.ip")
	}
}

func (d *draft) checkRate(s *rateSet) {
	for _, part := range []struct {
		name  string
		given bool
	}{{"period", s.Period > 0}, {"average", s.Average > 0}, {"burst", s.Burst > 0}} {
		if !part.given && !d.refused {
			d.refuse(s.given, BadRate, fmt.Sprintf("the set has no %s, so the limit can't be kept and the route is not served", part.name),
				fmt.Sprintf("traefik.frontend.rateLimit.rateSet.%s.%s", s.Name, part.name))
		}
	}
}
