package swarm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// DefaultSocket is where a manager serves its store: swarmkit's control socket, as docker places it.
const DefaultSocket = "/var/run/docker/swarm/control.sock"

// Watch listens to the store of the manager on this machine, and calls hint once when the stream opens and after each
// change. While it runs, Snapshot answers from what was told, at the cost of what changed; whoever calls Snapshot after
// a hint sees what the hint was of. It returns when the stream breaks, with a *Problem (NoSocket where there is none) or
// the context's error; calling again, after a while, is the caller's business. hint must not block.
//
// It follows swarmkit's api/watch.proto, which tells of every change in the millisecond in which it is committed, on
// leaders and followers alike. Docker does not document it: the Engine API is asked for the picture that the changes
// are applied to, whenever there is doubt, and every few minutes without one.
func (c *Client) Watch(ctx context.Context, hint func()) error {
	if c.socket == "" {
		return &Problem{NoSocket, "the docker daemon at " + c.endpoint.url + " is another machine's, whose store cannot be reached",
			"point --docker.swarm.socket at the socket of a manager of the same swarm", fs.ErrNotExist}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	opening := time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })
	client := controlSocket(c.socket)
	defer client.CloseIdleConnections()
	stream, err := ask(ctx, client, "docker.swarmkit.v1.Watch/Watch", watchRequest())
	if err != nil {
		return c.unwatched(ctx, err)
	}
	defer stream.Close()
	// The first message is empty and says that from now on everything is told.
	if _, err := stream.Next(); err != nil {
		return c.unwatched(ctx, err)
	}
	if !opening.Stop() {
		cancel(context.DeadlineExceeded)
		return c.unwatched(ctx, context.DeadlineExceeded)
	}
	c.follower.opened()
	defer c.follower.closed()
	hint()
	for {
		if err := c.hear(stream); err != nil {
			return c.unwatched(ctx, err)
		}
		hint()
	}
}

func (c *Client) hear(stream *call) error {
	message, err := stream.Next()
	if err != nil {
		return err
	}
	changes, err := readWatchMessage(message)
	if err != nil {
		return err
	}
	c.follower.tell(changes)
	return nil
}

// unwatched says why the store is not watched.
func (c *Client) unwatched(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return &Problem{NoAnswer, "the swarm's store at " + c.socket + " does not answer in time", "see whether the docker daemon is overloaded", cause}
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{NoSocket, "there is no swarm control socket at " + c.socket,
			"on a manager, mount the folder into the container: -v /var/run/docker/swarm:/var/run/docker/swarm", err}
	case errors.Is(err, fs.ErrPermission):
		return &Problem{NoPermission, "we may not open the swarm control socket at " + c.socket, "run as root, or as the socket's owner", err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Problem{StreamEnded, "the swarm's store at " + c.socket + " ended its stream", "nothing, if the docker daemon was restarted", err}
	}
	return &Problem{EngineError, fmt.Sprintf("the swarm's store at %s cannot be watched: %v", c.socket, innermost(err)), "see the docker daemon's log", err}
}
