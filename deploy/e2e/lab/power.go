package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Kill ends everything that runs on the node, as a machine does whose power fails. Its disk stays, and so do its addresses.
// On a node that is not cut off first, the kernel still ends the connections of the dead.
func (n *Node) Kill() error { return n.end("KILL", "-1") }

// Stop ends the engine as a machine does that is shut down: containers are told to end, and managers leave as they should.
func (n *Node) Stop() error {
	pid, err := os.ReadFile(filepath.Join(n.folder, "run", "docker.pid"))
	if err != nil {
		return err
	}
	return n.end("TERM", strings.TrimSpace(string(pid)))
}

// Boot starts a node again that was killed or stopped, and waits until it answers.
func (n *Node) Boot(ctx context.Context) error {
	defer n.power.Close()
	if _, err := n.power.WriteString("\n"); err != nil {
		return err
	}
	return n.answers(ctx)
}

// end sends a signal from within, where process numbers are the node's own and -1 is everything but its first process.
func (n *Node) end(signal, pid string) (err error) {
	cmd := exec.Command("kill", "-"+signal, "--", pid)
	if err := n.Begin(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	// The pipe can be opened once the keeper reads from it, which it does when the engine has ended.
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		n.power, err = os.OpenFile(filepath.Join(n.folder, "boot"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
	}
	return fmt.Errorf("dockerd does not end\n%s", n.Log())
}
