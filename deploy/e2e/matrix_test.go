package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

var (
	wholeMatrix = flag.Bool("matrix.all", false, "all cells of the update matrix, not only those that cover every value")
	matrixFile  = flag.String("matrix.file", "", "a file to write the table of the matrix to")
	together    = flag.Int("matrix.together", 5, "how many cells are run at once")
)

// A cell is one way to deploy.
type cell struct {
	order    string // start-first or stop-first
	exit     string // what the program does at SIGTERM: at-once, drain or ignore
	replicas int
	change   string // what is done to the service
}

func (c cell) String() string {
	return fmt.Sprintf("%s, %s, %d, %s", c.order, c.exit, c.replicas, c.change)
}

func (c cell) name() string {
	return strings.NewReplacer(" ", "", ",", "-").Replace("m-" + c.String())
}

var (
	orders  = []string{"start-first", "stop-first"}
	exits   = []string{"at-once", "drain", "ignore"}
	changes = []string{"update", "rollback", "scale", "recreate", "force"} // and drained, which takes a swarm of several nodes
)

// covering has every value at least twice. It is what fits into every run of the tests.
var covering = []cell{
	{"start-first", "at-once", 1, "update"},
	{"stop-first", "at-once", 1, "update"},
	{"start-first", "drain", 3, "rollback"},
	{"stop-first", "ignore", 1, "rollback"},
	{"start-first", "at-once", 3, "scale"},
	{"stop-first", "drain", 1, "scale"},
	{"start-first", "ignore", 3, "recreate"},
	{"stop-first", "at-once", 1, "recreate"},
	{"start-first", "drain", 1, "force"},
	{"stop-first", "ignore", 3, "force"},
}

func cells() []cell {
	if !*wholeMatrix {
		return covering
	}
	return each(changes...)
}

// each are all cells of some changes.
func each(changes ...string) (all []cell) {
	for _, change := range changes {
		for _, order := range orders {
			for _, exit := range exits {
				for _, replicas := range []int{1, 3} {
					all = append(all, cell{order, exit, replicas, change})
				}
			}
		}
	}
	return all
}

// A gate is a router of the matrix: one that hears of changes by the store's watch, and one that polls.
type gate struct{ source, port, admin string }

var gates = []gate{{"watch", front, admin}, {"events", ":81", ":8081"}}

// A row is a cell with what it cost at each gate.
type row struct {
	cell
	tolls []toll
}

// A ledger is the rows of all tests that make some.
type ledger struct {
	mu   sync.Mutex
	rows []row
}

var measured ledger

func (l *ledger) add(r row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, r)
}

func TestNoDeploymentLosesARequest(t *testing.T) {
	swarm(t)
	poller(t)
	for _, g := range gates {
		sourceIs(t, world, g)
	}
	t.Run("cells", func(t *testing.T) {
		seats := make(chan struct{}, *together)
		for _, c := range cells() {
			t.Run(c.name(), func(t *testing.T) {
				t.Parallel()
				seats <- struct{}{}
				defer func() { <-seats }()
				measured.add(c.run(t))
			})
		}
	})
	for _, g := range gates {
		t.Logf("%s: a change was served within %s of its being told", g.source, delays(t, g))
	}
	measured.publish(t)
}

// delays are the bounds that half and 99 % of all changes so far were served within.
func delays(t *testing.T, g gate) string {
	c := newClient()
	defer c.CloseIdleConnections()
	got, err := ask(c, g.admin, "", "/metrics")
	if err != nil {
		t.Error(err)
		return ""
	}
	var bounds []string
	var counts []int
	for line := range strings.Lines(got.body) {
		var count int
		if bound, rest, found := strings.Cut(strings.TrimPrefix(line, `appia_change_to_served_seconds_bucket{le="`), `"} `); found && bound != line {
			if _, err := fmt.Sscan(rest, &count); err == nil && strings.HasPrefix(line, "appia_change_to_served") {
				bounds, counts = append(bounds, bound), append(counts, count)
			}
		}
	}
	if len(counts) == 0 {
		t.Errorf("no histogram at %s", g.admin)
		return ""
	}
	all := counts[len(counts)-1]
	within := func(percent int) string {
		for i, count := range counts {
			if 100*count >= percent*all {
				return bounds[i] + " s"
			}
		}
		return "+Inf"
	}
	return fmt.Sprintf("%s (half) and %s (99 %%), of %d", within(50), within(99), all)
}

// poller runs a second router, which may not listen to the store.
func poller(t *testing.T) {
	none(t, "second") // the ports are taken until then
	create(t, "poller", append([]string{"--container-label", "second", "--mode", "global", "--constraint", "node.role==manager"}, polling...)...)
}

var polling = []string{"--publish", "mode=host,target=80,published=81", "--publish", "mode=host,target=8080,published=8081",
	"--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock", "--label", "traefik.enable=false",
	"appia:dev", "--web", "--docker.swarmmode", "--docker.domain=litup.me", "--docker.swarm.watch=off", "--logLevel=INFO"}

func sourceIs(t *testing.T, n *lab.Node, g gate) {
	t.Helper()
	eventually(t, "the router at "+g.port+" hears of changes by "+g.source, func() error {
		var told struct {
			Discovery struct{ Source string }
		}
		if err := apiOf(n, g.admin, "/api/overview", &told); err != nil {
			return err
		}
		if told.Discovery.Source != g.source {
			return fmt.Errorf("it is %q", told.Discovery.Source)
		}
		return nil
	})
}

