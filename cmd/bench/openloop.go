package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// An openLoop asks at a constant rate. A request that has to wait for a connection, or for the client itself, waits on
// the contender's account: a closed loop would ask less of who is slow, and so flatter it.
type openLoop struct{ rate, conns int }

// overtime is how long after its last request a loop may wait for answers.
const overtime = 3 * time.Second

func (o openLoop) drive(ctx context.Context, r run) (load, error) {
	total := int(float64(o.rate) * r.time.Seconds())
	due := make(chan time.Time, total)
	deadline := time.Now().Add(r.time + overtime)
	request := []byte("GET /1k HTTP/1.1\r\nHost: " + r.host + "\r\n\r\n")

	seen := make([]sample, o.conns)
	begun := time.Now()
	var askers sync.WaitGroup
	for i := range seen {
		askers.Go(func() { seen[i].ask(r.addr, request, due, deadline) })
	}
	askers.Go(func() { o.pace(ctx, total, due) })
	askers.Wait()
	if ctx.Err() != nil {
		return load{}, ctx.Err()
	}
	return sum(seen, time.Since(begun)), nil
}

// pace says when each request is due. It keeps its thread, sharpened for exact naps, until both end.
func (o openLoop) pace(ctx context.Context, total int, due chan<- time.Time) {
	defer close(due)
	runtime.LockOSThread()
	sharpen()
	begin := time.Now()
	for i := 0; i < total && ctx.Err() == nil; i++ {
		at := begin.Add(time.Duration(i) * time.Second / time.Duration(o.rate))
		for wait := time.Until(at); wait > 0; wait = time.Until(at) {
			nap(wait)
		}
		due <- at
	}
}

// A sample is what one connection saw.
type sample struct {
	times  []time.Duration
	errors int
}

// ask answers each due time with a request, over one connection, made anew when it breaks.
func (s *sample) ask(addr string, request []byte, due <-chan time.Time, deadline time.Time) {
	var c *wire
	for at := range due {
		if time.Now().After(deadline) {
			s.errors++
			continue
		}
		var err error
		if c == nil {
			c, err = dialWire(addr, deadline)
		}
		if err == nil {
			err = c.get(request)
		}
		if err != nil {
			s.errors++
			c = hangUp(c)
			continue
		}
		s.times = append(s.times, time.Since(at))
	}
	hangUp(c)
}

func hangUp(c *wire) *wire {
	if c != nil {
		c.Close()
	}
	return nil
}

// sum makes one load of many samples.
func sum(list []sample, elapsed time.Duration) load {
	var all []time.Duration
	l := load{elapsed: elapsed}
	for _, s := range list {
		all = append(all, s.times...)
		l.errors += s.errors
	}
	l.requests = float64(len(all))
	l.p50, l.p99 = quantile(all, 50), quantile(all, 99)
	return l
}

// quantile sorts the list it is given.
func quantile(list []time.Duration, percent int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[(len(list)-1)*percent/100]
}
