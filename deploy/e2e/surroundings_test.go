package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/appia-edge/appia/deploy/e2e/lab"
)

func TestBadSurroundingsGiveAClearMessage(t *testing.T) {
	swarm(t)
	other := secondNode(t)
	t.Run("no socket", func(t *testing.T) {
		says(t, byHand(t, "unix:///nowhere/docker.sock", 0), "there is no docker socket at unix:///nowhere/docker.sock", "mount the socket")
	})
	t.Run("no permission", func(t *testing.T) {
		says(t, byHand(t, "unix://"+world.Socket(), 65534), "we may not use the docker socket", "member of the socket's group")
	})
	t.Run("no swarm", func(t *testing.T) {
		says(t, byHand(t, "unix://"+other.Socket(), 0), "this docker engine is in no swarm", "docker swarm init")
	})
	t.Run("a worker", func(t *testing.T) {
		if err := other.JoinSwarm(t.Context(), world); err != nil {
			t.Fatal(err)
		}
		says(t, byHand(t, "unix://"+other.Socket(), 0), "this node is a worker", "node.role == manager")
	})
	t.Run("a port that is taken", func(t *testing.T) {
		p := byHand(t, "unix://"+world.Socket(), 0, "--entryPoints=Name:http Address::80")
		says(t, p, ":80", "address already in use")
		if code := p.wait(); code != 1 {
			t.Errorf("exit code %d", code)
		}
	})
}

// secondNode is an engine that is in no swarm yet.
func secondNode(t *testing.T) *lab.Node {
	t.Helper()
	n, err := lab.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Close()
		forget(t)
	})
	return n
}

// forget removes nodes that are gone from the swarm.
func forget(t *testing.T) {
	for _, id := range strings.Fields(docker(t, "node", "ls", "-q", "--filter", "role=worker")) {
		docker(t, "node", "rm", "--force", id)
	}
}

// A process is an appia that was started by hand on the first node.
type process struct {
	cmd    *exec.Cmd
	once   sync.Once
	mu     sync.Mutex
	output bytes.Buffer
}

// Write makes a process its own log.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// wait waits for its end and returns the exit code.
func (p *process) wait() int {
	p.once.Do(func() { _ = p.cmd.Wait() })
	return p.cmd.ProcessState.ExitCode()
}

func byHand(t *testing.T, endpoint string, uid uint32, flags ...string) *process {
	t.Helper()
	if len(flags) == 0 {
		flags = []string{"--entryPoints=Name:http Address:127.0.0.1:0"}
	}
	args := append([]string{"--docker.swarmmode", "--stateDir=", "--docker.endpoint=" + endpoint}, flags...)
	p := &process{cmd: exec.Command(binary(t), args...)}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := world.Begin(p.cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		p.wait()
	})
	return p
}

// binary is a copy of the program in a place where every user may run it.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(world.Folder(), "appia")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	program, err := os.ReadFile(root + "bin/appia")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func says(t *testing.T, p *process, words ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("it says %q", words), func() error {
		said := p.said()
		for _, w := range words {
			if !strings.Contains(said, w) {
				return errors.New(said)
			}
		}
		return nil
	})
	t.Log(strings.TrimSpace(p.said()))
}
