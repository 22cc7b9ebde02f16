package proxytest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// given are the ports that FreeAddress has returned.
var given sync.Map

// FreeAddress is an address on 127.0.0.1 that nobody listens at: it refuses connections, until whoever asked gives it to a server
// that cannot be given a socket. It is none that the kernel chooses by itself, as for the connections of other tests.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var first, last int
	chosen, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Fscan(strings.NewReader(string(chosen)), &first, &last)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		port := 1024 + rand.IntN(1<<16-1024)
		if _, taken := given.LoadOrStore(port, true); taken || port >= first && port <= last {
			continue
		}
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no address is free")
	return ""
}
