package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

// near creates a service on some nodes only, and wide one with a task on every node.
func near(t *testing.T, host string, nodes ...*lab.Node) {
	t.Helper()
	var flags []string
	for _, n := range others(nodes...) {
		flags = append(flags, "--constraint", "node.hostname!="+name(n))
	}
	flags = append(flags, "--replicas", fmt.Sprint(len(nodes)), "--replicas-max-per-node", "1")
	createOn(t, nodes[0], host, append(append(flags, ruled(host)...), shop)...)
}

func wide(t *testing.T, host string) {
	t.Helper()
	createOn(t, three.Nodes[0], host, append(append(ruled(host), "--mode", "global"), shop)...)
}

func ruled(host string) []string {
	return labels("traefik.port=8000", "traefik.frontend.rule=Host:"+host+".test", "traefik.backend.loadbalancer.stickiness=true", "appia.hold=60s")
}

// through floods a host at the router of each of some nodes, which so many tasks answer.
func through(t *testing.T, host string, tasks int, nodes ...*lab.Node) (each []streams) {
	t.Helper()
	for _, n := range nodes {
		each = append(each, flood(t, n.Dial, "127.0.0.1"+front, host+".test"))
	}
	for _, l := range each {
		l.see(t, tasks, nil)
		l.pardon()
	}
	return each
}

// answered waits until every stream at each router has had answers since the call, all together by so many tasks.
func answered(t *testing.T, tasks int, each ...streams) {
	t.Helper()
	for _, l := range each {
		l.forget()
	}
	for _, l := range each {
		l.see(t, tasks, nil)
	}
}

// unharmed ends the loads of routers and fails the test if a request failed.
func unharmed(t *testing.T, what string, each ...streams) {
	t.Helper()
	for i, l := range each {
		l.toll().none(t, fmt.Sprintf("%s, router %d", what, i+1))
	}
}

// spared is unharmed, but for POSTs, which may be lost with the node that was working on them: nobody can know whether
// it has done what they asked for.
func spared(t *testing.T, what string, each ...streams) {
	t.Helper()
	for i, l := range each {
		cost := l.toll()
		var lost []string
		cost.failures = slices.DeleteFunc(cost.failures, func(f string) bool {
			if strings.HasPrefix(f, "POST") {
				lost = append(lost, f)
			}
			return strings.HasPrefix(f, "POST")
		})
		t.Logf("%d POSTs were lost: %q", len(lost), lost[:min(5, len(lost))])
		cost.none(t, fmt.Sprintf("%s, router %d", what, i+1))
	}
}

func TestANewLeaderLosesNoRequest(t *testing.T) {
	if !*wholeMatrix {
		t.Skip("with -matrix.all; a leader that dies makes a new one too")
	}
	c := cluster(t)
	first := leader(t, c.Nodes[0])
	rest := others(first)
	near(t, "demoted", rest...)
	loads := through(t, "demoted", 2, rest...)
	t.Cleanup(func() { on(t, rest[0], "node", "promote", name(first)) })
	on(t, rest[0], "node", "demote", name(first))
	if second := leader(t, rest[0]); second == first {
		t.Errorf("%s still leads", name(first))
	}
	for _, n := range rest {
		eventually(t, "the router of "+name(n)+" sees the swarm", sees(n, "fresh", "watch"))
	}
	force(t, rest[0], "demoted")
	for _, l := range loads {
		l.see(t, 4, nil) // two old and two new
	}
	answered(t, 2, loads...)
	unharmed(t, "a leader demoted", loads...)
}

// force updates a service to what it is. The swarm refuses that now and then, if it has just changed the service itself.
func force(t *testing.T, n *lab.Node, service string) {
	t.Helper()
	eventually(t, service+" is updated", func() error {
		_, err := n.Docker(t.Context(), "service", "update", "--detach", "--no-resolve-image", "--force", service)
		return err
	})
}

func TestALeaderThatDiesTakesNoRequestOfOthersWithIt(t *testing.T) {
	c := cluster(t)
	victim := leader(t, c.Nodes[0])
	rest := others(victim)
	near(t, "living", rest...)
	wide(t, "everywhere")
	living := through(t, "living", 2, rest...)
	everywhere := through(t, "everywhere", 3, rest...)

	cut(t, victim) // first, or else the kernel tells of each connection that ends
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := victim.Boot(context.Background()); err != nil {
			t.Error(err)
		}
	})
	answered(t, 2, slices.Concat(living, everywhere)...)
	if next := leader(t, rest[0]); next == victim {
		t.Errorf("%s still leads", name(victim))
	}
	for _, n := range rest {
		eventually(t, "the router of "+name(n)+" sees the swarm", sees(n, "fresh", "watch"))
	}
	answered(t, 2, slices.Concat(living, everywhere)...)
	unharmed(t, "tasks that live", living...)
	spared(t, "tasks of which one died", everywhere...)
}

