package swarm

import (
	"cmp"
	"maps"
	"slices"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// A picture is the swarm in pieces, each with the version of the store that last changed it. A look at the Engine API
// makes one; what the store's watch tells is then applied piece by piece, so that a change costs what changes and not
// what there is. It is not safe for concurrent use.
type picture struct {
	around snapshot.Swarm     // all but the services
	pieces map[string]*pieces // by service id
	// The highest version that the look saw, by the list of services and by that of tasks, which is the later one. What is
	// older than that, and not in the list, was gone by then.
	newestService, newestTask uint64
	dirty                     map[string]bool // ids of services that changed since made
	made                      *snapshot.Swarm // nil: never
}

// pieces are a service and its tasks. Either may be known without the other: a service that is removed is gone at once,
// and its tasks run on for seconds.
type pieces struct {
	service *seenService
	tasks   map[string]seenTask // those that shall run: see wantedTasks
}

// A seenService is a service without its tasks.
type seenService struct {
	version  uint64
	job      bool // its tasks end by themselves; nothing is ever routed to them
	updating bool // a paused update is not one: it waits for a person
	service  snapshot.Service
}

// A seenTask is a task in any state.
type seenTask struct {
	version uint64
	service string
	wanted  bool // shall run, now or as soon as its predecessor is out of the way
	// running asks both states: the desired one leaves running some 3 s before the container hears of it, and who heeds
	// that loses no request.
	running bool
	task    snapshot.Task
}

func newPicture(services []seenService, tasks []seenTask, networks []snapshot.Network) *picture {
	p := &picture{pieces: make(map[string]*pieces, len(services)), dirty: make(map[string]bool, len(services))}
	p.around.Networks = networks
	for i := range services {
		p.setService(services[i])
	}
	for i := range tasks {
		p.setTask(tasks[i])
	}
	for i := range services {
		p.newestService = max(p.newestService, services[i].version)
	}
	p.newestTask = p.newestService
	for i := range tasks {
		p.newestTask = max(p.newestTask, tasks[i].version)
	}
	return p
}

// of returns the pieces of a service, and makes place for them.
func (p *picture) of(service string) *pieces {
	found := p.pieces[service]
	if found == nil {
		found = &pieces{}
		p.pieces[service] = found
	}
	p.dirty[service] = true
	return found
}

func (p *picture) setService(s seenService) {
	if s.job {
		p.dropService(s.service.ID)
		return
	}
	p.of(s.service.ID).service = &s
}

func (p *picture) dropService(id string) {
	if p.pieces[id] != nil {
		p.of(id).service = nil
		p.tidy(id)
	}
}

func (p *picture) setTask(t seenTask) {
	if !t.wanted {
		p.dropTask(t.service, t.task.ID)
		return
	}
	of := p.of(t.service)
	if of.tasks == nil {
		of.tasks = map[string]seenTask{}
	}
	of.tasks[t.task.ID] = t
}

func (p *picture) dropTask(service, id string) {
	if p.pieces[service] != nil {
		delete(p.of(service).tasks, id)
		p.tidy(service)
	}
}

func (p *picture) tidy(service string) {
	if of := p.pieces[service]; of.service == nil && len(of.tasks) == 0 {
		delete(p.pieces, service)
	}
}

// apply takes in one change that the store told of. Versions decide whether it is news: the look that made the picture
// may have seen it already, and even, on a follower that lags behind its leader, what came after.
func (p *picture) apply(c *change) {
	switch {
	case c.task != nil && c.removed:
		p.dropTask(c.task.service, c.task.task.ID)
	case c.task != nil && isNews(c.task.version, p.taskVersion(c.task), p.newestTask):
		p.setTask(*c.task)
	case c.service != nil && c.removed:
		p.dropService(c.service.service.ID)
	case c.service != nil && isNews(c.service.version, p.serviceVersion(c.service.service.ID), p.newestService):
		p.setService(*c.service)
	}
}

// isNews compares a change's version with that of what is held, 0 for nothing, and with the newest that the look saw. Two
// changes of one commit have one version, and the later one counts.
func isNews(version, held, newest uint64) bool {
	if held > 0 {
		return version >= held
	}
	return version > newest
}

func (p *picture) taskVersion(t *seenTask) uint64 {
	if of := p.pieces[t.service]; of != nil {
		return of.tasks[t.task.ID].version
	}
	return 0
}

func (p *picture) serviceVersion(id string) uint64 {
	if of := p.pieces[id]; of != nil && of.service != nil {
		return of.service.version
	}
	return 0
}

// swarm puts the pieces together. What did not change since the last time is taken from there, and if nothing did it is
// the same swarm. It is sorted, so that an order that nobody promises cannot look like a change.
func (p *picture) swarm() *snapshot.Swarm {
	if p.made != nil && len(p.dirty) == 0 {
		return p.made
	}
	made := p.around
	made.Services = p.kept()
	for id := range p.dirty {
		if of := p.pieces[id]; of != nil && of.service != nil {
			made.Services = append(made.Services, of.assemble())
		}
	}
	slices.SortFunc(made.Services, func(a, b snapshot.Service) int { return cmp.Compare(a.ID, b.ID) })
	p.made = &made
	clear(p.dirty)
	return p.made
}

// kept are the services made before that have not changed, in a list of their own.
func (p *picture) kept() []snapshot.Service {
	if p.made == nil {
		return nil
	}
	kept := make([]snapshot.Service, 0, len(p.made.Services)+len(p.dirty))
	for i := range p.made.Services {
		if !p.dirty[p.made.Services[i].ID] {
			kept = append(kept, p.made.Services[i])
		}
	}
	return kept
}

func (of *pieces) assemble() snapshot.Service {
	s := of.service.service
	for _, id := range slices.Sorted(maps.Keys(of.tasks)) {
		if t := of.tasks[id]; t.running {
			s.Tasks = append(s.Tasks, t.task)
		}
	}
	s.Converging = of.service.updating || len(s.Tasks) != len(of.tasks) || isShort(&s)
	return s
}

// isShort, or long: while a replica waits for its restart there may be no task at all to tell of it.
func isShort(s *snapshot.Service) bool { return s.Wanted >= 0 && len(s.Tasks) != s.Wanted }
