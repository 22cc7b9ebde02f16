package embedded

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	compose "github.com/docker/cli/cli/compose/types"
	dockercontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// Docker's own conversion (cli/compose/convert) drags in the whole docker command, image signing and a gRPC stack: 11 MB for these few
// lines. They turn into a specification what a router or this engine looks at; testdata/stacks holds docker's answers to compare with.

func stackServices(stack string, config *compose.Config) (specs []swarm.ServiceSpec, err error) {
	for i := range config.Services {
		spec, err := stackService(stack, &config.Services[i], config.Networks)
		if err != nil {
			return nil, fmt.Errorf("services.%s: %w", config.Services[i].Name, err)
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

func stackService(stack string, s *compose.ServiceConfig, networks map[string]compose.NetworkConfig) (spec swarm.ServiceSpec, err error) {
	spec.Name = stack + "_" + s.Name
	spec.Labels = stackLabels(stack, s.Deploy.Labels)
	spec.Labels["com.docker.stack.image"] = s.Image
	spec.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{
		Image: s.Image, Command: s.Entrypoint, Args: s.Command, Hostname: s.Hostname,
		Env: environment(s.Environment), Labels: stackLabels(stack, s.Labels),
	}
	if policy := s.Deploy.RestartPolicy; policy != nil {
		spec.TaskTemplate.RestartPolicy = &swarm.RestartPolicy{
			Condition: swarm.RestartPolicyCondition(policy.Condition), Delay: compose.ConvertDurationPtr(policy.Delay),
			MaxAttempts: policy.MaxAttempts, Window: compose.ConvertDurationPtr(policy.Window),
		}
	}
	spec.TaskTemplate.Networks, err = attachments(stack, s, networks)
	if err != nil {
		return spec, err
	}
	spec.EndpointSpec = endpointSpec(s)
	spec.UpdateConfig = updateConfig(s.Deploy.UpdateConfig)
	spec.RollbackConfig = updateConfig(s.Deploy.RollbackConfig)
	spec.Mode, err = mode(s.Deploy.Mode, s.Deploy.Replicas)
	return spec, err
}

func stackLabels(stack string, given map[string]string) map[string]string {
	labels := map[string]string{"com.docker.stack.namespace": stack}
	maps.Copy(labels, given)
	labels["com.docker.stack.namespace"] = stack
	return labels
}

func environment(given map[string]*string) (list []string) {
	for name, value := range given {
		if value != nil {
			name += "=" + *value
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func attachments(stack string, s *compose.ServiceConfig, networks map[string]compose.NetworkConfig) ([]swarm.NetworkAttachmentConfig, error) {
	given := s.Networks
	if len(given) == 0 {
		given = map[string]*compose.ServiceNetworkConfig{"default": nil}
	}
	list := []swarm.NetworkAttachmentConfig{}
	for name, config := range given {
		declared, found := networks[name]
		if !found && name != "default" {
			return nil, fmt.Errorf("undefined network %q", name)
		}
		attachment := swarm.NetworkAttachmentConfig{Target: cmp.Or(declared.Name, stack+"_"+name)}
		if config != nil {
			attachment.Aliases, attachment.DriverOpts = config.Aliases, config.DriverOpts
		}
		if dockercontainer.NetworkMode(attachment.Target).IsUserDefined() {
			attachment.Aliases = append(attachment.Aliases, s.Name)
		}
		list = append(list, attachment)
	}
	slices.SortFunc(list, func(a, b swarm.NetworkAttachmentConfig) int { return strings.Compare(a.Target, b.Target) })
	return list, nil
}

func endpointSpec(s *compose.ServiceConfig) *swarm.EndpointSpec {
	spec := &swarm.EndpointSpec{Mode: swarm.ResolutionMode(strings.ToLower(s.Deploy.EndpointMode)), Ports: []swarm.PortConfig{}}
	for _, port := range s.Ports {
		spec.Ports = append(spec.Ports, swarm.PortConfig{
			Protocol: swarm.PortConfigProtocol(port.Protocol), TargetPort: port.Target,
			PublishedPort: port.Published, PublishMode: swarm.PortConfigPublishMode(port.Mode),
		})
	}
	slices.SortStableFunc(spec.Ports, func(a, b swarm.PortConfig) int { return cmp.Compare(a.PublishedPort, b.PublishedPort) })
	return spec
}

func updateConfig(given *compose.UpdateConfig) *swarm.UpdateConfig {
	if given == nil {
		return nil
	}
	config := &swarm.UpdateConfig{
		Parallelism: 1, Delay: time.Duration(given.Delay), FailureAction: given.FailureAction,
		Monitor: time.Duration(given.Monitor), MaxFailureRatio: given.MaxFailureRatio, Order: given.Order,
	}
	if given.Parallelism != nil {
		config.Parallelism = *given.Parallelism
	}
	return config
}

func mode(name string, replicas *uint64) (mode swarm.ServiceMode, err error) {
	switch {
	case name == "replicated" || name == "":
		mode.Replicated = &swarm.ReplicatedService{Replicas: replicas}
	case name == "replicated-job":
		mode.ReplicatedJob = &swarm.ReplicatedJob{MaxConcurrent: replicas, TotalCompletions: replicas}
	case replicas != nil:
		err = fmt.Errorf("replicas can only be used with replicated or replicated-job mode")
	case name == "global":
		mode.Global = &swarm.GlobalService{}
	case name == "global-job":
		mode.GlobalJob = &swarm.GlobalJob{}
	default:
		err = fmt.Errorf("unknown mode: %s", name)
	}
	return mode, err
}

// stackNetworks are the networks to make: those that some service names and that are not another's.
func stackNetworks(stack string, config *compose.Config) map[string]network.CreateOptions {
	made := map[string]network.CreateOptions{}
	for _, s := range config.Services {
		names := slices.Collect(maps.Keys(s.Networks))
		if len(names) == 0 {
			names = []string{"default"}
		}
		for _, name := range names {
			declared := config.Networks[name]
			if declared.External.External {
				continue
			}
			options := network.CreateOptions{Labels: stackLabels(stack, declared.Labels), Internal: declared.Internal, Attachable: declared.Attachable}
			for _, pool := range declared.Ipam.Config {
				options.IPAM = &network.IPAM{Config: []network.IPAMConfig{{Subnet: pool.Subnet}}}
			}
			made[cmp.Or(declared.Name, stack+"_"+name)] = options
		}
	}
	return made
}
