package embedded

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// The .docker.json files are what cli/compose/convert of docker/cli v28.5.2 made of the .yml files, cut to the fields that this package fills.
func TestStackFilesAreConvertedAsDockerDoes(t *testing.T) {
	files, err := filepath.Glob("testdata/stacks/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no stack files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			stack := strings.TrimSuffix(filepath.Base(file), ".yml")
			config, err := New(Options{Environment: map[string]string{}}).load("", read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			specs, err := stackServices(stack, config)
			if err != nil {
				t.Fatal(err)
			}
			converted := struct {
				Services map[string]swarm.ServiceSpec
				Networks map[string]network.CreateOptions
			}{map[string]swarm.ServiceSpec{}, stackNetworks(stack, config)}
			for _, spec := range specs {
				converted.Services[spec.Name] = spec
			}
			got, err := json.MarshalIndent(converted, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if want := read(t, strings.TrimSuffix(file, ".yml")+".docker.json"); string(got)+"\n" != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestABadStackFileIsRefusedWithWordsThatSayWhere(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a stray quote", "services:\n  web:\n    image: x\n    deploy:\n      labels:\n        - \"traefik.frontend.rule=Host:a\";PathPrefixStrip:/b\"\n", "stack s: the file is not YAML near line 5"},
		{"a tab", "services:\n\tweb: {}\n", "the file is not YAML near line 2"},
		{"prose", "hello there", "line 1 begins otherwise"},
		{"prose after remarks", "# a stack\n\nhello there", "line 3 begins otherwise"},
		{"empty", "", "stack s: the file is empty"},
		{"only remarks", "---\n# nothing yet\n\n", "stack s: the file is empty"},
		{"a key twice", "services:\n  web:\n    image: x\n    image: y\n", "stack s: the file is not YAML at line 4: mapping key \"image\" already defined at line 3"},
		{"keys twice", "services:\n  a: {image: x}\n  a: {image: x}\n  b: {image: x}\n  b: {image: x}\n", "not YAML at line 3: mapping key \"a\" already defined at line 2; line 5: mapping key"},
		{"an unknown anchor", "services: *web\n", "the file is not YAML: unknown anchor 'web' referenced"},
		{"labels as text", "services: {web: {image: x, deploy: {labels: traefik.port=80}}}\n", "services.web.deploy.labels must be a list or a mapping"},
		{"environment as text", "services: {web: {image: x, environment: A=b}}\n", "services.web.environment must be a list or a mapping"},
		{"networks as text", "services: {web: {image: x, networks: front}}\n", "services.web.networks must be a list or a mapping"},
		{"a service named labels", "services: {labels: x}\n", "services.labels must be a mapping"},
		{"an integer as text", "services: {web: {image: x, deploy: {replicas: two}}}\n", "services.web.deploy.replicas must be an integer"},
		{"a missing env_file", "services: {web: {image: x, env_file: /nowhere/web.env}}\n", "stack s: env_file /nowhere/web.env: no such file or directory"},
		{"a forbidden key", "services: {web: {image: x, extends: base}}\n", "no service of a stack can have extends"},
		{"a service at the top", "web: {image: x}\n", "at its top: Additional property web is not allowed"},
		{"an unknown key", "version: '3.6'\nservices: {web: {image: x, replica: 2}}\n", "services.web Additional property replica is not allowed"},
		{"a wrong type", "version: '3.6'\nservices: {web: {image: x, deploy: {replicas: two}}}\n", "services.web.deploy.replicas"},
		{"an old version", "version: '2'\nservices: {web: {image: x}}\n", "version"},
		{"no image", "version: '3.6'\nservices: {web: {deploy: {replicas: 1}}}\n", "services.web names no image"},
		{"no services", "version: '3.6'\n", "it has no services"},
		{"an unknown network", "version: '3.6'\nservices: {web: {image: x, networks: [n]}}\n", "services.web: undefined network \"n\""},
		{"replicas of a global service", "version: '3.6'\nservices: {web: {image: x, deploy: {mode: global, replicas: 2}}}\n", "services.web: replicas can only be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := New(Options{})
			defer e.Close()
			err := e.Deploy("s", []byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "stack s: ") {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if len(e.Services()) != 0 {
				t.Error("something of it was deployed")
			}
		})
	}
}

func TestAnEnvFileIsLookedForBesideItsStackFile(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "web.env"), []byte("A=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := New(Options{})
	defer e.Close()
	if _, err := e.DeployFrom(folder, "s", []byte("services: {web: {image: x, env_file: web.env}}")); err != nil {
		t.Fatal(err)
	}
	if env := e.Services()[0].Tasks[0].Env; len(env) != 1 || env[0] != "A=b" {
		t.Errorf("the environment is %v", env)
	}
}

func TestExternalNetworksAreToldByTheNamesTheyHaveOutside(t *testing.T) {
	for file, want := range map[string]string{
		"services: {web: {image: x}}": "",
		"{services: {web: {image: x, networks: [back]}}, networks: {back: {internal: true}}}":                                   "",
		"{services: {web: {image: x}}, networks: {public: {external: true}}}":                                                   "public",
		"{services: {web: {image: x}}, networks: {default: {external: true, name: edge}, b: {external: true}}}":                 "b edge",
		"{version: '3.4', services: {web: {image: x}}, networks: {public: {external: {name: edge}}}}":                           "edge",
		"{services: {web: {image: x}}, networks: {a: {external: true, name: host}, b: {external: true}, c: {external: false}}}": "b",
	} {
		e := New(Options{})
		external, err := e.DeployFrom("", "s", []byte(file))
		if got := strings.Join(external, " "); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", file, got, err, want)
		}
		e.Close()
	}
}

func TestVariablesInAStackFileAreReplaced(t *testing.T) {
	e := New(Options{Environment: map[string]string{"TAG": "7"}})
	defer e.Close()
	if err := e.Deploy("s", []byte("services: {web: {image: 'x:${TAG}'}}")); err != nil {
		t.Fatal(err)
	}
	if image := e.Services()[0].Tasks[0].Image; image != "x:7" {
		t.Errorf("the image is %s", image)
	}
}

func TestDeployingAgainReplacesTasksOnlyWhereTheContainerChanges(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	const one, two = "services: {a: {image: x}, b: {image: x}}", "services: {a: {image: x, deploy: {labels: {l: v}}}, b: {image: y}}"
	deploy := func(file string) (a, b string) {
		if err := e.Deploy("s", []byte(file)); err != nil {
			t.Fatal(err)
		}
		services := e.Services()
		if len(services) != 2 || len(services[0].Tasks) != 1 || len(services[1].Tasks) != 1 {
			t.Fatalf("got %+v", services)
		}
		return services[0].Tasks[0].ID, services[1].Tasks[0].ID
	}
	a, b := deploy(one)
	if sameA, sameB := deploy(one); sameA != a || sameB != b {
		t.Error("an unchanged file replaced tasks")
	}
	sameA, otherB := deploy(two)
	if sameA != a {
		t.Error("a label replaced a task")
	}
	if otherB == b {
		t.Error("another image replaced no task")
	}
	if e.Services()[0].Labels["l"] != "v" {
		t.Error("the label is not there")
	}
}
