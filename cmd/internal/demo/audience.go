package demo

import (
	"context"
	"errors"
	"io"
	"syscall"
)

// An audience reads the show. When it leaves, as head does after some lines, the show is over.
type audience struct {
	out   io.Writer
	leave context.CancelFunc
	left  error // why nothing can be written any more
}

func (a *audience) Write(text []byte) (int, error) {
	if a.left != nil {
		return 0, a.left
	}
	n, err := a.out.Write(text)
	if err != nil {
		a.left = err
		a.leave()
	}
	return n, err
}

// why is nil for an audience that has seen enough, and else what is wrong, such as a full disk.
func (a *audience) why() error {
	if errors.Is(a.left, syscall.EPIPE) || errors.Is(a.left, io.ErrClosedPipe) {
		return nil
	}
	return a.left
}
