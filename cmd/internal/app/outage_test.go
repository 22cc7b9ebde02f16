package app

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// A wire leads from a unix socket to another. It can be cut, and it can go dead: then it takes what it is given and nothing comes back.
type wire struct {
	t        *testing.T
	at, to   string
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

func newWire(t *testing.T, at, to string) *wire {
	w := &wire{t: t, at: at, to: to}
	w.plug()
	t.Cleanup(func() {
		w.cut()
		w.running.Wait()
	})
	return w
}

func (w *wire) plug() {
	l, err := net.Listen("unix", w.at)
	must(w.t, err)
	w.mu.Lock()
	w.dead, w.listener = false, l
	w.mu.Unlock()
	w.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.lead(c)
		}
	})
}

func (w *wire) lead(from net.Conn) {
	to, err := net.Dial("unix", w.to)
	if err != nil {
		from.Close()
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, from, to)
	w.mu.Unlock()
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		w.running.Go(func() {
			w.carry(way[0], way[1])
			from.Close()
			to.Close()
		})
	}
}

func (w *wire) carry(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		dead := w.dead
		w.mu.Unlock()
		if err != nil {
			return
		}
		if dead {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// die is what SIGSTOP does to whoever serves the socket.
func (w *wire) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
}

// cut takes the socket away and ends its connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener.Close()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// A platform is a router with the two sockets that it knows its swarm by.
type platform struct {
	*bed
	api, store *wire
}

func newPlatform(t *testing.T, flags ...string) *platform {
	engine, endpoint := newEngine(t)
	dir, err := os.MkdirTemp("", "appia")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, engine.ListenStore(in("store")))
	p := &platform{api: newWire(t, in("api.sock"), strings.TrimPrefix(endpoint, "unix://")), store: newWire(t, in("control.sock"), in("store"))}
	flags = append([]string{"--docker.swarm.socket=" + in("control.sock"), "--docker.swarmModeRefreshSeconds=1"}, flags...)
	p.bed = startWith(t, engine, "unix://"+in("api.sock"), World{}, 2*time.Second, flags...)
	p.deploy("blog", "blog.yml")
	p.untilText(":2368")
	return p
}

// until waits for what has to come by itself.
func (p *platform) until(what string, is func() bool) {
	p.t.Helper()
	for late := time.Now().Add(90 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			p.t.Fatalf("it does not come to it that %s; status %+v", what, p.app.loop.Status())
		}
	}
}

// serves checks that the routes are there and answer.
func (p *platform) serves(what string) {
	p.t.Helper()
	if status, _ := p.ask("blog.litup.me", "/"); status != 200 {
		p.t.Errorf("%s: the route answers %d", what, status)
	}
}

func TestEachOutageOfThePlatformLeavesTheRoutesShowsAndPasses(t *testing.T) {
	for name, outage := range map[string]struct {
		begin, end func(p *platform)
		says       string // part of the failure
	}{
		"restarted with another version": {
			func(p *platform) { p.api.cut(); p.store.cut() },
			func(p *platform) { p.engine.SetVersions("1.40", "1.47"); p.store.plug(); p.api.plug() }, "docker",
		},
		"no quorum": {
			func(p *platform) { p.engine.Fault(embedded.NoLeader()) },
			func(p *platform) { p.engine.Fault() }, "no leader",
		},
		"hanging": {
			func(p *platform) { p.api.die(); p.store.die() },
			func(p *platform) { p.api.cut(); p.store.cut(); p.api.plug(); p.store.plug() }, "does not answer in time",
		},
		"garbage":     {func(p *platform) { p.engine.Fault(embedded.Garble("/")) }, func(p *platform) { p.engine.Fault() }, "something that is not its API"},
		"half a list": {func(p *platform) { p.engine.Fault(embedded.Halve("/services"), embedded.Halve("/tasks")) }, func(p *platform) { p.engine.Fault() }, "broke off"},
		"a list cut":  {func(p *platform) { p.engine.Fault(embedded.Cut("/services")) }, func(p *platform) { p.engine.Fault() }, "broke off"},
		"no list":     {func(p *platform) { p.engine.Fault(embedded.Null("/services"), embedded.Null("/tasks")) }, func(p *platform) { p.engine.Fault() }, "not its API"},
	} {
		for _, watch := range []string{"on", "off"} {
			t.Run(name+", watch "+watch, func(t *testing.T) {
				t.Parallel()
				p := newPlatform(t, "--docker.swarm.watch="+watch)
				source := map[string]string{"on": "watch", "off": "events"}[watch]
				p.until("the stream is open", func() bool { return p.app.loop.Status().Source == source })
				outage.begin(p)
				p.until("the status is stale", func() bool { return p.app.loop.Status().Stale })
				p.serves("in the outage")
				if failure := p.app.loop.Status().Failure; !strings.Contains(failure, outage.says) {
					t.Errorf("the failure is %q", failure)
				}
				if got := p.bed.api("/metrics"); !strings.Contains(got, "appia_discovery_stale 1") {
					t.Error("no metric says so")
				}
				if got := p.bed.api("/api/overview"); !strings.Contains(got, `"stale"`) || !strings.Contains(got, `"failure"`) {
					t.Errorf("the overview has %s", got)
				}
				outage.end(p)
				p.until("it has passed", func() bool { s := p.app.loop.Status(); return !s.Stale && s.Source == source })
				p.serves("afterwards")
				p.deploy("user", "user-api.yml")
				p.until("what is new is served", func() bool { return strings.Contains(p.app.proxy.Table().String(), "/v2/user") })
				p.told(t)
			})
		}
	}
}

// told checks that the log has a line for each change of state, and no more: reasons may change on the way.
func (p *platform) told(t *testing.T) {
	t.Helper()
	said := map[string]int{}
	for _, line := range p.logs.FilterMessage("cannot see the swarm; what was last known stays in force").All() {
		said[fmt.Sprint(line.ContextMap()["error"])]++
	}
	if n := p.logs.FilterMessage("the swarm answers again").Len(); n == 0 || n > 2 {
		t.Errorf("%d times it is told that it is over", n)
	}
	for reason, n := range said {
		if n > 2 {
			t.Errorf("told %d times: %s", n, reason)
		}
	}
}

func TestWithoutTheStoresSocketTheSwarmIsPolledUntilItIsBack(t *testing.T) {
	p := newPlatform(t)
	p.until("the store is watched", func() bool { return p.app.loop.Status().Source == "watch" })
	p.store.cut()
	p.until("the source is another", func() bool { return p.app.loop.Status().Source == "events" })
	p.serves("without the socket")
	p.deploy("user", "user-api.yml")
	p.until("what is new is served", func() bool { return strings.Contains(p.app.proxy.Table().String(), "/v2/user") })
	if p.app.loop.Status().Stale {
		t.Error("that is no staleness")
	}
	p.store.plug()
	p.until("the store is watched again", func() bool { return p.app.loop.Status().Source == "watch" })
}
