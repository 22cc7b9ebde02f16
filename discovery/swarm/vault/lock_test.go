package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// Each reads, adds one and writes: only who is alone, and sees what the last one wrote, counts right.
func TestALockIsHeldByOneAndItsHolderSeesWhatTheLastOneWrote(t *testing.T) {
	_, endpoint := raise(t)
	var workers sync.WaitGroup
	for range 3 {
		v := dial(t, endpoint, Options{Poll: 4 * time.Millisecond})
		for range 2 { // in each router there are two
			workers.Go(func() {
				for range 4 {
					if err := countUnderLock(within(t), v); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	workers.Wait()
	if got := load(t, dial(t, endpoint, Options{}), "count"); got != "24" {
		t.Errorf("counted to %s, not 24", got)
	}
}

func countUnderLock(ctx context.Context, v *Vault) error {
	if err := v.Lock(ctx, "counting"); err != nil {
		return err
	}
	count := 0
	switch body, err := v.Load(ctx, "count"); {
	case err == nil:
		count, _ = strconv.Atoi(string(body))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := v.Store(ctx, "count", fmt.Append(nil, count+1)); err != nil {
		return err
	}
	return v.Unlock(ctx, "counting")
}

func TestAReleasedLockLeavesNothingBehind(t *testing.T) {
	s := newShelf()
	v := open(t, Options{Configs: s})
	must(t, v.Lock(within(t), "a"))
	if len(s.names()) != 1 {
		t.Errorf("a lock is %v", s.names())
	}
	must(t, v.Unlock(within(t), "a"))
	if len(s.names()) != 0 || len(v.locks) != 0 {
		t.Errorf("%v and %v are left", s.names(), v.locks)
	}
	if err := v.Unlock(within(t), "a"); !errors.Is(err, ErrNotHeld) {
		t.Errorf("got %v", err)
	}
	if v.Lost("a") != nil {
		t.Error("a lock that is not held can be lost")
	}
}

func TestWhoOnlyTriesDoesNotWait(t *testing.T) {
	s := newShelf()
	a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
	for _, c := range []struct {
		by   *Vault
		want bool
	}{{a, true}, {a, false}, {b, false}} {
		if got, err := c.by.TryLock(within(t), "a"); got != c.want || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, c.want)
		}
	}
	must(t, a.Unlock(within(t), "a"))
	if got, err := b.TryLock(within(t), "a"); !got || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := b.TryLock(within(t), "b"); !got || err != nil {
		t.Errorf("another lock: %v, %v", got, err)
	}
}

func TestALockIsKeptForAsLongAsItsHolderLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		must(t, a.Lock(t.Context(), "a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := b.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if made, most := s.counts(); most > 3 || made > 361 { // one every 10 s, and none of who waits
			t.Errorf("a lock that was kept for an hour made %d configs, and took %d at a time", made, most)
		}
		must(t, a.Unlock(t.Context(), "a"))
		must(t, b.Lock(t.Context(), "a"))
	})
}

func TestTheLockOfOneWhoDiedIsTakenOverWhenItsLeaseHasRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b, c := open(t, Options{Configs: s}), open(t, Options{Configs: s}), open(t, Options{Configs: s})
		must(t, a.Lock(t.Context(), "a"))
		died := time.Now()
		a.Close()
		taken := make(chan *Vault, 2)
		for _, v := range []*Vault{b, c} {
			go func() {
				if err := v.Lock(t.Context(), "a"); err == nil {
					taken <- v
				}
			}()
		}
		first := <-taken
		if waited := time.Since(died); waited < 30*time.Second || waited > 40*time.Second {
			t.Errorf("it took %s", waited)
		}
		time.Sleep(time.Hour)
		if len(taken) > 0 {
			t.Error("both have it")
		}
		must(t, first.Unlock(t.Context(), "a"))
		<-taken
	})
}

