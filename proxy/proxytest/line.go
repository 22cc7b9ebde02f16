package proxytest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Line is the way to an endpoint, and as good as the test says. What it does to bytes it does both ways.
type Line struct {
	Delay time.Duration // before each piece
	Piece int           // the most bytes of one; 0: as they come
}

// To is an address from which the line leads to another.
func (l Line) To(t testing.TB, addr string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ways sync.WaitGroup
	ways.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			ways.Go(func() { l.lead(t.Context(), c, addr) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		ways.Wait()
	})
	return listener.Addr().String()
}

func (l Line) lead(ctx context.Context, from net.Conn, addr string) {
	defer from.Close()
	to, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer to.Close()
	late := time.Now().Add(Patience)
	from.SetDeadline(late)
	to.SetDeadline(late)
	defer context.AfterFunc(ctx, func() {
		from.Close()
		to.Close()
	})()
	var back sync.WaitGroup
	back.Go(func() { l.carry(from, to) })
	l.carry(to, from)
	back.Wait()
}

func (l Line) carry(to, from net.Conn) {
	size := l.Piece
	if size == 0 {
		size = 32 << 10
	}
	piece := make([]byte, size)
	for {
		n, err := from.Read(piece)
		<-time.After(l.Delay)
		if _, werr := to.Write(piece[:n]); err != nil || werr != nil {
			to.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, from) // so that its end is an end and no reset
			return
		}
	}
}
