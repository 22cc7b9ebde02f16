package embedded

import (
	"slices"

	"github.com/docker/docker/api/types/swarm"
)

// newTask makes a task, not yet started.
func (e *Engine) newTask(s *service, at slot) *task {
	node := at.node
	if node == "" {
		node = e.nodes[(at.number-1)%len(e.nodes)].ID
	}
	t := &task{service: s, generation: s.generation, Task: swarm.Task{
		ID: e.id(), Meta: e.newMeta(), Spec: s.Spec.TaskTemplate,
		ServiceID: s.ID, Slot: at.number, NodeID: node, DesiredState: swarm.TaskStateRunning,
	}}
	t.Status.State = swarm.TaskStateNew
	e.assignAddresses(t)
	s.tasks = append(s.tasks, t)
	e.commitTask(storeCreate, t)
	return t
}

// start takes a task to running. Each step finds out for itself whether it still shall.
func (e *Engine) start(t *task) {
	e.become(t, swarm.TaskStatePreparing)
	e.after(e.options.Pace.Start/2, func() {
		if t.DesiredState != swarm.TaskStateRunning {
			return
		}
		t.Status.ContainerStatus = &swarm.ContainerStatus{ContainerID: e.containerID(), PID: 1000 + e.made}
		e.become(t, swarm.TaskStateStarting)
		e.emit(e.containerEvent(t, "create"))
		e.after(e.options.Pace.Start/2, func() { e.started(t) })
	})
}

// started: it runs, and whatever was in its slot before is no longer needed.
func (e *Engine) started(t *task) {
	if t.DesiredState != swarm.TaskStateRunning {
		return
	}
	e.become(t, swarm.TaskStateRunning)
	e.emit(e.containerEvent(t, "start"))
	for _, other := range slices.Clone(t.service.tasks) {
		if other != t && slotOf(other) == slotOf(t) {
			e.stop(other, swarm.TaskStateShutdown)
		}
	}
	e.reconcile(t.service)
}

// stop tells a task to end: shutdown when another takes its place, remove when none does. It serves on until its container is told.
func (e *Engine) stop(t *task, desired swarm.TaskState) {
	if isOver(t) {
		e.remove(t)
		return
	}
	if t.DesiredState != swarm.TaskStateRunning && t.DesiredState != swarm.TaskStateReady {
		return
	}
	t.DesiredState = desired
	e.changed(t)
	e.after(e.options.Pace.Stop, func() { e.stopped(t) })
}

func (e *Engine) stopped(t *task) {
	if isOver(t) {
		return
	}
	e.emit(e.containerEvent(t, "kill"))
	e.quit(t)
	e.become(t, swarm.TaskStateShutdown)
	e.emit(e.containerEvent(t, "die"))
	e.remove(t)
	e.reconcile(t.service)
}

// fail is a container's death: nobody was warned. Its replacement is made ready at once and waits for the restart delay.
func (e *Engine) fail(t *task) {
	t.server.kill()
	t.Status.Err, t.Status.ContainerStatus.ExitCode = "task: non-zero exit (137)", 137
	t.DesiredState = swarm.TaskStateShutdown
	e.become(t, swarm.TaskStateFailed)
	e.emit(e.containerEvent(t, "die"))
	if !restarts(t) {
		return
	}
	next := e.newTask(t.service, slotOf(t))
	next.DesiredState = swarm.TaskStateReady
	e.become(next, swarm.TaskStateReady)
	e.after(e.options.Pace.Restart, func() {
		if next.DesiredState != swarm.TaskStateReady {
			return
		}
		next.DesiredState = swarm.TaskStateRunning
		e.start(next)
	})
}

func restarts(t *task) bool {
	policy := t.Spec.RestartPolicy
	return policy == nil || policy.Condition != swarm.RestartPolicyConditionNone
}

// remove forgets a task that is over. Real swarm keeps the last five of each slot for people to look at.
func (e *Engine) remove(t *task) {
	s := t.service
	s.tasks = slices.DeleteFunc(s.tasks, func(other *task) bool { return other == t })
	if s.removed && len(s.tasks) == 0 {
		e.ending = slices.DeleteFunc(e.ending, func(other *service) bool { return other == s })
	}
	e.releaseAddresses(t)
	e.commitTask(storeRemove, t)
}

func (e *Engine) become(t *task, state swarm.TaskState) {
	t.Status.State, t.Status.Message = state, string(state)
	t.Status.Timestamp = e.options.Now().UTC()
	e.changed(t)
}

func (e *Engine) changed(t *task) {
	e.touch(&t.Meta)
	t.encoded = nil
	e.commitTask(storeUpdate, t)
}
