package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

// The swarm of three managers, with Appia on each, is made for the first test that needs it. Whatever a test takes from it
// is given back when the test ends.
var (
	beginThree sync.Once
	three      *lab.Cluster
	threeBroke error
)

const shop = "example/shop:1"

// cluster makes sure that there are three managers that work, with a router on each that knows it.
func cluster(t *testing.T) *lab.Cluster {
	t.Helper()
	lab.Need(t)
	beginThree.Do(func() { threeBroke = raiseThree() })
	if threeBroke != nil {
		t.Fatal("there is no swarm of three to test on: ", threeBroke)
	}
	t.Cleanup(func() {
		if t.Failed() {
			explainThree(t)
		}
	})
	whole(t)
	return three
}

func raiseThree() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if three, err = lab.StartCluster(ctx, 3); err != nil {
		return err
	}
	first := three.Nodes[0]
	if err := buildImages(ctx, first, []string{shop}); err != nil {
		return err
	}
	images := filepath.Join(first.Folder(), "images.tar")
	if _, err := first.Docker(ctx, "save", "-o", images, "appia:dev", shop); err != nil {
		return err
	}
	for _, n := range three.Nodes[1:] {
		if _, err := n.Docker(ctx, "load", "-i", images); err != nil {
			return err
		}
	}
	stack, err := hurried(first)
	if err != nil {
		return err
	}
	return deployAppia(ctx, first, stack)
}

// hurried is deploy/stack.yml with routers that look more often whether the swarm is still there: tests wait for it.
func hurried(n *lab.Node) (file string, err error) {
	text, err := os.ReadFile(deployed + "stack.yml")
	if err != nil {
		return "", err
	}
	file = filepath.Join(n.Folder(), "stack.yml")
	return file, os.WriteFile(file, []byte(strings.Replace(string(text), "--docker.watch", "--docker.watch --docker.swarmModeRefreshSeconds=2", 1)), 0o600)
}

// whole waits until every manager is there and each router sees the swarm.
func whole(t *testing.T) {
	t.Helper()
	eventually(t, "three managers are ready, and one leads", func() error {
		seen, err := three.Nodes[0].Docker(t.Context(), "node", "ls", "--format", "{{.Status}} {{.Availability}} {{.ManagerStatus}}")
		if err == nil && (strings.Count(seen, "Ready Active Reachable") != 2 || strings.Count(seen, "Ready Active Leader") != 1) {
			err = errors.New(seen)
		}
		return err
	})
	for _, n := range three.Nodes {
		eventually(t, "one router runs on "+name(n)+" and sees the swarm", func() error {
			if now := containersOn(t, n, router); len(now) != 1 {
				return fmt.Errorf("containers %v", now)
			}
			return sees(n, "fresh", "watch")()
		})
	}
}

// sees asks the router of a node how it sees the swarm, and by what it hears of changes.
func sees(n *lab.Node, state, source string) func() error {
	return func() error {
		var now struct {
			Discovery struct{ State, Source, Failure string }
		}
		err := apiOf(n, admin, "/api/overview", &now)
		if d := now.Discovery; err == nil && (d.State != state || source != "" && d.Source != source) {
			err = fmt.Errorf("discovery is %+v", d)
		}
		return err
	}
}

// on runs the docker command on a node.
func on(t *testing.T, n *lab.Node, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // see docker
	defer cancel()
	out, err := n.Docker(ctx, args...)
	if err != nil {
		t.Fatalf("%s: %v", name(n), err)
	}
	return out
}

func containersOn(t *testing.T, n *lab.Node, service string) []string {
	t.Helper()
	return strings.Fields(on(t, n, "ps", "-q", "--filter", "label=com.docker.swarm.service.name="+service))
}

// name is that of a node in the swarm.
func name(n *lab.Node) string { return fmt.Sprintf("n%d", slices.Index(three.Nodes, n)+1) }

// createOn creates a service of the three for the time of the test, see create.
func createOn(t *testing.T, n *lab.Node, name string, args ...string) {
	t.Helper()
	command := []string{"service", "create", "--detach", "--quiet", "--no-resolve-image", "--network", "traefik_public", "--name", name}
	on(t, n, append(command, args...)...)
	t.Cleanup(func() {
		eventually(t, name+" is removed", func() error {
			_, err := three.Nodes[0].Docker(context.Background(), "service", "rm", name)
			return err
		})
	})
}

// leader is the node that leads, as another sees it.
func leader(t *testing.T, from *lab.Node) (leads *lab.Node) {
	t.Helper()
	eventually(t, "the swarm has a leader", func() error {
		seen, err := from.Docker(t.Context(), "node", "ls", "--format", "{{.ManagerStatus}} {{.Hostname}}")
		if err != nil {
			return err
		}
		for _, n := range three.Nodes {
			if strings.Contains(seen, "Leader "+name(n)) {
				leads = n
				return nil
			}
		}
		return errors.New(seen)
	})
	return leads
}

// others are the nodes that are not one of these.
func others(not ...*lab.Node) []*lab.Node {
	return slices.DeleteFunc(slices.Clone(three.Nodes), func(n *lab.Node) bool { return slices.Contains(not, n) })
}

// cut cuts nodes off until the test ends, or mend mends it.
func cut(t *testing.T, nodes ...*lab.Node) {
	t.Helper()
	for _, n := range nodes {
		if err := three.Cut(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { mend(t, nodes...) })
}

func mend(t *testing.T, nodes ...*lab.Node) {
	t.Helper()
	for _, n := range nodes {
		if err := three.Mend(context.Background(), n); err != nil {
			t.Error(err)
		}
	}
}

// explainThree adds to a failed test's log what the nodes and the routers say.
func explainThree(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, n := range three.Nodes {
		for _, question := range []string{"node ls", "service ps --no-trunc " + router, "ps"} {
			out, err := n.Docker(ctx, strings.Fields(question)...)
			t.Logf("%s: docker %s\n%s%v", name(n), question, out, err)
		}
		for _, c := range strings.Fields(on(t, n, "ps", "-aq", "--filter", "label=com.docker.swarm.service.name="+router)) {
			// What happened to requests, and not the coming and going of endpoints, of which there is too much.
			out, _ := n.Run(exec.CommandContext(ctx, "sh", "-c", "docker logs "+c+" 2>&1 | grep -v 'INFO table\\|endpoint is' | tail -40"))
			t.Logf("%s: router %s\n%s", name(n), c, out)
		}
	}
}
