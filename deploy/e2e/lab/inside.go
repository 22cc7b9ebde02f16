package lab

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// Dial connects from within the node's network: 127.0.0.1 is the node, with the ports that its containers publish.
func (n *Node) Dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	err = n.inside(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// Listen listens in the node's network.
func (n *Node) Listen(network, addr string) (l net.Listener, err error) {
	err = n.inside(func() error {
		l, err = net.Listen(network, addr)
		return err
	})
	return l, err
}

// Begin starts a command on the node, with the machine's files. It ends with the node at the latest.
func (n *Node) Begin(cmd *exec.Cmd) error { return n.inside(cmd.Start) }

// Dial connects from a place of its own on the switch, as a client does that is outside of the swarm.
func (c *Cluster) Dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	err = within([]*os.File{c.hub}, func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// inside calls f on a thread that is in the node's namespaces. Sockets and processes belong to those they were made in,
// so that f alone has to run there.
func (n *Node) inside(f func() error) error { return within(n.namespaces, f) }

func within(namespaces []*os.File, f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlock it: the thread ends with this goroutine and nobody else gets it
		for _, namespace := range namespaces {
			if err := unix.Setns(int(namespace.Fd()), 0); err != nil {
				result <- err
				return
			}
		}
		result <- f()
	}()
	return <-result
}
