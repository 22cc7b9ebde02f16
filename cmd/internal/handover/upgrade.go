package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// limit is for a successor to have a table: less than it waits for one.
const limit = 50 * time.Second

// UpgradeOn upgrades at each SIGUSR2, until ctx ends.
func (h *Handover) UpgradeOn(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				if _, err := h.Upgrade(); err != nil {
					h.log.Error("no successor has taken over; this process goes on serving", zap.Error(err))
				}
			}
		}
	}()
}

// Upgrade starts the program anew, from where it lies now and with the same arguments, and returns when that serves; then Over
// is closed. Should it fail, everything stays as it is. Leave ends it, and the successor with it: whoever stops a router does not
// want another.
func (h *Handover) Upgrade() (pid int, err error) {
	if h.first {
		return 0, errors.New("a container ends with its first process, and the successor with it: update the service, or the container, instead")
	}
	select {
	case <-h.serving: // nobody follows a router that does not serve yet
	case <-h.left.Done():
		return 0, errLeft
	}
	if !h.begin() {
		return 0, errors.New("a successor has been started already, or this router is leaving")
	}
	defer h.starting.Done()
	if pid, err = h.start(); err != nil {
		h.mu.Lock()
		h.upgrading = false
		h.mu.Unlock()
		return 0, err
	}
	h.log.Info("a successor serves; this process leaves", zap.Int("pid", pid))
	tellSystemd(fmt.Sprintf("MAINPID=%d", pid))
	h.count(1)
	close(h.over)
	return pid, nil
}

func (h *Handover) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.upgrading || h.left.Err() != nil {
		return false
	}
	h.upgrading = true
	h.starting.Add(1)
	return true
}

var errLeft = errors.New("this router was told to leave")

// isFirst tells whether this process is the one that a container ends with: its first, or the child of its init.
func isFirst() bool {
	_, docker := os.Stat("/.dockerenv")
	return os.Getpid() == 1 || os.Getppid() == 1 && docker == nil
}

// start starts the successor and talks with it until it serves.
func (h *Handover) start() (int, error) {
	path, err := os.Executable() // as it was called when it was started: a file that has been replaced is taken
	if err != nil {
		return 0, err
	}
	ours, theirs, err := pair()
	if err != nil {
		return 0, err
	}
	defer ours.Close()
	pid, err := syscall.ForkExec(path, os.Args, &syscall.ProcAttr{
		Env: append(os.Environ(), variable+"=1"), Files: []uintptr{0, 1, 2, theirs.Fd()},
	})
	_ = theirs.Close()
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", path, err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() {
		state, err := process.Wait()
		if err == nil {
			err = errors.New(state.String())
		}
		ended <- err
	}()
	if err := h.lead(ours, ended); err != nil {
		_ = process.Kill() // it has not accepted anything yet
		return 0, err
	}
	return pid, nil
}

// lead answers the successor until it is ready.
func (h *Handover) lead(c *net.UnixConn, ended <-chan error) error {
	ready := make(chan error, 1)
	go func() { ready <- h.untilReady(c) }()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case err := <-ready:
		if err == nil {
			_, err = c.Write([]byte(goOn))
		}
		if err == nil {
			return nil
		}
		select {
		case end := <-ended: // says more
			err = end
		case <-late.C:
		}
		return fmt.Errorf("the successor has ended before it served: %w", err)
	case err := <-ended:
		return fmt.Errorf("the successor has ended before it served: %w", err)
	case <-late.C:
		return fmt.Errorf("the successor did not serve within %s", limit)
	case <-h.left.Done():
		return errLeft
	}
}

func (h *Handover) untilReady(c *net.UnixConn) error {
	for {
		switch word, err := hear(c); {
		case err != nil:
			return err
		case word == isReady:
			return nil
		case word == wantSockets:
			if err := h.give(c); err != nil {
				return err
			}
		}
	}
}

// Ask has a running router hand over to its successor, and returns its answer. pid 0: the only one there is.
func Ask(pid int) (string, error) {
	var found []int
	for _, name := range doors() {
		if id, err := strconv.Atoi(strings.TrimPrefix(name, doorPrefix)); err == nil && (pid == 0 || pid == id) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	switch {
	case len(found) == 0:
		return "", errors.New("no router is found in this network namespace; one that runs elsewhere takes SIGUSR2")
	case len(found) > 1:
		return "", fmt.Errorf("there are several routers, the processes %v; say which by --pid", found)
	}
	c, err := knock(fmt.Sprintf("%s%d", doorPrefix, found[0]))
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.Write([]byte(doUpgrade)); err != nil {
		return "", err
	}
	_ = c.SetDeadline(time.Now().Add(limit + patience))
	text, err := hear(c)
	if err == nil && !strings.HasPrefix(text, isDone) {
		err = errors.New(text)
	}
	return text, err
}

// tellSystemd says something to whoever has started the router and wants to hear it (sd_notify(3)).
func tellSystemd(text string) {
	at := os.Getenv("NOTIFY_SOCKET")
	if at == "" {
		return
	}
	c, err := net.Dial("unixgram", at)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(text))
}
