package embedded

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/swarm"
)

// SetLabel is docker service update --label-add: no task is touched.
func (e *Engine) SetLabel(name, label, value string) error {
	return e.relabel(name, func(labels map[string]string) { labels[label] = value })
}

// RemoveLabel is docker service update --label-rm.
func (e *Engine) RemoveLabel(name, label string) error {
	return e.relabel(name, func(labels map[string]string) { delete(labels, label) })
}

func (e *Engine) relabel(name string, change func(labels map[string]string)) error {
	return e.with(name, func(s *service) error {
		labels := map[string]string{}
		maps.Copy(labels, s.Spec.Labels)
		change(labels)
		s.Spec.Labels = labels
		e.updated(s, nil)
		return nil
	})
}

// Scale is docker service scale.
func (e *Engine) Scale(name string, replicas int) error {
	return e.with(name, func(s *service) error {
		if s.Spec.Mode.Replicated == nil {
			return fmt.Errorf("service %s is global: it has a task on each node and cannot be scaled", name)
		}
		old, wanted := replicasOf(s.Spec.Mode), uint64(replicas)
		s.Spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &wanted}
		e.updated(s, map[string]string{"replicas.old": strconv.Itoa(old), "replicas.new": strconv.Itoa(replicas)})
		e.reconcile(s)
		return nil
	})
}

// Update is docker service update --force: each task is replaced by one like it.
func (e *Engine) Update(name string) error {
	return e.with(name, func(s *service) error {
		s.Spec.TaskTemplate.ForceUpdate++
		e.beginUpdate(s)
		e.updated(s, nil)
		e.reconcile(s)
		return nil
	})
}

// KillTask lets the container in a slot die, unannounced. For a global service the slot is the node's number. Both count from 1.
func (e *Engine) KillTask(name string, number int) error {
	return e.with(name, func(s *service) error {
		for _, t := range s.tasks {
			if e.number(t) == number && t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning {
				e.fail(t)
				return nil
			}
		}
		return fmt.Errorf("service %s has no running task %d", name, number)
	})
}

func (e *Engine) number(t *task) int {
	if t.Slot > 0 {
		return t.Slot
	}
	return 1 + slices.IndexFunc(e.nodes, func(n *swarm.Node) bool { return n.ID == t.NodeID })
}

// RemoveService is docker service rm: the service is gone at once, its tasks when they have stopped.
func (e *Engine) RemoveService(name string) error {
	return e.with(name, func(s *service) error {
		e.services = slices.DeleteFunc(e.services, func(other *service) bool { return other == s })
		e.ending = append(e.ending, s)
		s.removed = true
		vips := map[string]string{}
		for _, vip := range s.Endpoint.VirtualIPs {
			vips[vip.NetworkID] = vip.Addr
		}
		e.releaseVIPs(vips)
		e.commitService(storeRemove, s)
		e.emit(serviceEvent(s, "remove", nil))
		e.reconcile(s)
		return nil
	})
}

// with changes a service, found by its name or id, under mu.
func (e *Engine) with(nameOrID string, change func(*service) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.service(nameOrID)
	if s == nil {
		return fmt.Errorf("there is no service %s", nameOrID)
	}
	return change(s)
}

func (e *Engine) service(nameOrID string) *service {
	for _, s := range e.services {
		if s.Spec.Name == nameOrID || s.ID == nameOrID {
			return s
		}
	}
	return nil
}

func (e *Engine) updated(s *service, more map[string]string) {
	e.touch(&s.Meta)
	e.commitService(storeUpdate, s)
	e.emit(serviceEvent(s, "update", more))
}

// RunContainer is docker run --network: a container that no service started. It returns its id.
func (e *Engine) RunContainer(name string, networks ...string) (id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &lone{id: e.containerID(), name: name}
	for _, name := range networks {
		c.networks = append(c.networks, e.needNetwork(name))
	}
	e.containers[c.id] = c
	return c.id
}
