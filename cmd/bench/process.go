package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A command is how to start a contender.
type command struct {
	argv []string
	env  []string // besides our own
	stop func()   // ends what the contender needs beside it; may be nil
}

// A process is a child with all its children. It does not outlive us, however we end.
type process struct {
	cmd    *exec.Cmd
	output string        // the file that has what it said
	done   chan struct{} // closed when it has ended
	also   func()
}

func start(c command, output string) (*process, error) {
	file, err := os.Create(output)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	cmd.Path = withSbin(c.argv[0], cmd.Path)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = file, file
	p := &process{cmd: cmd, output: output, done: make(chan struct{}), also: c.stop}
	if err := spawn(cmd); err != nil {
		p.stopAlso()
		return nil, err
	}
	go func() {
		cmd.Wait() //nolint:errcheck // how it ended is told by its output
		close(p.done)
	}()
	return p, nil
}

// withSbin finds what Debian puts where only root's PATH looks.
func withSbin(name, found string) string {
	if strings.Contains(found, "/") || strings.Contains(name, "/") {
		return found
	}
	if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		return path
	}
	return found
}

// spawner is the one thread that starts children: Linux sends the signal of a parent's death when the starting thread ends.
var spawner = sync.OnceValue(func() chan func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

// spawn starts a child in a process group of its own: ctrl-C is for us, and we end the group.
func spawn(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	if strings.Contains(cmd.Path, "/") {
		cmd.Err = nil
	}
	started := make(chan error)
	spawner() <- func() { started <- cmd.Start() }
	return <-started
}

// stop ends the whole group, politely for two seconds.
func (p *process) stop() {
	defer p.stopAlso()
	group := -p.cmd.Process.Pid
	syscall.Kill(group, syscall.SIGTERM) //nolint:errcheck // it may have ended
	select {
	case <-p.done:
	case <-time.After(2 * time.Second):
	}
	syscall.Kill(group, syscall.SIGKILL) //nolint:errcheck // it should have ended
	<-p.done
}

func (p *process) stopAlso() {
	if p.also != nil {
		p.also()
	}
}

// ready waits until the process answers 200 for a host at an address.
func (p *process) ready(ctx context.Context, addr, host string, patience time.Duration) error {
	last := errors.New("it did not answer")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if last = askOnce(addr, host); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("it ended: %s", p.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("not ready after %v: %w; it said: %s", patience, last, p.said())
}

// said is the end of what it wrote.
func (p *process) said() string {
	text, _ := os.ReadFile(p.output)
	if len(text) > 1000 {
		text = text[len(text)-1000:]
	}
	return strings.TrimSpace(string(text))
}

func askOnce(addr, host string) error {
	c, err := dialWire(addr, time.Now().Add(2*time.Second))
	if err != nil {
		return err
	}
	defer c.Close()
	return c.get([]byte("GET /1k HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
}
