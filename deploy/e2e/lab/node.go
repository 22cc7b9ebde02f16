// Package lab runs docker engines for tests: each in namespaces of its own, so that runs do not meet each other nor an engine of
// the machine, and so that nothing is left of them afterwards, however the tests end.
package lab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed keep.sh
var keep string

// A Node is one docker engine with a network, processes and mounts of its own.
type Node struct {
	folder     string // its state, its log and its socket
	keeper     *exec.Cmd
	leash      io.Closer // the keeper cleans up when this is closed, be it by our death
	pid        string    // a process in the node's network
	namespaces []*os.File
	power      *os.File // of a node that is off: what is written to it boots the node
}

// Start starts an engine and waits until it answers.
func Start(ctx context.Context) (*Node, error) { return start(ctx, "") }

// start starts one whose host name is given; empty: that of its folder.
func start(ctx context.Context, name string) (*Node, error) {
	folder, err := os.MkdirTemp("", "appia-e2e-")
	if err != nil {
		return nil, err
	}
	// Programs of other users are run from here, and must get to them.
	if err := os.Chmod(folder, 0o711); err != nil {
		return nil, err
	}
	n := &Node{folder: folder}
	if err := n.keep(name); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := n.wait(ctx); err != nil {
		err = fmt.Errorf("dockerd does not come up: %w\n%s", err, n.Log())
		n.Close()
		return nil, err
	}
	return n, nil
}

// keep starts the keeper, apart from our process group: a Ctrl-C must not reach it.
func (n *Node) keep(name string) error {
	n.keeper = exec.Command("bash", "-c", keep, "keep.sh", n.folder)
	n.keeper.Env = append(os.Environ(), "HOST="+name)
	n.keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	leash, err := n.keeper.StdinPipe()
	if err != nil {
		return err
	}
	n.leash = leash
	return n.keeper.Start()
}

func (n *Node) wait(ctx context.Context) error {
	if err := n.answers(ctx); err != nil {
		return err
	}
	return n.open()
}

// answers waits until the engine does.
func (n *Node) answers(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err = n.Docker(ctx, "version"); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// open takes hold of the namespaces, through which connections and processes get in.
func (n *Node) open() error {
	pid, err := os.ReadFile(filepath.Join(n.folder, "pid"))
	if err != nil {
		return err
	}
	n.pid = strings.TrimSpace(string(pid))
	for _, kind := range []string{"net", "pid_for_children"} {
		f, err := os.Open(filepath.Join("/proc", n.pid, "ns", kind))
		if err != nil {
			return err
		}
		n.namespaces = append(n.namespaces, f)
	}
	return nil
}

// Close ends everything that runs in the node and waits until it is gone.
func (n *Node) Close() {
	for _, f := range n.namespaces {
		f.Close()
	}
	n.leash.Close()
	_ = n.keeper.Wait()
}

// Socket is the path of the engine's socket.
func (n *Node) Socket() string { return filepath.Join(n.folder, "run", "docker.sock") }

// Folder is one for whatever the tests want to share with containers. It is gone with the node.
func (n *Node) Folder() string { return n.folder }

// Log is the end of what the engine has logged.
func (n *Node) Log() string {
	log, err := os.ReadFile(filepath.Join(n.folder, "dockerd.log"))
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-4000):])
}

// Docker runs the docker command for this engine. It returns what the command printed; its error has that too.
func (n *Node) Docker(ctx context.Context, args ...string) (string, error) {
	return n.Run(exec.CommandContext(ctx, "docker", args...))
}

// Run runs a command that finds the engine by its environment.
func (n *Node) Run(cmd *exec.Cmd) (string, error) {
	n.Equip(cmd)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, problems.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// Equip gives a command the environment by which it finds the engine.
func (n *Node) Equip(cmd *exec.Cmd) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DOCKER_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	// The old builder, because it is there in every version. The user's own configuration could name proxies and logins.
	cmd.Env = append(cmd.Env, "DOCKER_HOST=unix://"+n.Socket(), "DOCKER_CONFIG="+filepath.Join(n.folder, "config"), "DOCKER_BUILDKIT=0")
}

// The addresses that a manager and a worker know each other by.
const (
	manager = "10.98.0.1"
	worker  = "10.98.0.2"
)

// InitSwarm makes the node the manager of a new swarm.
func (n *Node) InitSwarm(ctx context.Context) error {
	if err := n.ip(ctx, "addr add "+manager+" dev lo"); err != nil {
		return err
	}
	_, err := n.Docker(ctx, "swarm", "init", "--advertise-addr", manager)
	return err
}

// JoinSwarm makes the node a worker in the swarm of another, without work: it is drained from the start. There can be one at a time.
func (n *Node) JoinSwarm(ctx context.Context, first *Node) error {
	if err := n.connect(ctx, first); err != nil {
		return err
	}
	token, err := first.Docker(ctx, "swarm", "join-token", "-q", "worker")
	if err != nil {
		return err
	}
	_, err = n.Docker(ctx, "swarm", "join", "--advertise-addr", worker, "--availability", "drain", "--token", token, manager+":2377")
	return err
}

// connect lays a cable between two nodes. It is gone with either.
func (n *Node) connect(ctx context.Context, first *Node) error {
	for _, step := range []struct {
		at  *Node
		say string
	}{
		{first, "link add cable type veth peer name cable netns " + n.pid},
		{first, "link set cable up"},
		{n, "link set cable up"},
		{n, "addr add " + worker + " dev lo"},
		{n, "route add " + manager + " dev cable src " + worker},
		{first, "route add " + worker + " dev cable src " + manager},
	} {
		if err := step.at.ip(ctx, step.say); err != nil {
			return err
		}
	}
	return nil
}

// ip runs the ip command in the node's network, though among our own processes: pids are ours.
func (n *Node) ip(ctx context.Context, command string) error {
	args := append([]string{"--net=/proc/" + n.pid + "/ns/net", "ip"}, strings.Fields(command)...)
	_, err := n.Run(exec.CommandContext(ctx, "nsenter", args...))
	return err
}
