package discovery

import (
	"cmp"
	"slices"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// A lingerer keeps the routes of services that have just been removed. Who removes a service and creates it anew, as
// some deploy scripts do, shall lose no request in between: they wait as for any service without tasks. A service of the
// same name takes the place of the one that is gone; every other one that wants its route gets it at once.
type lingerer struct {
	linger func(*snapshot.Service) time.Duration // how long; nil: not at all
	ghosts []ghost
	next   time.Time // when the first of them is over; zero: there are none
}

type ghost struct {
	service snapshot.Service
	until   time.Time
}

// haunt adds to what is seen what is not there any more. changed says whether that is another set than the last time. last
// may be nil.
func (l *lingerer) haunt(seen, last *snapshot.Swarm, now time.Time) (shown *snapshot.Swarm, changed bool) {
	if l.linger == nil {
		return seen, false
	}
	before := len(l.ghosts)
	gone := l.departed(seen, last)
	if before == 0 && len(gone) == 0 {
		return seen, false
	}
	for i := range gone {
		if wait := l.linger(&gone[i]); wait > 0 {
			l.ghosts = append(l.ghosts, ghost{service: bare(gone[i]), until: now.Add(wait)})
		}
	}
	l.lay(seen, now)
	changed = len(gone) > 0 || len(l.ghosts) != before
	shown = seen
	if len(l.ghosts) > 0 {
		shown = l.among(seen)
	}
	return shown, changed
}

// departed are the services that were there the last time. Both lists are sorted by id.
func (l *lingerer) departed(seen, last *snapshot.Swarm) (gone []snapshot.Service) {
	if last == nil || last == seen {
		return nil
	}
	rest := seen.Services
	for i := range last.Services {
		id := last.Services[i].ID
		for len(rest) > 0 && rest[0].ID < id {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0].ID != id {
			gone = append(gone, last.Services[i])
		}
	}
	return gone
}

// bare is the service without anything that could answer.
func bare(s snapshot.Service) snapshot.Service {
	s.Gone, s.Converging, s.Tasks, s.VIPs = true, false, nil, nil
	return s
}

// lay ends those whose time is over or whose name is taken again.
func (l *lingerer) lay(seen *snapshot.Swarm, now time.Time) {
	names := make(map[string]bool, len(seen.Services))
	for i := range seen.Services {
		names[seen.Services[i].Name] = true
	}
	l.next = time.Time{}
	l.ghosts = slices.DeleteFunc(l.ghosts, func(g ghost) bool {
		over := !now.Before(g.until) || names[g.service.Name]
		if !over && (l.next.IsZero() || g.until.Before(l.next)) {
			l.next = g.until
		}
		return over
	})
}

func (l *lingerer) among(seen *snapshot.Swarm) *snapshot.Swarm {
	shown := *seen
	shown.Services = slices.Grow(slices.Clone(seen.Services), len(l.ghosts))
	for _, g := range l.ghosts {
		shown.Services = append(shown.Services, g.service)
	}
	slices.SortFunc(shown.Services, func(a, b snapshot.Service) int { return cmp.Compare(a.ID, b.ID) })
	return &shown
}
