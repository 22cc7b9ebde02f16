package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// echoing sends WebSocket messages and waits for each to come back. Frames are of one size and their mask is zero, so
// that both ends know them by their length: what is measured lies between.
type echoing struct{ conns int }

const payload = 100

// The frames of RFC 6455 5.2: final, binary; the client's is masked, by a key of zeros.
var (
	clientFrame = append([]byte{0x82, 0x80 | payload, 0, 0, 0, 0}, bytes.Repeat([]byte("x"), payload)...)
	serverFrame = append([]byte{0x82, payload}, bytes.Repeat([]byte("x"), payload)...)
)

func (e echoing) drive(ctx context.Context, r run) (load, error) {
	seen := make([]sample, e.conns)
	begun := time.Now()
	end := begun.Add(r.time)
	var talkers sync.WaitGroup
	for i := range seen {
		talkers.Go(func() { seen[i].talk(ctx, r.addr, end) })
	}
	talkers.Wait()
	return sum(seen, time.Since(begun)), ctx.Err()
}

func (s *sample) talk(ctx context.Context, addr string, end time.Time) {
	c, err := dialWire(addr, end.Add(overtime))
	if err != nil {
		s.errors++
		return
	}
	defer c.Close()
	if err := c.upgrade(); err != nil {
		s.errors++
		return
	}
	back := make([]byte, len(serverFrame))
	for now := time.Now(); now.Before(end) && ctx.Err() == nil; {
		if _, err = c.Write(clientFrame); err == nil {
			_, err = io.ReadFull(c.in, back)
		}
		if err != nil || back[0] != serverFrame[0] || back[1] != serverFrame[1] {
			s.errors++
			return
		}
		asked := now
		now = time.Now()
		s.times = append(s.times, now.Sub(asked))
	}
}

func (c *wire) upgrade() error {
	const request = "GET / HTTP/1.1\r\nHost: " + echoHost + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := c.Write([]byte(request)); err != nil {
		return err
	}
	status, _, err := c.head()
	if err == nil && status != http.StatusSwitchingProtocols {
		err = fmt.Errorf("answered %d", status)
	}
	return err
}

// serveEcho answers upgrades and sends a frame for each that comes.
func serveEcho(l net.Listener) {
	http.Serve(l, http.HandlerFunc(echo)) //nolint:errcheck // ends with its listener
}

func echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		fmt.Fprint(w, "ok")
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-WebSocket-Key"))); err != nil {
		return
	}
	frame := make([]byte, len(clientFrame))
	for {
		if _, err := io.ReadFull(buffered, frame); err != nil {
			return
		}
		if _, err := conn.Write(serverFrame); err != nil {
			return
		}
	}
}

// accept is RFC 6455 4.2.2's proof that the key was read.
func accept(key string) string {
	hash := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(hash[:])
}
