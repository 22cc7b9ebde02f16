package swarm

import (
	"context"
	"sync"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/appia-edge/appia/discovery/snapshot"
)

const (
	// renewal is how long a picture is kept up by changes alone. The store's watch is no documented API: should it ever
	// leave something out, the router is wrong for no longer than this.
	renewal = 5 * time.Minute
	// silence is how long, where nothing else is said, nothing need be heard before the swarm is asked whether it is still there.
	silence = 10 * time.Second
	// mostMissed bounds the changes kept while a look is under way. More of them are cheaper to look at.
	mostMissed = 100_000
)

// A follower keeps a picture true by what the store tells. One goroutine listens, another looks.
//
// The order is the whole secret: the stream is open before the look begins, so each change is in the look, or is told
// of, or both; versions tell which. Any doubt drops the picture, and the next question is answered by a look.
type follower struct {
	silence time.Duration // after which somebody should ask; never changes

	mu      sync.Mutex
	open    bool      // the stream is open
	picture *picture  // nil: a look has to be taken
	missed  []change  // told of since the look that is under way began
	pending bool      // a look is under way, and nothing has put it in doubt
	since   time.Time // when the picture was looked at
	heard   time.Time // when the swarm last showed that it lives
	lived   func()    // to be called when it does; nil: nobody waits for that
}

// opened notes that every change is told of from now on.
func (f *follower) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open, f.heard = true, time.Now()
	f.doubt()
}

// closed notes that changes are no longer told of.
func (f *follower) closed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = false
	f.doubt()
}

func (f *follower) doubt() { f.picture, f.missed, f.pending = nil, nil, false }

// tell takes in the changes of one commit.
func (f *follower) tell(changes []change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = time.Now()
	for i := range changes {
		f.take(&changes[i])
	}
	if f.lived != nil {
		f.lived()
	}
}

func (f *follower) take(c *change) {
	if c.network || len(f.missed) >= mostMissed {
		f.doubt() // networks change rarely, and how the store tells of them need not be known here
		return
	}
	if f.picture != nil {
		f.picture.apply(c)
	}
	if f.pending {
		f.missed = append(f.missed, *c)
	}
}

// looking notes that a look begins.
func (f *follower) looking() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending, f.missed = f.open, nil
}

// looked takes the picture that a look made, brings it up to date, and keeps it if it can be kept so.
func (f *follower) looked(found *picture) *snapshot.Swarm {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.missed {
		found.apply(&f.missed[i])
	}
	if f.pending {
		f.picture, f.since = found, time.Now()
		f.heard = f.since
	}
	f.pending, f.missed = false, nil
	return found.swarm()
}

// known is the swarm as the store told of it; nil when it takes a look. asked says that it was quiet for so long that
// somebody should ask whether the swarm is still there.
func (f *follower) known() (known *snapshot.Swarm, quiet bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.picture == nil || now.Sub(f.since) > renewal {
		return nil, false
	}
	return f.picture.swarm(), now.Sub(f.heard) > f.silence
}

func (f *follower) lives() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = time.Now()
}

// await has somebody called at the next change.
func (f *follower) await(lived func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lived = lived
}

// known is what the store told, if it can be relied on: a daemon that hangs, or managers that lost their leader, are
// silent too, and what is served is then out of date.
func (c *Client) known(ctx context.Context) (*snapshot.Swarm, error) {
	known, quiet := c.follower.known()
	if !quiet {
		return known, nil
	}
	if err := c.proveOrHear(ctx); err != nil {
		return nil, err
	}
	c.follower.lives()
	known, _ = c.follower.known()
	return known, nil
}

// proveOrHear asks whether the swarm lives until it answers or tells of a change: where the Engine API hangs and the store does
// not, a deployment that begins meanwhile must not wait for the former.
func (c *Client) proveOrHear(ctx context.Context) error {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	c.follower.await(stop)
	defer c.follower.await(nil)
	err := c.prove(asking)
	if asking.Err() != nil && ctx.Err() == nil {
		return nil // it was heard
	}
	return err
}

// prove asks the least that only a manager with a leader can answer: for services whose id begins as none does.
func (c *Client) prove(ctx context.Context) error {
	s, err := c.greet(ctx)
	if err != nil {
		return err
	}
	err = c.call(ctx, func(ctx context.Context) error {
		none, err := s.api.ServiceList(ctx, swarm.ServiceListOptions{Filters: filters.NewArgs(filters.Arg("id", "-"))})
		return listed(none == nil, err)
	})
	if err != nil {
		c.forget(s)
	}
	return err
}
