//go:build !linux || portable

package http1

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The portable twin of socket_linux.go: no socket is raw, so that readings wait in their goroutine with a buffer in hand,
// and the kernel moves no bodies. Any unix will do.

// Listening is how a Server's listeners are best opened.
func Listening(keepAlive time.Duration) *net.ListenConfig {
	return &net.ListenConfig{KeepAlive: keepAlive}
}

// queued is not told here.
func queued(int) int { return 0 }

func rawOf(*net.TCPConn) syscall.RawConn { return nil }

func tryRead(int, []byte) (int, error)  { return 0, errWait }
func tryWrite(int, []byte) (int, error) { return 0, nil }

// silent tells whether nothing has come in: no bytes, no end, no error.
func (s *socket) silent() bool {
	_, err := s.peek()
	return s.tcp == nil || err == unix.EAGAIN
}

// ended tells whether the peer has closed, or reset, and nothing is left to read.
func (s *socket) ended() (end, reset bool) {
	if s.tcp == nil {
		return false, false
	}
	n, err := s.peek()
	return err == nil && n == 0, err != nil && err != unix.EAGAIN && err != unix.EINTR
}

func (s *socket) peek() (n int, err error) {
	if s.tcp == nil {
		return 0, nil
	}
	raw, err := s.tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	var b [1]byte
	if cerr := raw.Control(func(fd uintptr) { n, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT) }); cerr != nil {
		return 0, cerr
	}
	return n, err
}

// owing cannot be told here.
func (s *socket) owing() bool { return true }

// unheard cannot be told here.
func (s *socket) unheard(time.Duration) bool { return false }

// A watcher would tell which of many sockets have something to read.
type watcher struct{}

func newWatcher() *watcher { return nil }

func (*watcher) watch(int, bool) error { return nil }
func (*watcher) wait(func(int))        {}
func (*watcher) close()                {}

// movedBytes knows nothing here: who is slow for the whole of a time-out is given up even if some bytes have moved.
func (s *socket) movedBytes() (received, sent uint64) { return 0, 0 }
