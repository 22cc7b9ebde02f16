package embedded

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/docker/cli/cli/compose/loader"
	compose "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/swarm"
)

// Deploy is docker stack deploy: it makes the file's services, or changes those that are there, where only a change to what a
// container is made of replaces tasks. External networks that do not exist are made.
func (e *Engine) Deploy(stack string, file []byte) error {
	config, err := e.load(file)
	if err != nil {
		return fmt.Errorf("stack %s: %w", stack, err)
	}
	specs, err := stackServices(stack, config)
	if err != nil {
		return fmt.Errorf("stack %s: %w", stack, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	networks := stackNetworks(stack, config)
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if e.network(name) == nil {
			e.addNetwork(networks[name], name)
		}
	}
	for _, spec := range specs {
		e.deploy(spec)
	}
	return nil
}

func (e *Engine) deploy(spec swarm.ServiceSpec) {
	s := e.service(spec.Name)
	if s == nil {
		e.create(spec)
		return
	}
	before := s.Spec
	spec.TaskTemplate.ForceUpdate = before.TaskTemplate.ForceUpdate
	e.specify(s, spec)
	if !reflect.DeepEqual(before.TaskTemplate, s.Spec.TaskTemplate) {
		e.beginUpdate(s)
	}
	if !reflect.DeepEqual(before, s.Spec) {
		e.updated(s, nil)
	}
	e.reconcile(s)
}

// load reads a stack file with docker's own loader, which checks it against the Compose schema.
func (e *Engine) load(file []byte) (*compose.Config, error) {
	dict, err := loader.ParseYAML(file)
	if err != nil {
		return nil, unreadable(err)
	}
	folder, _ := os.Getwd()
	config, err := loader.Load(compose.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []compose.ConfigFile{{Filename: "stack.yml", Config: dict}},
		Environment: e.environment(),
	})
	if err != nil {
		return nil, fmt.Errorf("the file is no stack file: %w", err)
	}
	for _, s := range config.Services {
		if s.Image == "" {
			return nil, fmt.Errorf("the file is no stack file: services.%s names no image", s.Name)
		}
	}
	if len(config.Services) == 0 {
		return nil, errors.New("the file is no stack file: it has no services")
	}
	slices.SortFunc(config.Services, func(a, b compose.ServiceConfig) int { return strings.Compare(a.Name, b.Name) })
	return config, nil
}

// unreadable says where the YAML is wrong, and what should be there instead. The parser's line ("yaml: line 3: …") is where the block
// with the mistake begins, at times the line before: hence near.
func unreadable(err error) error {
	where, isYAML := strings.CutPrefix(err.Error(), "yaml: ")
	if isYAML {
		return fmt.Errorf("the file is not YAML near %s", where)
	}
	return errors.New("the file is no stack file: at its top there must be keys, such as services:, and line 1 begins otherwise")
}

func (e *Engine) environment() map[string]string {
	if e.options.Environment != nil {
		return e.options.Environment
	}
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