// A holder whose clock is a few seconds behind writes leases that seem to have run out too early.
func TestClocksMayDifferByAFewSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		behind, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		id := behind.seal.id(lease, "a")
		_, err := behind.create(t.Context(), &record{kind: lease, key: "a", body: leaseBody(behind.self, time.Now().Add(-4*time.Second))}, id, 1)
		must(t, err)
		if got, err := b.TryLock(t.Context(), "a"); got || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
		time.Sleep(time.Second)
		if got, err := b.TryLock(t.Context(), "a"); !got || err != nil {
			t.Errorf("later: got %v, %v", got, err)
		}
	})
}

func TestAHolderWhoCannotRenewIsToldBeforeAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		cut := newCut(s)
		a, b := open(t, Options{Configs: cut}), open(t, Options{Configs: s})
		must(t, a.Lock(t.Context(), "a"))
		lost := a.Lost("a")
		time.Sleep(12 * time.Second) // it was renewed once
		cut.off(true)
		begun := time.Now()
		<-lost
		if after := time.Since(begun); after < 20*time.Second || after > 30*time.Second {
			t.Errorf("told after %s", after)
		}
		if got, err := b.TryLock(t.Context(), "a"); got || err != nil {
			t.Errorf("another has it at once: %v, %v", got, err)
		}
		must(t, b.Lock(t.Context(), "a"))
		cut.off(false)
		if err := a.Unlock(t.Context(), "a"); !errors.Is(err, ErrLost) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		select {
		case <-b.Lost("a"):
			t.Error("the old holder's release took the lock from the new one")
		default:
		}
	})
}

// A cut is a way to the configs that can be cut off: questions hang.
type cut struct {
	Configs
	mu  sync.Mutex
	way chan struct{} // closed while it is open
}

func newCut(c Configs) *cut {
	open := make(chan struct{})
	close(open)
	return &cut{Configs: c, way: open}
}

func (c *cut) off(off bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if off {
		c.way = make(chan struct{})
		return
	}
	close(c.way)
}

func (c *cut) pass(ctx context.Context) error {
	c.mu.Lock()
	way := c.way
	c.mu.Unlock()
	select {
	case <-way:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *cut) ListConfigs(ctx context.Context, wanted swarm.ConfigFilter) ([]swarm.Config, error) {
	if err := c.pass(ctx); err != nil {
		return nil, err
	}
	return c.Configs.ListConfigs(ctx, wanted)
}

func (c *cut) CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (string, error) {
	if err := c.pass(ctx); err != nil {
		return "", err
	}
	return c.Configs.CreateConfig(ctx, name, labels, data)
}

func (c *cut) RemoveConfig(ctx context.Context, id string) error {
	if err := c.pass(ctx); err != nil {
		return err
	}
	return c.Configs.RemoveConfig(ctx, id)
}

func TestAnEngineThatIsAwayForAMomentCostsNoLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := newCut(newShelf())
		v := open(t, Options{Configs: cut})
		must(t, v.Lock(t.Context(), "a"))
		for range 10 {
			time.Sleep(9 * time.Second)
			cut.off(true)
			time.Sleep(15 * time.Second)
			cut.off(false)
		}
		must(t, v.Unlock(t.Context(), "a"))
	})
}

func TestALockWhoseConfigAnOperatorRemovedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		v := open(t, Options{Configs: s})
		must(t, v.Lock(t.Context(), "a"))
		s.edit(func(configs map[string]swarm.Config) { clear(configs) })
		<-v.Lost("a")
		if err := v.Unlock(t.Context(), "a"); !errors.Is(err, ErrLost) {
			t.Errorf("got %v", err)
		}
		must(t, v.Lock(t.Context(), "a"))
	})
}