// A leader that is new to its office gives the other nodes a quarter of a minute to come to it, whatever their heartbeat, and replaces
// the tasks of those that come later: then there is no router left that this could be said of.
func TestARouterThatIsCutOffServesWhatItReachesAndRecovers(t *testing.T) {
	c := cluster(t)
	// Tasks of a node that is down are replaced, and so would be the router that this is about.
	on(t, c.Nodes[0], "swarm", "update", "--dispatcher-heartbeat", "60s")
	t.Cleanup(func() { on(t, c.Nodes[0], "swarm", "update", "--dispatcher-heartbeat", "5s") })
	for range 3 {
		replaced := false
		t.Run("while swarm leaves it alone", func(t *testing.T) { replaced = isCutOff(t, c) })
		if !replaced {
			return
		}
	}
	t.Error("swarm has replaced a router each time")
}

// isCutOff cuts one router off, then all from each other, and looks at what clients see of it. What they have seen does not count
// where swarm has replaced a router meanwhile.
func isCutOff(t *testing.T, c *lab.Cluster) (replaced bool) {
	chief := leader(t, c.Nodes[0])
	lone := others(chief)[0]
	rest := others(lone)
	near(t, "joined", rest...)
	wide(t, "reached")
	joined := through(t, "joined", 2, rest...)
	reached := through(t, "reached", 3, c.Nodes...)
	before := routers(t)

	cut(t, lone)
	answered(t, 1, reached...)
	eventually(t, "the router that is cut off knows it", sees(lone, "stale", ""))
	eventually(t, "its metrics say so", measures(lone, "appia_discovery_stale 1"))
	for _, n := range rest {
		if err := sees(n, "fresh", "watch")(); err != nil {
			t.Errorf("the router of %s: %v", name(n), err)
		}
	}
	// No quorum: what is left are three managers without a word between them.
	cut(t, others(chief, lone)...)
	eventually(t, "the last router knows that there is no quorum", sees(chief, "stale", ""))
	answered(t, 1, reached...)

	mend(t, c.Nodes...)
	for _, n := range c.Nodes {
		eventually(t, "the router of "+name(n)+" sees the swarm again", sees(n, "fresh", "watch"))
	}
	answered(t, 3, reached...)
	answered(t, 2, joined...)
	if now := routers(t); !slices.Equal(now, before) {
		t.Logf("routers are %v, they were %v", now, before)
		leftAsTold(t, before)
		return true
	}
	spared(t, "on both sides", joined...)
	spared(t, "on one side each", reached...)
	return false
}

// leftAsTold fails the test if a router is gone that has not ended well.
func leftAsTold(t *testing.T, containers []string) {
	t.Helper()
	for i, id := range containers {
		if state := strings.Fields(on(t, three.Nodes[i], "inspect", "--format", "{{.State.Running}} {{.State.ExitCode}}", id)); state[0] != "true" && state[1] != "0" {
			t.Errorf("the router of %s has ended with %s", name(three.Nodes[i]), state[1])
		}
	}
}

// measures looks for a line in the metrics of a node's router.
func measures(n *lab.Node, line string) func() error {
	return func() error {
		c := clientOf(n.Dial)
		defer c.CloseIdleConnections()
		got, err := ask(c, admin, "", "/metrics")
		if err == nil && !strings.Contains(got.body, "\n"+line+"\n") {
			err = errors.New(line + " is not among them")
		}
		return err
	}
}

func TestARollingUpdateOfTheRoutersLosesNoRequest(t *testing.T) {
	c := cluster(t)
	wide(t, "rolled")
	before := routers(t)
	dial := inTurn(c)
	loads := streams(flood(t, dial, "three"+front, "rolled.test"))
	loads.see(t, 3, nil)
	loads.pardon()
	force(t, c.Nodes[0], router)
	eventually(t, "the update is complete", func() error {
		state := on(t, c.Nodes[0], "service", "inspect", "--format", "{{with .UpdateStatus}}{{.State}}{{end}}", router)
		if state != "completed" {
			return errors.New(state)
		}
		return nil
	})
	whole(t)
	for _, c := range routers(t) {
		if slices.Contains(before, c) {
			t.Errorf("router %s has not been updated", c)
		}
	}
	answered(t, 3, loads)
	unharmed(t, "three routers in turn", loads)
}

func routers(t *testing.T) (containers []string) {
	for _, n := range three.Nodes {
		containers = append(containers, containersOn(t, n, router)...)
	}
	return containers
}

// inTurn connects as a client does whose name server knows three addresses: to the next if one does not accept.
func inTurn(c *lab.Cluster) dialer {
	return func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		for _, n := range c.Nodes {
			one, cancel := context.WithTimeout(ctx, 2*time.Second)
			conn, err = c.Dial(one, network, net.JoinHostPort(c.Address(n), port))
			cancel()
			if err == nil {
				break
			}
		}
		return conn, err
	}
}
