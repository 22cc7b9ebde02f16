package rules

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// mergeServices joins the shares of one service that several owners hold. Specs come oldest first, so the first
// share's settings are the service's.
func (c *compiler) mergeServices(specs []Spec) {
	for _, spec := range specs {
		for _, s := range spec.Services {
			c.mergeService(spec.Owner, s)
		}
	}
	slices.SortFunc(c.ordered, func(a, b *Service) int { return cmp.Compare(a.Name, b.Name) })
}

func (c *compiler) mergeService(o Owner, s ServiceSpec) {
	merged := c.services[s.Name]
	if merged == nil {
		merged = &Service{Name: s.Name, Balance: s.Balance, Sticky: s.Sticky, Check: s.Check, MaxConn: s.MaxConn, Presence: s.Presence, Transport: s.Transport,
			Weighted: s.Weighted, Mirroring: s.Mirroring, Failover: s.Failover, partsLabel: s.PartsLabel}
		c.services[s.Name] = merged
		c.ordered = append(c.ordered, merged)
	} else if differ := differences(merged, s); len(differ) > 0 {
		c.tell(o, Diagnostic{
			Code: ServiceSettingsDiffer, Severity: Warning,
			Message: fmt.Sprintf("service %s is shared with %s, which is older: its %s counts, not this one's",
				s.Name, merged.Sources[0].Owner.Name, strings.Join(differ, ", ")),
		})
	}
	merged.Presence.Paused = merged.Presence.Paused || s.Presence.Paused && !o.Gone
	merged.Sources = append(merged.Sources, Source{
		Owner: o, Weight: s.Weight, PerService: s.PerService, Endpoints: sortedEndpoints(s.Endpoints),
	})
}

// differences names the settings that a share would have otherwise.
func differences(have *Service, want ServiceSpec) []string {
	var names []string
	if have.Balance != want.Balance {
		names = append(names, "load balancing method")
	}
	if !reflect.DeepEqual(have.Sticky, want.Sticky) {
		names = append(names, "stickiness")
	}
	if !reflect.DeepEqual(have.Check, want.Check) {
		names = append(names, "health check")
	}
	if !reflect.DeepEqual(have.MaxConn, want.MaxConn) {
		names = append(names, "connection limit")
	}
	if have.Presence.Hold != want.Presence.Hold {
		names = append(names, "hold")
	}
	if have.Presence.SlowStart != want.Presence.SlowStart {
		names = append(names, "slow start")
	}
	if have.Transport != want.Transport {
		names = append(names, "PROXY protocol or termination delay")
	}
	if !have.sameParts(&Service{Weighted: want.Weighted, Mirroring: want.Mirroring, Failover: want.Failover}) {
		names = append(names, "way to other services")
	}
	return names
}

func sortedEndpoints(endpoints []Endpoint) []Endpoint {
	endpoints = slices.Clone(endpoints)
	slices.SortFunc(endpoints, compareEndpoints)
	return endpoints
}

func compareEndpoints(a, b Endpoint) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Addr, b.Addr),
		cmp.Compare(a.Scheme, b.Scheme))
}

// tellShares tells owners that share a service what their weights come to: a weight is each task's, so with unequal
// replicas 90 and 10 are not 90 % and 10 %.
func tellShares(services []*Service) (found []Diagnostic) {
	for _, s := range services {
		if len(s.Sources) < 2 || !surprising(s.Sources) {
			continue
		}
		total := 0
		for _, source := range s.Sources {
			total += source.Share()
		}
		for _, source := range s.Sources {
			if !source.PerService && source.Share() != 0 {
				found = append(found, tellShare(s, source, total))
			}
		}
	}
	return found
}

// surprising says whether shares may not be what weights seem to say.
func surprising(sources []Source) bool {
	counts, weighted, perTask := map[int]bool{}, false, false
	for _, s := range sources {
		if len(s.Endpoints) == 0 {
			continue
		}
		counts[len(s.Endpoints)] = true
		weighted = weighted || s.Weight != 1
		perTask = perTask || !s.PerService
	}
	return len(counts) > 1 && weighted && perTask
}

func tellShare(s *Service, source Source, total int) Diagnostic {
	return Diagnostic{
		Service: source.Owner.Name, Code: UnevenShares, Severity: Info,
		Message: fmt.Sprintf("service %s is shared: weight %d x %s of a total of %d: %.1f %% of requests",
			s.Name, source.Weight, counted(len(source.Endpoints), "task"), total, 100*float64(source.Share())/float64(total)),
	}
}
