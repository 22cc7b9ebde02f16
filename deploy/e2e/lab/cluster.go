package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Cluster is a swarm of several nodes, all of them managers, on one switch. Each is known by its host name, n1 and up.
type Cluster struct {
	Nodes []*Node
	hub   *os.File // the network namespace that the switch is in; it ends with us
}

// StartCluster starts the nodes and makes a swarm of them, whose leader is the first.
func StartCluster(ctx context.Context, size int) (*Cluster, error) {
	c := &Cluster{}
	if err := c.start(ctx, size); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, size int) (err error) {
	if c.Nodes, err = startAll(ctx, size); err != nil {
		return err
	}
	if c.hub, err = namespace(); err != nil {
		return err
	}
	for _, command := range []string{"link add switch type bridge", "addr add 10.98.0.254/24 dev switch", "link set switch up"} {
		if err := c.wire(ctx, command); err != nil {
			return err
		}
	}
	for i, n := range c.Nodes {
		if err := c.plug(ctx, i); err != nil {
			return fmt.Errorf("n%d: %w", i+1, err)
		}
		if err := n.enter(ctx, c.Nodes[0], address(i)); err != nil {
			return fmt.Errorf("n%d: %w", i+1, err)
		}
	}
	return nil
}

func startAll(ctx context.Context, size int) ([]*Node, error) {
	nodes, failed := make([]*Node, size), make([]error, size)
	var all sync.WaitGroup
	for i := range nodes {
		all.Go(func() { nodes[i], failed[i] = start(ctx, fmt.Sprintf("n%d", i+1)) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return slices.DeleteFunc(nodes, func(n *Node) bool { return n == nil }), err
		}
	}
	return nodes, nil
}

// Close ends all nodes.
func (c *Cluster) Close() {
	var all sync.WaitGroup
	for _, n := range c.Nodes {
		all.Go(n.Close)
	}
	all.Wait()
	if c.hub != nil {
		c.hub.Close()
	}
}

// Cut pulls a node's cable.
func (c *Cluster) Cut(ctx context.Context, n *Node) error { return c.set(ctx, n, "down") }

// Mend plugs the cable of a node in again.
func (c *Cluster) Mend(ctx context.Context, n *Node) error { return c.set(ctx, n, "up") }

func (c *Cluster) set(ctx context.Context, n *Node, state string) error {
	return c.wire(ctx, "link set "+port(slices.Index(c.Nodes, n))+" "+state)
}

// Address is the one that a node has on the switch.
func (c *Cluster) Address(n *Node) string { return address(slices.Index(c.Nodes, n)) }

func address(i int) string { return fmt.Sprintf("10.98.0.%d", i+1) }
func port(i int) string    { return fmt.Sprintf("port%d", i+1) }

// plug lays a cable between a node and the switch.
func (c *Cluster) plug(ctx context.Context, i int) error {
	for _, command := range []string{
		"link add " + port(i) + " type veth peer name cable netns " + c.Nodes[i].pid,
		"link set " + port(i) + " master switch up",
	} {
		if err := c.wire(ctx, command); err != nil {
			return err
		}
	}
	for _, command := range []string{"addr add " + address(i) + "/24 dev cable", "link set cable up"} {
		if err := c.Nodes[i].ip(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// enter makes a node a manager: the first one of a new swarm, the others of the first one's.
func (n *Node) enter(ctx context.Context, first *Node, address string) error {
	if n == first {
		_, err := n.Docker(ctx, "swarm", "init", "--advertise-addr", address)
		return err
	}
	command, err := first.Docker(ctx, "swarm", "join-token", "manager")
	if err != nil {
		return err
	}
	words := strings.Fields(command)
	token, leader := words[len(words)-2], words[len(words)-1]
	_, err = n.Docker(ctx, "swarm", "join", "--advertise-addr", address, "--token", token, leader)
	return err
}

// wire runs the ip command at the switch.
func (c *Cluster) wire(ctx context.Context, command string) error {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--net=/proc/self/fd/3", "ip"}, strings.Fields(command)...)...)
	cmd.ExtraFiles = []*os.File{c.hub}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w\n%s", command, err, out)
	}
	return nil
}

// namespace makes a network that lasts as long as the file is open, and no longer than this process.
func namespace() (f *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever, see inside
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			f, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		}
	}()
	<-done
	return f, err
}