// An engine may do what is asked and fail to say so.
func TestALeaseThatWasMadeWithoutAnAnswerDoesNotStandInOurOwnWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		broken := errors.New("the connection broke")
		s.late = func(call string) error {
			if call == "create" {
				s.late = nil
				return broken
			}
			return nil
		}
		v := open(t, Options{Configs: s})
		if err := v.Lock(t.Context(), "a"); !errors.Is(err, ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
		begun := time.Now()
		must(t, v.Lock(t.Context(), "a"))
		if waited := time.Since(begun); waited > time.Second {
			t.Errorf("waited %s", waited)
		}
		must(t, v.Unlock(t.Context(), "a"))
		if len(s.names()) > 0 {
			t.Errorf("%v is left", s.names())
		}
	})
}

// The second claims between the first one's flag and its look around: neither may take it that it is alone.
func TestOfTwoWhoClaimAtOnceNeverBothHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		id := a.seal.id(lease, "a")
		_, err := b.createLease(t.Context(), "a", id, 9, time.Now().Add(-20*time.Second)) // of a claim that began when there was a version 8
		must(t, err)
		if h, err := a.claim(t.Context(), "a"); h != nil || err != nil {
			t.Errorf("got %v, %v", h, err)
		}
		own, err := a.createLease(t.Context(), "a", id, 3, time.Now())
		must(t, err)
		if h, err := a.confirm(t.Context(), "a", own, time.Now()); h != nil || err != nil {
			t.Errorf("it holds: %v, %v", h, err)
		}
		synctest.Wait()
		if len(s.names()) != 1 {
			t.Errorf("it did not take its lease down: %v", s.names())
		}
	})
}

// An operator may remove the flag that was just raised: then nobody else sees it.
func TestALeaseThatIsGoneWhenItsMakerLooksAroundIsNotHeld(t *testing.T) {
	s := newShelf()
	v := open(t, Options{Configs: s})
	own, err := v.createLease(within(t), "a", v.seal.id(lease, "a"), 1, time.Now())
	must(t, err)
	s.edit(func(configs map[string]swarm.Config) { clear(configs) })
	if h, err := v.confirm(within(t), "a", own, time.Now()); h != nil || err != nil {
		t.Errorf("got %v, %v", h, err)
	}
}

// Who comes too late with a higher number sees the holder's lease and steps back; the holder keeps the lock.
func TestARivalWhoStepsBackCostsTheHolderNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
		must(t, a.Lock(t.Context(), "a"))
		time.Sleep(9 * time.Second)
		rival, err := b.createLease(t.Context(), "a", a.seal.id(lease, "a"), 9, time.Now())
		must(t, err)
		time.Sleep(2 * time.Second)
		must(t, b.remove(t.Context(), rival))
		time.Sleep(time.Minute)
		must(t, a.Unlock(t.Context(), "a"))
	})
}

func TestWhoWaitsForALockStopsWhenItIsToldTo(t *testing.T) {
	s := newShelf()
	a, b := open(t, Options{Configs: s}), open(t, Options{Configs: s})
	must(t, a.Lock(within(t), "a"))
	for _, v := range []*Vault{a, b} { // behind one here, and behind one elsewhere
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error)
		go func() { waiting <- v.Lock(ctx, "a") }()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		go func() { waiting <- v.Lock(t.Context(), "a") }()
		v.Close()
		if err := <-waiting; err == nil {
			t.Error("it was taken")
		}
	}
	if err := b.Lock(within(t), "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("after Close: %v", err)
	}
}

func TestALockIsNotGivenByAnEngineThatCannotTellWhoHoldsIt(t *testing.T) {
	e, endpoint := raise(t)
	v := dial(t, endpoint, Options{})
	e.Fault(embedded.NoLeader())
	if err := v.Lock(within(t), "a"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if got, err := v.TryLock(within(t), "a"); got || !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, %v", got, err)
	}
	e.Fault()
	must(t, v.Lock(within(t), "a"))
	e.Fault(embedded.NoLeader())
	if err := v.Unlock(within(t), "a"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	e.Fault()
	must(t, v.Lock(within(t), "a")) // its own leftover is in nobody's way
}
