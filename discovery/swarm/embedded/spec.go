package embedded

import (
	"maps"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"
)

// A Spec is a service in few words, for those that no stack file describes.
type Spec struct {
	Name       string
	Labels     map[string]string
	Replicas   int
	Global     bool
	Networks   []string // made if they are not there
	Image      string
	DNSRR      bool
	StartFirst bool
}

// AddService makes services, many at a time if need be, and returns when their tasks run (at zero pace).
func (e *Engine) AddService(specs ...Spec) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, spec := range specs {
		e.create(spec.swarm())
	}
}

func (s Spec) swarm() swarm.ServiceSpec {
	spec := swarm.ServiceSpec{Annotations: swarm.Annotations{Name: s.Name, Labels: maps.Clone(s.Labels)}, EndpointSpec: &swarm.EndpointSpec{Mode: swarm.ResolutionModeVIP}}
	spec.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{Image: s.Image}
	for _, name := range s.Networks {
		spec.TaskTemplate.Networks = append(spec.TaskTemplate.Networks, swarm.NetworkAttachmentConfig{Target: name})
	}
	replicas := uint64(s.Replicas)
	spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &replicas}
	if s.Global {
		spec.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
	}
	if s.DNSRR {
		spec.EndpointSpec.Mode = swarm.ResolutionModeDNSRR
	}
	if s.StartFirst {
		spec.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, Order: swarm.UpdateOrderStartFirst}
	}
	return spec
}

// create makes a service and the networks that it names. The caller holds mu.
func (e *Engine) create(spec swarm.ServiceSpec) *service {
	s := &service{Service: swarm.Service{ID: e.id(), Meta: e.newMeta()}}
	e.specify(s, spec)
	e.services = append(e.services, s)
	e.commitService(storeCreate, s)
	e.emit(serviceEvent(s, "create", nil))
	e.reconcile(s)
	return s
}

// specify gives a service its specification, with the networks' names turned into ids as the engine does. The node's own networks
// (host, none, bridge) give a task no address that others could use.
func (e *Engine) specify(s *service, spec swarm.ServiceSpec) {
	for i := range spec.TaskTemplate.Networks {
		if target := spec.TaskTemplate.Networks[i].Target; container.NetworkMode(target).IsUserDefined() {
			spec.TaskTemplate.Networks[i].Target = e.needNetwork(target).ID
		}
	}
	s.Spec = spec
	s.Endpoint.Spec, s.Endpoint.Ports = swarm.EndpointSpec{}, nil
	if spec.EndpointSpec != nil && spec.EndpointSpec.Mode != swarm.ResolutionModeDNSRR {
		s.Endpoint.Spec, s.Endpoint.Ports = *spec.EndpointSpec, spec.EndpointSpec.Ports
	}
	e.assignVIPs(s)
}
