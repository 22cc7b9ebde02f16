//go:build linux

package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// A browser asks by HTTP/3, and by TCP where that is not to be had: what it has learned from Alt-Svc is a hint (RFC 7838, 2.4).
type browser struct {
	quic *http3.Transport
	tcp  *http.Transport
	fell atomic.Int64 // how often it came by TCP
}

func newBrowser() *browser {
	trusting := func() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
	return &browser{
		quic: &http3.Transport{TLSClientConfig: trusting(), QUICConfig: &quic.Config{HandshakeIdleTimeout: 5 * time.Second}},
		tcp:  &http.Transport{TLSClientConfig: trusting(), ForceAttemptHTTP2: true},
	}
}

func (b *browser) close() {
	b.quic.Close()
	b.tcp.CloseIdleConnections()
}

// RoundTrip sends again what has not been worked on (RFC 9114, 4.1.1 and 5.2), and what may be sent twice.
func (b *browser) RoundTrip(q *http.Request) (*http.Response, error) {
	content, err := contentOf(q)
	if err != nil {
		return nil, err
	}
	answer, err := b.quic.RoundTrip(with(q, content))
	if err == nil || q.Method != http.MethodGet && !unworked(err) {
		return answer, err
	}
	b.fell.Add(1)
	return b.tcp.RoundTrip(with(q, content))
}

func contentOf(q *http.Request) ([]byte, error) {
	if q.Body == nil {
		return nil, nil
	}
	defer q.Body.Close()
	return io.ReadAll(q.Body)
}

func with(q *http.Request, content []byte) *http.Request {
	next := q.Clone(q.Context())
	next.Body = nil
	if content != nil {
		next.Body = io.NopCloser(bytes.NewReader(content))
	}
	return next
}

// unworked tells whether a server says that it has not begun a request, or nobody has heard of it.
func unworked(err error) bool {
	var rejected *http3.Error
	var refused *quic.TransportError
	var late *quic.HandshakeTimeoutError
	switch {
	case errors.As(err, &rejected):
		return rejected.ErrorCode == http3.ErrCodeRequestRejected
	case errors.As(err, &refused):
		return refused.ErrorCode == quic.ConnectionRefused
	}
	return errors.As(err, &late)
}

// freeForBoth is an address that nobody has, neither for TCP nor for UDP.
func freeForBoth(t *testing.T) string {
	for {
		at := proxytest.FreeAddress(t)
		if c, err := net.ListenPacket("udp", at); err == nil {
			c.Close()
			return at
		}
	}
}

func newSuccessionOfHTTP3(t *testing.T) *succession {
	s := newSuccession(t, "appia")
	s.secure = freeForBoth(t)
	s.flags = append(s.flags, "--entryPoints=Name:https Address:"+s.secure+" TLS HTTP3", "--defaultEntryPoints=http,https")
	return s
}

func TestNoRequestOfHTTP3IsLostBetweenARouterAndItsSuccessor(t *testing.T) {
	s := newSuccessionOfHTTP3(t)
	pid := s.first().Pid
	var stop atomic.Bool
	var clients sync.WaitGroup
	var asked, fell, byQUIC atomic.Int64
	failures := make(chan error, 1000)
	for range 8 {
		clients.Go(func() {
			b := newBrowser()
			defer func() {
				fell.Add(b.fell.Load())
				b.close()
			}()
			for n := 0; !stop.Load(); n++ {
				asked.Add(1)
				proto, err := visit(b, s, n)
				if err != nil {
					failures <- err
					return
				}
				if proto == 3 {
					byQUIC.Add(1)
				}
			}
		})
	}
	for range generations {
		before := byQUIC.Load()
		s.untilMore(&byQUIC, before+20)
		if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		pid = s.until(said("a successor serves")).PID
	}
	s.untilMore(&byQUIC, byQUIC.Load()+20)
	stop.Store(true)
	clients.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	t.Logf("%d requests, %d of them by HTTP/3; %d times somebody fell back", asked.Load(), byQUIC.Load(), fell.Load())
	s.end(pid)
}

// untilMore waits until a count has grown.
func (s *succession) untilMore(count *atomic.Int64, than int64) {
	s.t.Helper()
	for late := time.Now().Add(20 * time.Second); count.Load() < than; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			s.t.Fatal("nobody is served by HTTP/3 any more")
		}
	}
}

// visit asks for one thing or another.
func visit(b *browser, s *succession, n int) (proto int, err error) {
	method, want := "GET", "GET "
	var body []byte
	if n%2 == 1 {
		body = bytes.Repeat([]byte("x"), 1+n*1000%50_000)
		method, want = "POST", "POST "+string(body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, "https://"+s.secure+"/", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	answer, err := b.RoundTrip(q)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", method, err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || string(got) != want {
		return 0, fmt.Errorf("%s: %s, %d bytes, %w", method, answer.Status, len(got), err)
	}
	return answer.ProtoMajor, nil
}
