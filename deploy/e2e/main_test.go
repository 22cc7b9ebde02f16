// Package e2e_test is the product on a real swarm: the user's own stacks deployed with the docker command, and asked over HTTP.
package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

const (
	deployed = "../"    // the files that users deploy
	root     = "../../" // of the project
	front    = ":80"    // the ports that deploy/stack.yml publishes
	admin    = ":8080"  //
	router   = "appia_appia"
)

// images are those that the stacks name, and the echo service that answers in place of each.
var images = []string{
	"ghost:5-alpine", "example/shop:1", "example/shop:2",
	"example/user-api:v2.5.9", "example/user-api:v3.0.1", "example/user-api-my:v3.0.1",
	"example/cart:1", "example/cart:2",
}

// The swarm with Appia in it is made for the first test that needs it, and serves all.
var (
	begin sync.Once
	world *lab.Node
	broke error
)

func TestMain(m *testing.M) {
	code := m.Run()
	if world != nil {
		world.Close()
	}
	if three != nil {
		three.Close()
	}
	os.Exit(code)
}

// swarm makes sure that there is a swarm, with Appia deployed as deploy/stack.yml has it.
func swarm(t *testing.T) {
	t.Helper()
	lab.Need(t)
	begin.Do(func() { broke = raise() })
	if broke != nil {
		t.Fatal("there is no swarm to test on: ", broke)
	}
	t.Cleanup(func() {
		if t.Failed() {
			explain(t)
		}
	})
}

// raise does not take a test's context: what it makes outlives the test.
func raise() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if world, err = lab.Start(ctx); err != nil {
		return err
	}
	if err := world.InitSwarm(ctx); err != nil {
		return err
	}
	if err := buildImages(ctx, world, images); err != nil {
		return err
	}
	return deployAppia(ctx, world, deployed+"stack.yml")
}

// deployAppia does what the head of deploy/stack.yml says.
func deployAppia(ctx context.Context, n *lab.Node, stack string) error {
	if _, err := n.Docker(ctx, "network", "create", "--driver", "overlay", "traefik_public"); err != nil {
		return err
	}
	_, err := n.Docker(ctx, "stack", "deploy", "-c", stack, "appia")
	return err
}

// buildImages builds Appia's, and echo services of these names.
func buildImages(ctx context.Context, n *lab.Node, images []string) error {
	if _, err := n.Run(exec.CommandContext(ctx, "make", "-C", root, "image")); err != nil {
		return err
	}
	place := filepath.Join(n.Folder(), "echo")
	build := exec.CommandContext(ctx, "go", "build", "-o", place+"/echo", "./echo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./echo: %w\n%s", err, out)
	}
	for _, image := range images {
		if _, err := n.Docker(ctx, "build", "-q", "-f", "echo/Dockerfile", "--build-arg", "IMAGE="+image, "-t", image, place); err != nil {
			return err
		}
	}
	return nil
}

// explain adds to a failed test's log what the swarm and the router say.
func explain(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, question := range []string{"service ls", "service ps --no-trunc " + router, "service logs --raw --tail 60 " + router} {
		out, err := world.Docker(ctx, strings.Fields(question)...)
		t.Logf("docker %s\n%s", question, out)
		if err != nil {
			t.Log(err)
		}
	}
}

// docker runs the docker command on the test's swarm.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // not t.Context(): cleaning up comes after its end
	defer cancel()
	out, err := world.Docker(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// deploy deploys a stack file for the time of the test. What an earlier test removed may still be on its way out.
func deploy(t *testing.T, file, stack string) {
	t.Helper()
	none(t, "com.docker.stack.namespace="+stack)
	docker(t, "stack", "deploy", "-c", file, stack)
	t.Cleanup(func() { docker(t, "stack", "rm", stack) })
}

// create creates a service on traefik_public for the time of the test; args are flags, the image, and its arguments.
func create(t *testing.T, name string, args ...string) {
	t.Helper()
	none(t, "com.docker.swarm.service.name="+name)
	command := []string{"service", "create", "--detach", "--quiet", "--no-resolve-image", "--network", "traefik_public", "--name", name}
	docker(t, append(command, args...)...)
	t.Cleanup(func() { docker(t, "service", "rm", name) })
}

// labels are --label flags.
func labels(pairs ...string) (flags []string) {
	for _, pair := range pairs {
		flags = append(flags, "--label", pair)
	}
	return flags
}

// none waits until no container with a label is left.
func none(t *testing.T, label string) {
	t.Helper()
	eventually(t, "no container has "+label, func() error {
		if left := docker(t, "ps", "-q", "--filter", "label="+label); left != "" {
			return errors.New(left)
		}
		return nil
	})
}

// containers are the ids of a service's running containers.
func containers(t *testing.T, service string) []string {
	t.Helper()
	return strings.Fields(docker(t, "ps", "-q", "--filter", "label=com.docker.swarm.service.name="+service))
}

// eventually waits for something to hold. The deadline is for a machine that is busy with other things.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %s: %v", what, err)
		}
		<-tick.C
	}
}
