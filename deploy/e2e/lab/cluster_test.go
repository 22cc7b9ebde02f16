package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

func TestAManagerThatDiesComesBackWhenItBoots(t *testing.T) {
	lab.Need(t)
	c, err := lab.StartCluster(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	managers(t, c.Nodes[0], "n1 Ready Leader\nn2 Ready Reachable\nn3 Ready Reachable")
	victim := c.Nodes[2]
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	managers(t, c.Nodes[0], "n1 Ready Leader\nn2 Ready Reachable\nn3 Down Unreachable")
	if err := victim.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	managers(t, victim, "n1 Ready Leader\nn2 Ready Reachable\nn3 Ready Reachable")
	if err := c.Cut(t.Context(), victim); err != nil {
		t.Fatal(err)
	}
	managers(t, c.Nodes[0], "n1 Ready Leader\nn2 Ready Reachable\nn3 Down Unreachable")
	if err := c.Mend(t.Context(), victim); err != nil {
		t.Fatal(err)
	}
	managers(t, c.Nodes[0], "n1 Ready Leader\nn2 Ready Reachable\nn3 Ready Reachable")
	if err := victim.Stop(); err != nil {
		t.Fatal(err)
	}
	managers(t, c.Nodes[0], "n1 Ready Leader\nn2 Ready Reachable\nn3 Down Unreachable")
}

// managers waits until a node sees its swarm so.
func managers(t *testing.T, n *lab.Node, want string) {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := n.Docker(t.Context(), "node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}")
		if strings.TrimSpace(got) == want {
			t.Logf("%q after %v", want, time.Since(began))
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%v\n%s\nwant\n%s", err, got, want)
		}
		<-tick.C
	}
}
