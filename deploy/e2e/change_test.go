package e2e_test

import (
	"fmt"
	"slices"
	"testing"
)

func TestScalingUpAndDownLosesNoRequest(t *testing.T) {
	swarm(t)
	create(t, "scaled", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:scaled.test"),
		"--replicas", "2", "example/shop:1")...)
	served(t, "scaled.test", 2)
	l := steady(t, "scaled.test", 100)
	docker(t, "service", "scale", "--detach", "scaled=5")
	l.sees(5)
	docker(t, "service", "scale", "--detach", "scaled=1")
	settled(t, "scaled", 1)
	l.sees(1)
	l.unharmed()
}

// settled waits until a service has so many containers and no more.
func settled(t *testing.T, service string, count int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has %d containers", service, count), func() error {
		if now := containers(t, service); len(now) != count {
			return fmt.Errorf("it has %d", len(now))
		}
		return nil
	})
}

func TestAKilledTaskLosesNoRequest(t *testing.T) {
	swarm(t)
	create(t, "mortal", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:mortal.test"),
		"--replicas", "3", "--restart-delay", "1s", "example/shop:1")...)
	served(t, "mortal.test", 3)
	l := steady(t, "mortal.test", 200)
	for range 2 {
		l.sees(3)
		victim := containers(t, "mortal")[0]
		docker(t, "kill", "--signal", "KILL", victim)
		eventually(t, "the swarm replaces it", func() error {
			if now := containers(t, "mortal"); len(now) != 3 || slices.Contains(now, victim) {
				return fmt.Errorf("containers %v", now)
			}
			return nil
		})
	}
	l.sees(3)
	l.unharmed()
}

func TestARollingUpdateLosesNoRequest(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/blog.yml", "blog")
	served(t, "blog.litup.me", 2)
	before := containers(t, "blog_ghost")
	l := steady(t, "blog.litup.me", 200)
	docker(t, "service", "update", "--detach", "--no-resolve-image", "--env-add", "VERSION=2", "blog_ghost")
	eventually(t, "the update is complete and the old tasks are gone", func() error {
		state := docker(t, "service", "inspect", "--format", "{{with .UpdateStatus}}{{.State}}{{end}}", "blog_ghost")
		now := containers(t, "blog_ghost")
		if state != "completed" || len(now) != 2 || slices.ContainsFunc(now, func(c string) bool { return slices.Contains(before, c) }) {
			return fmt.Errorf("%s, containers %v, before %v", state, now, before)
		}
		return nil
	})
	l.sees(2)
	l.unharmed()
}
