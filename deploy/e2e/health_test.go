package e2e_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestATaskThatFailsItsHealthCheckIsOutUntilItPasses(t *testing.T) {
	swarm(t)
	create(t, "patient", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:patient.test",
		"traefik.backend.healthcheck.path=/health", "traefik.backend.healthcheck.interval=1s"),
		"--replicas", "2", "example/shop:1")...)
	patient := served(t, "patient.test", 2)
	ill := containers(t, "patient")[0]

	docker(t, "exec", ill, "/echo", "sick")
	eventually(t, "the sick task gets no request", func() error {
		seen, err := patient.tasks(20)
		if err == nil && (len(seen) != 1 || seen[ill] > 0) {
			err = fmt.Errorf("%v, and %s is sick", seen, ill)
		}
		return err
	})
	docker(t, "exec", ill, "/echo", "well")
	served(t, "patient.test", 2)
}

func TestTheImagesOwnHealthCheckPasses(t *testing.T) {
	swarm(t)
	eventually(t, "the container is healthy", func() error {
		running := containers(t, router)
		if len(running) != 1 {
			return fmt.Errorf("containers %v", running)
		}
		if state := docker(t, "inspect", "--format", "{{.State.Health.Status}}", running[0]); strings.TrimSpace(state) != "healthy" {
			return fmt.Errorf("it is %s", state)
		}
		return nil
	})
}
