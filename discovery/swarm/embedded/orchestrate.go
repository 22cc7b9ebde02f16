package embedded

import (
	"slices"

	"github.com/docker/docker/api/types/swarm"
)

// A slot is where a task of a service stands: a replica's number, or for a global service a node.
type slot struct {
	number int
	node   string // empty: any
}

// reconcile moves a service one step nearer to its specification, and again after each step that was done at once. It looks at what
// is, never at what happened, so changes may overlap in any way. The caller holds mu.
func (e *Engine) reconcile(s *service) {
	if s.busy {
		s.again = true
		return
	}
	s.busy = true
	for s.again = true; s.again; {
		s.again = false
		e.step(s)
	}
	s.busy = false
}

func (e *Engine) step(s *service) {
	slots := e.slots(s)
	for _, t := range slices.Clone(s.tasks) {
		if !slices.Contains(slots, slotOf(t)) {
			e.stop(t, swarm.TaskStateRemove)
		}
	}
	for _, at := range slots {
		if s.vacant(at) {
			e.start(e.newTask(s, at))
		}
	}
	e.update(s, slots)
}

func (e *Engine) slots(s *service) (slots []slot) {
	switch mode := s.Spec.Mode; {
	case s.removed:
	case mode.Global != nil:
		for _, n := range e.nodes {
			slots = append(slots, slot{node: n.ID})
		}
	case mode.Replicated != nil:
		for i := range replicasOf(mode) {
			slots = append(slots, slot{number: i + 1})
		}
	}
	return slots
}

func replicasOf(mode swarm.ServiceMode) int {
	if mode.Replicated.Replicas == nil {
		return 1
	}
	return int(*mode.Replicated.Replicas)
}

func slotOf(t *task) slot {
	if t.Slot == 0 {
		return slot{node: t.NodeID}
	}
	return slot{number: t.Slot}
}

// vacant: nothing is there, nothing is about to be, and what was there is gone, as a replacement waits for its predecessor to stop.
// What failed and may not be restarted keeps its place until the service is updated.
func (s *service) vacant(at slot) bool {
	return !slices.ContainsFunc(s.tasks, func(t *task) bool {
		return slotOf(t) == at && (!isOver(t) || !restarts(t) && t.generation == s.generation)
	})
}

func isOver(t *task) bool {
	return t.Status.State == swarm.TaskStateFailed || t.Status.State == swarm.TaskStateShutdown
}

// update replaces outdated tasks, as many at a time as the service allows.
func (e *Engine) update(s *service, slots []slot) {
	var outdated, moving int
	for _, at := range slots {
		switch {
		case s.isMoving(at):
			moving++
		case s.isOutdated(at):
			outdated++
		}
	}
	if outdated+moving == 0 {
		e.finishUpdate(s)
		return
	}
	for _, at := range slots {
		if outdated > 0 && (s.parallelism() == 0 || moving < s.parallelism()) && s.isOutdated(at) && !s.isMoving(at) {
			outdated--
			moving++
			e.replace(s, at)
		}
	}
}

func (s *service) isMoving(at slot) bool {
	return slices.ContainsFunc(s.tasks, func(t *task) bool {
		return slotOf(t) == at && (t.DesiredState != swarm.TaskStateRunning || t.Status.State != swarm.TaskStateRunning)
	})
}

func (s *service) isOutdated(at slot) bool {
	return slices.ContainsFunc(s.tasks, func(t *task) bool {
		return slotOf(t) == at && t.generation < s.generation && t.DesiredState == swarm.TaskStateRunning
	})
}

func (s *service) parallelism() int {
	if s.Spec.UpdateConfig == nil {
		return 1
	}
	return int(s.Spec.UpdateConfig.Parallelism)
}

// replace begins to put a new task in an old one's slot: start-first, the new one ends the old by running (see started); stop-first,
// the old one's end leaves the slot vacant.
func (e *Engine) replace(s *service, at slot) {
	if s.Spec.UpdateConfig != nil && s.Spec.UpdateConfig.Order == swarm.UpdateOrderStartFirst {
		e.start(e.newTask(s, at))
		return
	}
	for _, t := range slices.Clone(s.tasks) {
		if slotOf(t) == at {
			e.stop(t, swarm.TaskStateShutdown)
		}
	}
}

func (e *Engine) beginUpdate(s *service) {
	now := e.options.Now().UTC()
	s.generation++
	s.UpdateStatus = &swarm.UpdateStatus{State: swarm.UpdateStateUpdating, StartedAt: &now, Message: "update in progress"}
}

func (e *Engine) finishUpdate(s *service) {
	if s.UpdateStatus == nil || s.UpdateStatus.State != swarm.UpdateStateUpdating {
		return
	}
	now := e.options.Now().UTC()
	s.UpdateStatus.State, s.UpdateStatus.CompletedAt, s.UpdateStatus.Message = swarm.UpdateStateCompleted, &now, "update completed"
	e.updated(s, nil)
}
