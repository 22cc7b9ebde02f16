package accesslog

import (
	"errors"
	"sync"
	"sync/atomic"
)

// DefaultWaiting is how many lines may wait when nobody says.
const DefaultWaiting = 10_000

// maxWaiting bounds the bytes that wait, whatever their lines are long.
const maxWaiting = 16 << 20

// A backlog is lines on their way to a file: requests add to one buffer while the other is written, and then they swap. A lock
// held for a copy costs a request less than a channel, which wakes somebody for each line.
type backlog struct {
	most   int
	failed func(error)
	lost   atomic.Uint64
	wake   chan struct{} // one slot: there are lines
	done   chan struct{}

	mu      sync.Mutex
	lines   []byte
	waiting int
	full    bool // lines are being lost, which was told
	closed  bool

	writing sync.Mutex // before mu
	file    *File
	spare   []byte // guarded by writing, like file
	broken  bool
}

func newBacklog(file *File, waiting int, failed func(error)) *backlog {
	if waiting <= 0 {
		waiting = DefaultWaiting
	}
	if failed == nil {
		failed = func(error) {}
	}
	s := &backlog{most: waiting, failed: failed, file: file, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

var (
	errFull   = errors.New("the access log is written more slowly than requests come: lines are lost")
	errClosed = errors.New("the access log is closed")
)

// add copies a line, or loses it when too many wait.
func (s *backlog) add(line []byte) {
	s.mu.Lock()
	if s.closed || s.waiting >= s.most || len(s.lines)+len(line) > maxWaiting {
		first := !s.full && !s.closed
		s.full = true
		s.mu.Unlock()
		s.lost.Add(1)
		if first {
			s.failed(errFull)
		}
		return
	}
	s.lines = append(s.lines, line...)
	s.waiting++
	if s.waiting == 1 {
		s.signal() // under the lock, with which close says that nobody signals any more
	}
	s.mu.Unlock()
}

func (s *backlog) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes until close, which takes the channel away.
func (s *backlog) run() {
	defer close(s.done)
	for range s.wake {
		s.writing.Lock()
		s.flush()
		s.writing.Unlock()
	}
}

// flush writes what waits; needs writing.
func (s *backlog) flush() {
	s.mu.Lock()
	lines, waiting := s.lines, s.waiting
	s.lines, s.waiting, s.full = s.spare[:0], 0, false
	s.mu.Unlock()
	s.spare = lines
	if len(lines) == 0 {
		return
	}
	_, err := s.file.Write(lines)
	if err != nil {
		s.lost.Add(uint64(waiting))
		if !s.broken {
			s.failed(err)
		}
	}
	s.broken = err != nil
}

func (s *backlog) reopen() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.flush()
	return s.file.Reopen()
}

func (s *backlog) close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	s.writing.Lock()
	s.flush()
	s.writing.Unlock()
	close(s.wake)
	<-s.done
	return s.file.Close()
}
