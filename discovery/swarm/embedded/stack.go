package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/cli/cli/compose/loader"
	compose "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// Deploy is docker stack deploy: it makes the file's services, or changes those that are there, where only a change to what a
// container is made of replaces tasks. External networks that do not exist are made.
func (e *Engine) Deploy(stack string, file []byte) error {
	folder, _ := os.Getwd()
	_, err := e.DeployFrom(folder, stack, file)
	return err
}

// DeployFrom is Deploy of a file that lies in a folder: there its env_file is looked for. It returns the networks that the file
// leaves to others to make, by name.
func (e *Engine) DeployFrom(folder, stack string, file []byte) (external []string, err error) {
	config, err := e.load(folder, file)
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", stack, err)
	}
	specs, err := stackServices(stack, config)
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", stack, err)
	}
	e.install(specs, stackNetworks(stack, config))
	e.remember(stack, config)
	return externalNetworks(config), nil
}

// remember keeps which files a stack's services have.
func (e *Engine) remember(stack string, config *compose.Config) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range config.Services {
		s := &config.Services[i]
		e.files[stack+"_"+s.Name] = filesOf(s, config)
	}
}

// externalNetworks are overlay networks only: host and none are on every node, and no way from one container to another.
func externalNetworks(config *compose.Config) (names []string) {
	for _, declared := range config.Networks {
		if declared.External.External && container.NetworkMode(declared.Name).IsUserDefined() {
			names = append(names, declared.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (e *Engine) install(specs []swarm.ServiceSpec, networks map[string]network.CreateOptions) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if e.network(name) == nil {
			e.addNetwork(networks[name], name)
		}
	}
	for _, spec := range specs {
		e.deploy(spec)
	}
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
func (e *Engine) load(folder string, file []byte) (*compose.Config, error) {
	first := firstLine(file)
	if first == 0 {
		return nil, errors.New("the file is empty")
	}
	dict, err := loader.ParseYAML(file)
	if err != nil {
		return nil, unreadable(err, first)
	}
	config, err := loader.Load(compose.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []compose.ConfigFile{{Filename: "stack.yml", Config: dict}},
		Environment: e.environment(),
	})
	if err != nil {
		return nil, unfit(err)
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

// firstLine is the number of the first line that says something; 0 if none does.
func firstLine(file []byte) (number int) {
	for line := range bytes.Lines(file) {
		number++
		text := bytes.TrimSpace(line)
		if len(text) > 0 && text[0] != '#' && string(text) != "---" {
			return number
		}
	}
	return 0
}

// unreadable says where the YAML is wrong, and what should be there instead. The parser's line ("yaml: line 3: …") is where the block
// with the mistake begins, at times the line before: hence near. Lines of keys that are there twice ("yaml: unmarshal errors:\n  line 3: …",
// one for each) are right.
func unreadable(err error, first int) error {
	why, isYAML := strings.CutPrefix(err.Error(), "yaml: ")
	if !isYAML {
		return fmt.Errorf("the file is no stack file: at its top there must be keys, such as services:, and line %d begins otherwise", first)
	}
	if twice, ok := strings.CutPrefix(why, "unmarshal errors:\n"); ok {
		return fmt.Errorf("the file is not YAML at %s", strings.ReplaceAll(strings.TrimSpace(twice), "\n  ", "; "))
	}
	if strings.HasPrefix(why, "line ") {
		return fmt.Errorf("the file is not YAML near %s", why)
	}
	return fmt.Errorf("the file is not YAML: %s", why)
}

// unfit says what a file has that no stack may have, where docker's own words are wrong or hide it.
func unfit(err error) error {
	var missing *fs.PathError
	if errors.As(err, &missing) { // the only files that are opened
		return fmt.Errorf("env_file %s: %w", missing.Path, missing.Err)
	}
	var forbidden *loader.ForbiddenPropertiesError
	if errors.As(err, &forbidden) {
		keys := slices.Sorted(maps.Keys(forbidden.Properties))
		return fmt.Errorf("the file is no stack file: no service of a stack can have %s", strings.Join(keys, ", "))
	}
	text := strings.Replace(err.Error(), "must be a integer", "must be an integer", 1)
	text = eitherWay.ReplaceAllString(text, "$1 must be a list or a mapping")
	text = strings.Replace(text, "(root) ", "at its top: ", 1)
	return errors.New("the file is no stack file: " + text)
}

// eitherWay matches docker's words for what may be a list as well as a mapping: they name but one of the two.
var eitherWay = regexp.MustCompile(`^(services\..+\.networks|[a-z]+\..+\.(?:labels|environment|extra_hosts|sysctls|args)) must be a (?:list|mapping)$`)

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
