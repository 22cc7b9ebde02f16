package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Where two routers can listen at one address, as with start-first behind a balancer of the swarm's own or in one network
// namespace, the next one is there before the last one leaves. Two containers here have one network namespace, a
// third's.
func TestARouterThatSharesItsPortWithTheNextOneLosesNoRequest(t *testing.T) {
	swarm(t)
	docker(t, "network", "create", "--driver", "overlay", "--attachable", "port")
	t.Cleanup(func() { docker(t, "network", "rm", "port") })
	create(t, "neighbour", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:neighbour.test"), "--network", "port", "example/shop:1")...)
	served(t, "neighbour.test", 1)
	docker(t, "run", "--detach", "--name", "place", "--network", "port", "example/shop:1")
	t.Cleanup(func() { docker(t, "rm", "--force", "place") })
	address := gatewayAddress(t, "place") + ":80"

	routerIn(t, "place", "router-1")
	var load streams
	for _, k := range []kind{
		{name: "GET fresh", rate: 60, fresh: true}, {name: "POST fresh", rate: 20, fresh: true, post: true}, {name: "GET kept", rate: 20},
	} {
		load = append(load, pour(t, k, world.Dial, address, "neighbour.test"))
	}
	load.see(t, 1, nil)
	load.pardon()
	const updates = 3
	for i := range updates {
		last, next := fmt.Sprint("router-", i+1), fmt.Sprint("router-", i+2)
		routerIn(t, "place", next)
		docker(t, "stop", "--time", "30", last)
		if code := strings.TrimSpace(docker(t, "inspect", "--format", "{{.State.ExitCode}}", last)); code != "0" {
			t.Errorf("%s ended with %s", last, code)
		}
		load.forget()
		load.see(t, 1, nil)
	}
	load.toll().none(t, fmt.Sprintf("%d updates", updates))
}

// routerIn starts a router in the network namespace of a container, and returns when it serves.
func routerIn(t *testing.T, place, name string) {
	t.Helper()
	docker(t, "run", "--detach", "--name", name, "--network", "container:"+place, "--volume", "/var/run/docker.sock:/var/run/docker.sock",
		"appia:dev", "--web", "--docker.swarmmode", "--docker.domain=litup.me", "--docker.network=port", "--logLevel=INFO")
	t.Cleanup(func() { docker(t, "rm", "--force", name) })
	eventually(t, name+" serves", func() error {
		if logs := docker(t, "logs", name); !strings.Contains(logs, "listening") {
			return fmt.Errorf("its log has %q", logs)
		}
		return nil
	})
}

// gatewayAddress is where a container of an overlay network can be reached from its node.
func gatewayAddress(t *testing.T, container string) string {
	t.Helper()
	sandbox := strings.TrimSpace(docker(t, "inspect", "--format", "{{.NetworkSettings.SandboxID}}", container))
	end := time.Now().Add(10 * time.Second)
	for time.Now().Before(end) {
		all := docker(t, "network", "inspect", "--format", `{{range .Containers}}{{.Name}} {{.IPv4Address}}{{"\n"}}{{end}}`, "docker_gwbridge")
		for line := range strings.Lines(all) {
			name, address, _ := strings.Cut(strings.TrimSpace(line), " ")
			if name == "gateway_"+sandbox[:12] {
				ip, _, _ := strings.Cut(address, "/")
				return ip
			}
		}
	}
	t.Fatalf("%s is not on docker_gwbridge", container)
	return ""
}
