package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

// drained is the change of the update matrix that takes a swarm of several nodes.
const drained = "drain node"

// fewer are drained at once: each has a daemon start and stop containers on two nodes more.
const fewer = 3

// coveringDrains have every value, see covering.
var coveringDrains = []cell{
	{"start-first", "at-once", 1, drained},
	{"stop-first", "drain", 3, drained},
	{"start-first", "ignore", 3, drained},
	{"stop-first", "at-once", 1, drained},
}

func TestDrainingANodeLosesNoRequest(t *testing.T) {
	c := cluster(t)
	first := c.Nodes[0]
	createOn(t, first, "poller3", append([]string{"--constraint", "node.hostname==" + name(first)}, polling...)...)
	for _, g := range gates {
		sourceIs(t, first, g)
	}
	all := coveringDrains
	if *wholeMatrix {
		all = each(drained)
	}
	for some := range slices.Chunk(all, fewer) {
		if !t.Run("together", func(t *testing.T) { drain(t, some) }) {
			break // what is said of a failure should be of its time
		}
	}
	measured.publish(t)
}

// drain has the tasks of services on two nodes leave the one and then the other, so that each moves at least once. Which of
// the two goes first is nothing that a service can say.
func drain(t *testing.T, cells []cell) {
	first := three.Nodes[0]
	loads, old := make([][]streams, len(cells)), make([][]string, len(cells))
	for i, c := range cells {
		createOn(t, first, c.name(), append([]string{"--constraint", "node.hostname!=" + name(first)}, c.flags("1")...)...)
		loads[i] = c.loads(t, first)
	}
	for i, c := range cells {
		c.begin(t, loads[i])
		for _, l := range loads[i] {
			l.see(t, c.replicas, nil)
			old[i] = append(old[i], l.tasks()...)
		}
	}
	second, third := three.Nodes[1], three.Nodes[2]
	t.Cleanup(func() {
		activate(t, second)
		activate(t, third)
	})
	move(t, cells, second, third)
	move(t, cells, third, second)
	for i, c := range cells {
		if !t.Run(c.name(), func(t *testing.T) { measured.add(c.measure(t, first, loads[i], old[i])) }) {
			return
		}
	}
}

// move drains a node until all tasks are on another, and activates it again.
func move(t *testing.T, cells []cell, from, to *lab.Node) {
	began := time.Now()
	on(t, three.Nodes[0], "node", "update", "--availability", "drain", name(from))
	for _, c := range cells {
		eventually(t, c.name()+" moves to "+name(to), func() error {
			here, there := len(containersOn(t, from, c.name())), len(containersOn(t, to, c.name()))
			if here != 0 || there != c.replicas {
				return fmt.Errorf("%d are left and %d there", here, there)
			}
			return nil
		})
	}
	t.Logf("the swarm took %v to drain %s", time.Since(began).Round(time.Millisecond), name(from))
	activate(t, from)
}

func activate(t *testing.T, n *lab.Node) {
	on(t, three.Nodes[0], "node", "update", "--availability", "active", name(n))
}
