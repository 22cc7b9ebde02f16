package conn

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func limitUnheard(raw syscall.RawConn, limit time.Duration) (err error) {
	cerr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit/time.Millisecond))
	})
	return errors.Join(cerr, err)
}
