package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A second router has ports of its own, and an engine that the tests can take away from it.
const (
	front2 = ":81"
	admin2 = ":8081"
)

// second creates a second router as a service of that name.
func second(t *testing.T, name string, engine *wire) {
	t.Helper()
	none(t, "second") // the ports are taken until then
	create(t, name, "--label", "traefik.enable=false", "--container-label", "second", "--restart-delay", "1s",
		"--publish", "mode=host,target=80,published=81", "--publish", "mode=host,target=8080,published=8081",
		"--mount", "type=bind,source="+engine.folder+",target=/engine",
		"--mount", "type=volume,source="+name+"-state,target=/var/lib/appia",
		"appia:dev", "--web", "--logLevel=DEBUG", "--docker.swarmmode", "--docker.endpoint=unix:///engine/docker.sock")
}

// A wire leads from a unix socket in a folder of its own to the engine, until it is cut.
type wire struct {
	folder   string
	listener net.Listener
	copying  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{folder: filepath.Join(world.Folder(), "engine")}
	if err := os.MkdirAll(w.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	w.plug(t)
	t.Cleanup(w.cut)
	return w
}

func (w *wire) plug(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(w.folder, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	w.listener = l
	w.copying.Go(func() { w.accept(l) })
}

func (w *wire) accept(l net.Listener) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", world.Socket())
		if err != nil {
			from.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, from, to)
		w.mu.Unlock()
		w.copying.Go(func() { pump(to, from) })
		w.copying.Go(func() { pump(from, to) })
	}
}

func pump(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}

// cut takes the socket away and closes what went through it.
func (w *wire) cut() {
	w.listener.Close()
	w.mu.Lock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
	w.mu.Unlock()
	w.copying.Wait()
}

func TestARouterThatRestartsWhileTheEngineIsOutOfReachServesFromDisk(t *testing.T) {
	swarm(t)
	engine := newWire(t)
	second(t, "islander", engine)
	create(t, "kept", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:kept.test"), "--replicas", "2", "example/shop:1")...)
	eventually(t, "the second router serves", serves(front2, "kept.test"))
	eventually(t, "it sees the swarm", discovery("fresh"))

	engine.cut()
	eventually(t, "it knows that what it serves may be out of date", discovery("stale"))
	if err := serves(front2, "kept.test")(); err != nil {
		t.Error("without an engine: ", err)
	}
	restart(t, "islander")
	eventually(t, "the new one serves from disk", serves(front2, "kept.test"))
	eventually(t, "it knows that", discovery("stale"))
	if log := docker(t, "service", "logs", "--raw", "islander"); !strings.Contains(log, "serving what was last known, from disk") {
		t.Errorf("its log does not say so:\n%s", log)
	}

	engine.plug(t)
	eventually(t, "it sees the swarm again", discovery("fresh"))
	docker(t, "service", "scale", "--detach", "kept=3")
	seen := map[string]bool{}
	c := newClient()
	defer c.CloseIdleConnections()
	eventually(t, "it follows the swarm again", func() error {
		got, err := ask(c, front2, "kept.test", "/")
		if err != nil {
			return err
		}
		if seen[got.from.Task] = true; len(seen) < 3 {
			return fmt.Errorf("it serves by %v", seen)
		}
		return nil
	})
}

// restart kills a service's container and waits for the swarm's next.
func restart(t *testing.T, service string) {
	t.Helper()
	before := containers(t, service)
	docker(t, append([]string{"kill", "--signal", "KILL"}, before...)...)
	eventually(t, "the swarm has started it again", func() error {
		if now := containers(t, service); len(now) != 1 || now[0] == before[0] {
			return fmt.Errorf("containers %v", now)
		}
		return nil
	})
}

func serves(port, host string) func() error {
	return func() error {
		c := newClient()
		defer c.CloseIdleConnections()
		got, err := ask(c, port, host, "/")
		if err == nil && got.from.Task == "" {
			err = errors.New(got.Status)
		}
		return err
	}
}

func discovery(state string) func() error {
	return func() error {
		var now struct {
			Discovery struct{ State, Failure string }
		}
		err := api(admin2, "/api/overview", &now)
		if err == nil && now.Discovery.State != state {
			err = fmt.Errorf("discovery is %+v", now.Discovery)
		}
		return err
	}
}

func TestSIGTERMLetsARequestInFlightFinishAndThenEndsWithZero(t *testing.T) {
	swarm(t)
	second(t, "leaver", newWire(t))
	create(t, "slow", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:slow.test"), "example/shop:1")...)
	eventually(t, "the second router serves", serves(front2, "slow.test"))
	served(t, "slow.test", 1)

	held := hold(t, "slow.test", "/hold/one")
	leaver := containers(t, "leaver")[0]
	docker(t, "kill", "--signal", "TERM", leaver)
	eventually(t, "it takes no new request", func() error {
		if err := serves(front2, "slow.test")(); err == nil {
			return errors.New("it still does")
		}
		return nil
	})
	if state := docker(t, "inspect", "--format", "{{.State.Status}}", leaver); state != "running" {
		t.Fatalf("it is %s, with a request in flight", state)
	}

	// The half that is missing is asked for through the other router.
	c := newClient()
	defer c.CloseIdleConnections()
	if got, err := ask(c, front, "slow.test", "/release/one"); err != nil || got.StatusCode != 200 {
		t.Fatalf("%v %s", err, got.Status)
	}
	if rest, err := io.ReadAll(held); err != nil || string(rest) != "second half\n" {
		t.Errorf("%v, the rest is %q", err, rest)
	}
	eventually(t, "it ends with 0", func() error {
		if state := docker(t, "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", leaver); state != "exited 0" {
			return errors.New(state)
		}
		return nil
	})
}

// hold asks the second router for a response that ends when it is released, and reads its first half.
func hold(t *testing.T, host, uri string) io.Reader {
	t.Helper()
	c := newClient()
	t.Cleanup(c.CloseIdleConnections)
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1"+front2+uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	first := make([]byte, len("first half\n"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first half\n" {
		t.Fatalf("%v, the first half is %q", err, first)
	}
	return response.Body
}
