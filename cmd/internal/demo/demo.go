// Package demo is the router in a theatre: a swarm in miniature, the whole real pipeline in front of it, and a show of
// what happens to requests while the swarm changes.
//
// Only the swarm is make-believe. Everything printed was measured by requests through the router's own listener, or is
// what the router itself says of its table.
package demo

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// Options say what to show.
type Options struct {
	Stacks   []string      // the reader's own stack files; none: the examples
	For      time.Duration // ends by itself after this long; 0: when ctx ends
	Addr     string        // of the entry point
	Admin    string        // of the admin listener
	LogLevel string        // of the router's own log; "": no log

	Out     io.Writer // the show
	Log     io.Writer // the router's log
	Version string
	Pace    embedded.Pace // how long tasks take to start and to stop
	Breath  time.Duration // between two acts
}

// Brisk is a swarm somewhat faster than life: nobody watches a task stop for three seconds.
var Brisk = embedded.Pace{Start: 500 * time.Millisecond, Stop: 1200 * time.Millisecond, Restart: 1500 * time.Millisecond}

// Breath is the time to read an act in.
const Breath = 1500 * time.Millisecond

// Run shows it all, and goes on serving until ctx or the time is over, neither of which is an error.
func Run(ctx context.Context, o Options) error {
	if o.For < 0 {
		return fmt.Errorf("--for %s: the time must be above zero", o.For)
	}
	stacks, err := readStacks(o.Stacks)
	if err != nil {
		return err
	}
	began := time.Now()
	ctx, stop := limited(ctx, o.For)
	defer stop()
	stage, err := build(ctx, o, stacks)
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer stage.close()

	var routed error
	var router sync.WaitGroup
	router.Go(func() {
		routed = stage.router.Run(ctx)
		stop() // a router that broke ends the show
	})
	shown := unlessOver(ctx, newShow(o, stage, began).run(ctx))
	stop()
	router.Wait()
	if routed != nil {
		return routed
	}
	return shown
}

func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// unlessOver is an error that is not just the end of ctx, which whatever is under way then fails by.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
