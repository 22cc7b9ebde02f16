// Package load asks by HTTP/3 all the time, for the benchmark.
package load

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// A Loop is a closed one: each of its streams asks again as soon as it is answered.
type Loop struct {
	Addr    string // where to ask, whatever the host
	URL     string
	Conns   int
	Streams int // of each connection
}

// Run asks until ctx ends, and returns how long each answer took, and how many went wrong.
func (l Loop) Run(ctx context.Context) (times []time.Duration, errors int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range l.Conns {
		transport := &http3.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the benchmark's own
			Dial: func(ctx context.Context, _ string, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
				return quic.DialAddr(ctx, l.Addr, t, q)
			},
		}
		var streams sync.WaitGroup
		for range l.Streams {
			streams.Go(func() {
				took, wrong := l.ask(ctx, transport)
				mu.Lock()
				defer mu.Unlock()
				times, errors = append(times, took...), errors+wrong
			})
		}
		all.Go(func() {
			streams.Wait()
			_ = transport.Close()
		})
	}
	all.Wait()
	return times, errors
}

func (l Loop) ask(ctx context.Context, by http.RoundTripper) (times []time.Duration, errors int) {
	for ctx.Err() == nil {
		begun := time.Now()
		err := once(ctx, by, l.URL)
		switch {
		case err == nil:
			times = append(times, time.Since(begun))
		case ctx.Err() == nil:
			errors++
		}
	}
	return times, errors
}

func once(ctx context.Context, by http.RoundTripper, url string) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := by.RoundTrip(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return http.ErrNotSupported
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
