// Package demo is the router in a theatre: a swarm in miniature, the whole real pipeline in front of it, and a show of
// what happens to requests while the swarm changes.
//
// Only the swarm is make-believe. Everything printed was measured by requests through the router's own listener, or is
// what the router itself says of its table.
package demo

import (
	"context"
	"errors"
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
	Router   []string      // flags of the router's own, after those that the demo gives it

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

// Run shows it all, and goes on serving until ctx or the time is over or nobody reads Out any more. None of these is an error.
func Run(ctx context.Context, o Options) error {
	if o.For < 0 {
		return fmt.Errorf("--for %s: the time must be above zero", o.For)
	}
	stacks, err := readStacks(o.Stacks)
	if err != nil {
		return err
	}
	ctx, stop := limited(ctx, o.For)
	defer stop()
	reader := &audience{out: o.Out, leave: stop}
	o.Out = reader
	err = perform(ctx, o, stacks)
	switch {
	case reader.left != nil:
		return reader.why()
	case ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		fmt.Fprintf(o.Out, "\nThe %s are over. Nothing is left behind.\n", o.For)
	default:
		fmt.Fprint(o.Out, "\nEnded. Nothing is left behind.\n")
	}
	return nil
}

func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// perform plays the show on a stage that is there for it alone.
func perform(ctx context.Context, o Options, stacks []stack) error {
	began := time.Now()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stage, err := build(ctx, o, stacks)
	if err != nil {
		return err
	}
	defer stage.close()

	var broken error
	var router sync.WaitGroup
	router.Go(func() {
		broken = stage.router.Run(ctx)
		stop() // without a router there is nothing to show
	})
	err = newShow(o, stage, began).run(ctx)
	stop()
	router.Wait()
	if broken != nil {
		return broken
	}
	return err
}
