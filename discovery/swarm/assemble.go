package swarm

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// swarm says in our words what the lists say in docker's. It is sorted, so that the engine's order, which it does not promise,
// cannot look like a change.
func (l lists) swarm() *snapshot.Swarm {
	s := &snapshot.Swarm{Networks: networks(l.networks)}
	tasks := make(map[string][]swarm.Task, len(l.services))
	for _, t := range l.tasks {
		tasks[t.ServiceID] = append(tasks[t.ServiceID], t)
	}
	for i := range l.services {
		// A job's tasks end by themselves; nothing is ever routed to them.
		if isJob(l.services[i].Spec.Mode) {
			continue
		}
		s.Services = append(s.Services, service(&l.services[i], tasks[l.services[i].ID]))
	}
	slices.SortFunc(s.Services, func(a, b snapshot.Service) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

func isJob(mode swarm.ServiceMode) bool { return mode.ReplicatedJob != nil || mode.GlobalJob != nil }

func networks(list []network.Summary) []snapshot.Network {
	var all []snapshot.Network
	for i := range list {
		// Asked for already, but a proxy between may not pass the question on, and a local network is no way to a task.
		if list[i].Scope == "swarm" {
			all = append(all, snapshot.Network{ID: list[i].ID, Name: list[i].Name, Ingress: list[i].Ingress})
		}
	}
	slices.SortFunc(all, func(a, b snapshot.Network) int { return cmp.Compare(a.ID, b.ID) })
	return slices.Compact(all)
}

func service(s *swarm.Service, tasks []swarm.Task) snapshot.Service {
	service := snapshot.Service{
		ID:      s.ID,
		Name:    s.Spec.Name,
		Created: s.CreatedAt.UTC(),
		Global:  s.Spec.Mode.Global != nil,
		Labels:  labels(s.Spec.Labels),
		// Asked of the specification: the endpoint of such a service is empty (seen on 20.10).
		DNSRR:  s.Spec.EndpointSpec != nil && s.Spec.EndpointSpec.Mode == swarm.ResolutionModeDNSRR,
		Wanted: wanted(s.Spec.Mode),
	}
	if container := s.Spec.TaskTemplate.ContainerSpec; container != nil {
		service.ContainerLabels = slices.Sorted(maps.Keys(labels(container.Labels)))
	}
	for _, vip := range s.Endpoint.VirtualIPs {
		service.VIPs = appendAddress(service.VIPs, vip.NetworkID, vip.Addr)
	}
	sortAddresses(service.VIPs)
	for i := range tasks {
		if isRunning(&tasks[i]) {
			service.Tasks = append(service.Tasks, task(&tasks[i]))
		}
	}
	slices.SortFunc(service.Tasks, func(a, b snapshot.Task) int { return cmp.Compare(a.ID, b.ID) })
	service.Converging = isUpdating(s.UpdateStatus) || len(service.Tasks) != len(tasks) || isShort(&service)
	return service
}

// isShort, or long: while a replica waits for its restart there may be no task at all to tell of it.
func isShort(s *snapshot.Service) bool { return s.Wanted >= 0 && len(s.Tasks) != s.Wanted }

// labels keeps the ones that a router reads or that may have been meant for one.
func labels(all map[string]string) map[string]string {
	var kept map[string]string
	for name, value := range all {
		if !snapshot.Wanted(name) {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[name] = value
	}
	return kept
}

func wanted(mode swarm.ServiceMode) int {
	switch {
	case mode.Replicated == nil:
		return -1
	case mode.Replicated.Replicas == nil:
		return 1
	}
	return int(*mode.Replicated.Replicas)
}

// isUpdating: a paused update is not converging; it waits for a person.
func isUpdating(u *swarm.UpdateStatus) bool {
	return u != nil && (u.State == swarm.UpdateStateUpdating || u.State == swarm.UpdateStateRollbackStarted)
}

// isRunning asks both states: the desired one leaves running some 3 s before the container hears of it, and who heeds that loses no request.
func isRunning(t *swarm.Task) bool {
	return t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning
}

func task(t *swarm.Task) snapshot.Task {
	task := snapshot.Task{ID: t.ID, Slot: t.Slot, Node: t.NodeID}
	for i := range t.NetworksAttachments {
		for _, address := range t.NetworksAttachments[i].Addresses {
			task.Addresses = appendAddress(task.Addresses, t.NetworksAttachments[i].Network.ID, address)
		}
	}
	sortAddresses(task.Addresses)
	return task
}

// appendAddress reads 10.0.1.5/24, as swarm writes addresses. An address not yet given is empty text.
func appendAddress(list []snapshot.Address, network, text string) []snapshot.Address {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return list
	}
	return append(list, snapshot.Address{Network: network, IP: prefix.Addr()})
}

func sortAddresses(list []snapshot.Address) {
	slices.SortFunc(list, func(a, b snapshot.Address) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), a.IP.Compare(b.IP))
	})
}