// flags create the cell's service.
func (c cell) flags(version string) []string {
	flags := labels("traefik.port=8000", "traefik.frontend.rule=Host:"+c.name()+".test", "traefik.backend.loadbalancer.stickiness=true", "appia.hold=60s")
	return append(flags, "--replicas", fmt.Sprint(c.replicas), "--update-order", c.order, "--rollback-order", c.order,
		"--stop-grace-period", "3s", "--env", "BOOT=700ms", "--env", "EXIT="+c.exit, "--env", "VERSION="+version, "example/shop:1")
}

func (c cell) run(t *testing.T) row {
	name := c.name()
	create(t, name, c.flags("1")...)
	if c.change == "rollback" {
		settled(t, name, c.replicas)
		docker(t, "service", "update", "--detach", "--no-resolve-image", "--env-add", "VERSION=2", name)
		c.updated(t, "completed")
		settled(t, name, c.replicas)
	}
	loads := c.loads(t, world)
	c.begin(t, loads)
	var old []string
	for _, l := range loads {
		l.see(t, c.replicas, nil)
		old = append(old, l.tasks()...)
	}
	c.deploy(t)
	if c.change == "scale" && c.replicas > 1 {
		old = nil // one of them stays
	}
	return c.measure(t, world, loads, old)
}

// measure waits until none of the old tasks answers and all of the new do, and tells what that cost.
func (c cell) measure(t *testing.T, n *lab.Node, loads []streams, old []string) row {
	t.Helper()
	r := row{cell: c}
	for i, l := range loads {
		l.forget()
		l.see(t, c.replicas, old)
		cost := l.toll()
		r.tolls = append(r.tolls, cost)
		cost.none(t, gates[i].source)
		if len(cost.failures) > 0 {
			t.Log(causes(n, gates[i], c.name()))
		}
	}
	return r
}

// causes are what a router of a node counts for a service that requests failed of.
func causes(n *lab.Node, g gate, service string) string {
	client := clientOf(n.Dial)
	defer client.CloseIdleConnections()
	got, err := ask(client, g.admin, "", "/metrics")
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(got.body) {
		if strings.HasPrefix(line, "appia_backend_failures_total") && strings.Contains(line, service) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// loads are those of each gate of a node.
func (c cell) loads(t *testing.T, n *lab.Node) []streams {
	loads := make([]streams, len(gates))
	for i, g := range gates {
		loads[i] = flood(t, n.Dial, "127.0.0.1"+g.port, c.name()+".test")
	}
	return loads
}

// begin forgets what failed before the routers knew of the service at all.
func (c cell) begin(t *testing.T, loads []streams) {
	for _, l := range loads {
		l.see(t, c.replicas, nil)
		l.pardon()
	}
}

// deploy does what the cell is about, and returns when the swarm is done with it.
func (c cell) deploy(t *testing.T) {
	name := c.name()
	switch c.change {
	case "update":
		docker(t, "service", "update", "--detach", "--no-resolve-image", "--env-add", "VERSION=2", name)
		c.updated(t, "completed")
	case "rollback":
		docker(t, "service", "rollback", "--detach", name)
		c.updated(t, "rollback_completed")
	case "force":
		docker(t, "service", "update", "--detach", "--no-resolve-image", "--force", name)
		c.updated(t, "completed")
	case "scale":
		left := c.replicas / 2 // of three one is left, of one none
		docker(t, "service", "scale", "--detach", fmt.Sprintf("%s=%d", name, left))
		settled(t, name, left)
		docker(t, "service", "scale", "--detach", fmt.Sprintf("%s=%d", name, c.replicas))
	case "recreate":
		docker(t, "service", "rm", name)
		command := []string{"service", "create", "--detach", "--quiet", "--no-resolve-image", "--network", "traefik_public", "--name", name}
		docker(t, append(command, c.flags("2")...)...)
	}
	settled(t, name, c.replicas)
}

func (c cell) updated(t *testing.T, state string) {
	t.Helper()
	eventually(t, "the state of the update is "+state, func() error {
		if now := docker(t, "service", "inspect", "--format", "{{with .UpdateStatus}}{{.State}}{{end}}", c.name()); now != state {
			return fmt.Errorf("it is %q", now)
		}
		return nil
	})
}

// publish writes the table for docs/, of all that has been measured so far.
func (l *ledger) publish(t *testing.T) {
	if *matrixFile == "" {
		return
	}
	rows := l.rows
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.sorted(), b.sorted()) })
	var b strings.Builder
	b.WriteString("| change | order | at SIGTERM | replicas | requests | failed, by watch | longest | failed, by polling | longest |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d ", r.change, r.order, r.exit, r.replicas, r.tolls[0].requests+r.tolls[1].requests)
		for _, cost := range r.tolls {
			fmt.Fprintf(&b, "| %d | %.2f s ", len(cost.failures), cost.longest.Seconds())
		}
		b.WriteString("|\n")
	}
	if err := os.WriteFile(*matrixFile, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}

func (r row) sorted() string {
	return fmt.Sprint(slices.Index(append(changes, drained), r.change), r.order, r.exit, r.replicas)
}
