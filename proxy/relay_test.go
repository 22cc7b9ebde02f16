package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// relayToTLS lets tests that speak in clear come to the router by TLS: what they say to the address goes on in a connection of
// its own, and so do ends, halves of them, and resets.
func relayToTLS(t testing.TB, router string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			plain, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { relay(plain.(*net.TCPConn), router) })
		}
	})
	return l.Addr().String()
}

// relayed is how many connections have got as far as a router: a client's may not have yet when it is there for the client.
var relayed atomic.Int64

func relay(plain *net.TCPConn, router string) {
	defer plain.Close()
	base, err := net.Dial("tcp", router)
	if err != nil {
		plain.SetLinger(0)
		return
	}
	defer base.Close()
	relayed.Add(1)
	secure := tls.Client(base, &tls.Config{InsecureSkipVerify: true})
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := io.Copy(secure, plain); err != nil {
			base.(*net.TCPConn).SetLinger(0)
			base.Close()
			return
		}
		if secure.CloseWrite() == nil {
			base.(*net.TCPConn).CloseWrite()
		}
	})
	both.Go(func() {
		if _, err := io.Copy(plain, secure); err != nil {
			plain.SetLinger(0)
			plain.Close()
			return
		}
		plain.CloseWrite()
	})
	both.Wait()
}
