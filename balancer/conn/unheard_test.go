//go:build linux

package conn

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// option reads what the kernel knows of a connection.
func option(t *testing.T, c net.Conn, level, name int) (value int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if cerr := raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return value
}

func TestAConnectionWhoseOtherSideIsGoneEndsByItself(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := (&Dialer{Unheard: time.Minute}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	idle, every := option(t, c, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE), option(t, c, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)
	count, on := option(t, c, unix.IPPROTO_TCP, unix.TCP_KEEPCNT), option(t, c, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
	if on != 1 || idle+every*count != 90 {
		t.Errorf("keep-alive %d: first after %d s, %d times every %d s", on, idle, count, every)
	}
	if limit := option(t, c, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); limit != 60_000 {
		t.Errorf("what is not acknowledged is given up after %d ms", limit)
	}
}
