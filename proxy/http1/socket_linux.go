//go:build linux && !portable

package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What Linux offers beyond package net, all of it here; socket_portable.go is its twin.

// Listening is how a Server's listeners are best opened: what their connections inherit, package net need not set on
// each. It would be four system calls a connection, a thirtieth of what one with a single request costs.
func Listening(keepAlive time.Duration) *net.ListenConfig {
	return &net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		cerr := raw.Control(func(fd uintptr) { err = keptAlive(int(fd), keepAlive) })
		return errors.Join(cerr, err)
	}}
}

// queued reads what the system counts in this field of a socket that listens.
func queued(fd int) int {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0
	}
	return int(info.Unacked)
}

// keptAlive sets what package net would.
func keptAlive(fd int, idle time.Duration) error {
	return errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(idle/time.Second)),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9),
	)
}

func rawOf(c *net.TCPConn) syscall.RawConn {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// The two calls below are made without telling the scheduler: they never wait, and telling it costs 140 ns and, when both
// cores are busy, now and then the processor, which sysmon takes from whoever is in a call for 20 us.

// tryRead reads what is there, or returns errWait.
func tryRead(fd int, p []byte) (int, error) {
	for {
		n, _, err := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(address(p)), uintptr(len(p)))
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return 0, errWait
		case err != 0:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// tryWrite writes as much as fits.
func tryWrite(fd int, p []byte) (int, error) {
	for {
		n, _, err := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(address(p)), uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return 0, nil
		case err != 0:
			return 0, err
		default:
			return int(n), nil
		}
	}
}

// silent tells whether nothing has come in: no bytes, no end, no error. The connection is known to be open.
func (s *socket) silent() bool {
	if s.raw == nil {
		return true
	}
	if !s.in && s.fd == 0 {
		_ = s.raw.Control(func(fd uintptr) { s.fd = int(fd) })
	}
	_, err := tryRead(s.fd, s.probe[:]) // what it takes is lost, and so is the connection then
	return err == errWait
}

// ended tells whether the peer has closed, or reset, and nothing is left to read; of TLS, which says good-bye in words that
// are left to read, whether it has closed.
func (s *socket) ended() (end, reset bool) {
	if s.info == nil {
		return false, false
	}
	if s.tls != nil {
		err := s.info.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			end, reset = err == nil && info.State == unix.BPF_TCP_CLOSE_WAIT, err == nil && info.State == unix.BPF_TCP_CLOSE
		})
		return end, reset || err != nil
	}
	var b [1]byte
	err := s.info.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		end = err == nil && n == 0
		reset = err != nil && err != unix.EAGAIN && err != unix.EINTR
	})
	return end, reset || err != nil
}

// owing tells whether the peer has yet to take some of what was written.
func (s *socket) owing() (owes bool) {
	if s.info == nil {
		return true
	}
	_ = s.info.Control(func(fd uintptr) {
		n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		owes = err != nil || n > 0
	})
	return owes
}

// insistent is how often something was sent again before nobody is thought to be there.
const insistent = 3

// unheard tells whether the peer's machine has acknowledged nothing for so long, of what it was sent more than once. A program
// that is slow or stopped is another matter: its machine acknowledges, until it has no more room, and then that it has none.
func (s *socket) unheard(since time.Duration) (is bool) {
	if s.info == nil {
		return false
	}
	_ = s.info.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		is = err == nil && info.Unacked > 0 && info.Retransmits >= insistent && time.Duration(info.Last_ack_recv)*time.Millisecond >= since
	})
	return is
}

// A watcher tells which of many sockets have something to read: an epoll set of its own, which the runtime's poller watches.
type watcher struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
}

func newWatcher() *watcher {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	_ = unix.SetNonblock(fd, true) // tells os.NewFile that it can be polled
	w := &watcher{file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	if w.raw, err = w.file.SyscallConn(); err != nil {
		w.file.Close()
		return nil
	}
	return w
}

// watch waits, once, until a socket is readable or has ended. again: it was watched before.
func (w *watcher) watch(fd int, again bool) error {
	how := unix.EPOLL_CTL_ADD
	if again {
		how = unix.EPOLL_CTL_MOD
	}
	return unix.EpollCtl(w.fd, how, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: int32(fd)})
}

// wait tells of sockets until close.
func (w *watcher) wait(tell func(fd int)) {
	var events [64]unix.EpollEvent
	_ = w.raw.Read(func(uintptr) bool {
		for {
			n, err := unix.EpollWait(w.fd, events[:], 0)
			for _, e := range events[:max(n, 0)] {
				tell(int(e.Fd))
			}
			if n < len(events) && err != unix.EINTR {
				return false
			}
		}
	})
}

func (w *watcher) close() { w.file.Close() }

// movedBytes is the number of bytes that have come in so far, and sent of those that the peer has taken: the progress of a
// transfer that the kernel does for us.
func (s *socket) movedBytes() (received, sent uint64) {
	if s.info == nil {
		return 0, 0
	}
	_ = s.info.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			received, sent = info.Bytes_received, info.Bytes_acked
		}
	})
	return received, sent
}
