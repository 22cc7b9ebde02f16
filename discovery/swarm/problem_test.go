package swarm_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestEachFaultIsNamed(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault embedded.Fault
		code  string
	}{
		{"worker", embedded.Worker(), swarm.NotManager},
		{"not initialised", embedded.NoSwarm(), swarm.NoSwarm},
		{"locked", embedded.Locked(), swarm.SwarmLocked},
		{"no quorum", embedded.NoLeader(), swarm.NoLeader},
		{"errors from services", embedded.Refuse("/services", 500, "boom"), swarm.EngineError},
		{"errors from tasks", embedded.Refuse("/tasks", 500, "boom"), swarm.EngineError},
		{"errors from networks", embedded.Refuse("/networks", 500, "boom"), swarm.EngineError},
		{"errors from everything", embedded.Refuse("", 500, "boom"), swarm.EngineError},
		{"forbidden", embedded.Refuse("/tasks", 403, "no"), swarm.Forbidden},
		{"services cut", embedded.Cut("/services"), swarm.BrokenAnswer},
		{"services dropped", embedded.Drop("/services"), swarm.BrokenAnswer},
		{"half of the tasks", embedded.Halve("/tasks"), swarm.BrokenAnswer},
		{"not JSON", embedded.Garble("/networks"), swarm.BrokenAnswer},
		{"no list", embedded.Null("/services"), swarm.BrokenAnswer},
		{"no list of tasks", embedded.Null("/tasks"), swarm.BrokenAnswer},
		{"hangs at once", embedded.Hang(""), swarm.NoAnswer},
		{"hangs at tasks", embedded.Hang("/tasks"), swarm.NoAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, endpoint := raise(t, embedded.Options{})
			e.AddService(embedded.Spec{Name: "web", Replicas: 2, Networks: []string{"a"}})
			var patience time.Duration // the usual one, but where waiting is the point
			if c.code == swarm.NoAnswer {
				patience = 50 * time.Millisecond
			}
			client := dial(t, swarm.Options{Endpoint: endpoint, Timeout: patience})
			e.Fault(c.fault)
			_, err := client.Snapshot(within(t))
			wantProblem(t, err, c.code)
			if !strings.Contains(err.Error(), endpoint) {
				t.Errorf("%q does not say which daemon", err)
			}
			e.Fault()
			look(t, dial(t, swarm.Options{Endpoint: endpoint}))
		})
	}
}

func TestAnEngineTooOldOrTooNewIsSaidToBe(t *testing.T) {
	for _, versions := range [][2]string{{"1.60", "1.70"}, {"1.10", "1.20"}} {
		_, c := start(t, embedded.Options{MinAPI: versions[0], MaxAPI: versions[1]})
		_, err := c.Snapshot(within(t))
		wantProblem(t, err, swarm.APIVersion)
	}
}

func TestNoSocketIsSaidToBeMissing(t *testing.T) {
	c := dial(t, swarm.Options{Endpoint: "unix://" + filepath.Join(t.TempDir(), "docker.sock")})
	_, err := c.Snapshot(within(t))
	wantProblem(t, err, swarm.NoSocket)
	wantProblem(t, c.Hints(within(t), func() {}), swarm.NoSocket)
}

func TestASocketThatNobodyListensAtIsSaidToBeDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	c := dial(t, swarm.Options{Endpoint: "unix://" + path})
	_, err = c.Snapshot(within(t))
	wantProblem(t, err, swarm.NoDaemon)
}

func TestATCPPortThatNobodyListensAtIsSaidToBeDead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := dial(t, swarm.Options{Endpoint: "tcp://" + l.Addr().String()})
	_, err = c.Snapshot(within(t))
	wantProblem(t, err, swarm.NoDaemon)
}

// Root may use any socket, so the test runs itself once more as nobody.
func TestASocketThatIsNotForUsIsSaidToBe(t *testing.T) {
	const variable = "APPIA_TEST_SOCKET"
	if endpoint := os.Getenv(variable); endpoint != "" {
		c := dial(t, swarm.Options{Endpoint: endpoint})
		_, err := c.Snapshot(within(t))
		wantProblem(t, err, swarm.NoPermission)
		return
	}
	folder := openFolder(t)
	e := embedded.New(embedded.Options{})
	defer e.Close()
	endpoint, err := e.ListenUnix(filepath.Join(folder, "docker.sock"))
	if err == nil {
		err = os.Chmod(filepath.Join(folder, "docker.sock"), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(within(t), copyOfSelf(t, folder), "-test.run=^"+t.Name()+"$")
	again.Env, again.Dir = append(os.Environ(), variable+"="+endpoint), folder
	if os.Getuid() == 0 {
		again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// openFolder is one that other users may enter, as t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "appia")
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func copyOfSelf(t *testing.T, folder string) string {
	t.Helper()
	binary, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "test"), binary, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "test")
}

func TestACancelledCallIsNoProblem(t *testing.T) {
	_, c := start(t, embedded.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Snapshot(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestEndpointsThatCannotBeUsedAreRefusedAtOnce(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "ca.pem")
	for _, o := range []swarm.Options{
		{Endpoint: "docker.sock"},
		{Endpoint: "ssh://host"},
		{Endpoint: "unix:///" + strings.Repeat("long/", 40) + "docker.sock"},
		{Endpoint: "tcp://host:2376", TLS: &swarm.TLSOptions{CA: missing}},
		{Endpoint: "tcp://host:2376", TLS: &swarm.TLSOptions{CA: "-----BEGIN NOTHING"}},
		{Endpoint: "tcp://host:2376", TLS: &swarm.TLSOptions{Cert: missing}},
		{Endpoint: "tcp://host:2376", TLS: &swarm.TLSOptions{Cert: missing, Key: missing}},
	} {
		_, err := swarm.Dial(o)
		wantProblem(t, err, swarm.BadEndpoint)
	}
}
