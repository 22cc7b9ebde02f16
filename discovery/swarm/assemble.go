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

// picture says in our words what the lists say in docker's.
func (l lists) picture() *picture {
	services, tasks := make([]seenService, len(l.services)), make([]seenTask, len(l.tasks))
	for i := range l.services {
		services[i] = service(&l.services[i])
	}
	for i := range l.tasks {
		tasks[i] = task(&l.tasks[i])
	}
	return newPicture(services, tasks, networks(l.networks))
}

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

func service(s *swarm.Service) seenService {
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
	return seenService{
		version: s.Version.Index, service: service, updating: isUpdating(s.UpdateStatus),
		job: s.Spec.Mode.ReplicatedJob != nil || s.Spec.Mode.GlobalJob != nil,
	}
}

// labels keeps the ones that a router reads or that may have been meant for one.
func labels(all map[string]string) map[string]string {
	var kept map[string]string
	for name, value := range all {
		if !snapshot.Wanted(name, value) {
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

func isUpdating(u *swarm.UpdateStatus) bool {
	return u != nil && (u.State == swarm.UpdateStateUpdating || u.State == swarm.UpdateStateRollbackStarted)
}

func task(t *swarm.Task) seenTask {
	seen := seenTask{
		version: t.Version.Index, service: t.ServiceID, task: snapshot.Task{ID: t.ID, Slot: t.Slot, Node: t.NodeID},
		wanted:  t.DesiredState == swarm.TaskStateRunning || t.DesiredState == swarm.TaskStateReady,
		running: t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning,
	}
	for i := range t.NetworksAttachments {
		for _, address := range t.NetworksAttachments[i].Addresses {
			seen.task.Addresses = appendAddress(seen.task.Addresses, t.NetworksAttachments[i].Network.ID, address)
		}
	}
	sortAddresses(seen.task.Addresses)
	return seen
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
