package handover

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// stranger tells whether who is at the other end is another user's, root apart.
func stranger(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	strange := true
	_ = raw.Control(func(fd uintptr) {
		if who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			strange = who.Uid != 0 && int(who.Uid) != os.Geteuid()
		}
	})
	return strange
}

func listenAbstract(name string) (*net.UnixListener, error) {
	return net.ListenUnix("unixpacket", &net.UnixAddr{Name: name, Net: "unixpacket"})
}

// pair makes two ends of a connection, of which one is for another process.
func pair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	file := os.NewFile(uintptr(fds[0]), "successor")
	theirs = os.NewFile(uintptr(fds[1]), "predecessor")
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return c.(*net.UnixConn), theirs, nil
}
