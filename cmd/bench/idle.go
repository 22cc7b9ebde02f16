package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// idle opens connections, asks once over each, and looks at what the contender holds while they all wait.
type idle struct{ conns int }

// openers are how many connections are opened at a time.
const openers = 32

func (i idle) drive(ctx context.Context, r run) (load, error) {
	before, err := r.memory()
	if err != nil {
		return load{}, err
	}
	wires := make([]*wire, i.conns)
	defer func() {
		for _, c := range wires {
			hangUp(c)
		}
	}()
	begun := time.Now()
	seen := i.open(ctx, r, wires)
	l := sum(seen, time.Since(begun))
	if l.requests == 0 {
		return load{}, fmt.Errorf("no connection was answered")
	}
	select {
	case <-ctx.Done():
		return load{}, ctx.Err()
	case <-time.After(r.time): // buffers are given back, garbage is found
	}
	after, err := r.memory()
	l.held, l.perConn = after, (after-before)/int64(l.requests)
	return l, err
}

func (i idle) open(ctx context.Context, r run, wires []*wire) []sample {
	request := []byte("GET /1k HTTP/1.1\r\nHost: " + r.host + "\r\n\r\n")
	deadline := time.Now().Add(r.time + 30*time.Second)
	seen := make([]sample, openers)
	var opening sync.WaitGroup
	for o := range openers {
		opening.Go(func() {
			for n := o; n < len(wires) && ctx.Err() == nil; n += openers {
				begun := time.Now()
				c, err := dialWire(r.addr, deadline)
				if err == nil {
					wires[n] = c
					err = c.get(request)
				}
				if err != nil {
					seen[o].errors++
					continue
				}
				seen[o].times = append(seen[o].times, time.Since(begun))
			}
		})
	}
	opening.Wait()
	return seen
}
