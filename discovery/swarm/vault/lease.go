package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/swarm"
)

// A lock is a lease: a config whose labels its holder changes every few seconds. One that has not changed for a while by the clock
// of who watches it is taken over. Nobody's clock need agree with another's. Each change names the version it is a change of, so
// that of several who want the same lease one gets it, and a holder that had stopped learns that it has lost it.

const (
	leaseBeat  = 8 * time.Second
	leaseLife  = 40 * time.Second
	leaseRetry = time.Second
)

// A lease is a lock that we hold.
type lease struct {
	vault  *Vault
	lock   string
	mu     sync.Mutex // of config, and of changes to it
	config swarm.Config
	lost   context.Context // ends when it is held no more
	lose   context.CancelCauseFunc
	done   chan struct{}
}

// A sighting is what was last seen of somebody's lease, and since when.
type sighting struct {
	version uint64
	since   time.Time
}

// ErrLost says that somebody else has taken a lock over, or may have: we could not say for too long that we hold it.
var ErrLost = errors.New("the lock was lost")

// Lost is closed when a lock that is held was lost: somebody else has taken it over, or may soon, as we could not say for too long
// that we hold it. Nil: it is not held.
func (v *Vault) Lost(lock string) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if l := v.held[lock]; l != nil {
		return l.lost.Done()
	}
	return nil
}

// Lock waits for a lock until ctx ends. What others have stored while they held it is seen by who has it. Within one vault, a lock
// that is held is waited for like another's.
func (v *Vault) Lock(ctx context.Context, lock string) error {
	for {
		got, err := v.try(ctx, lock)
		if got != nil {
			if err := v.refresh(ctx); err != nil {
				return errors.Join(err, v.Unlock(context.WithoutCancel(ctx), lock))
			}
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("lock %s: %w", lock, context.Cause(ctx))
		}
		if err != nil {
			v.log.Debug("a lock is not to be had yet", zap.String("lock", lock), zap.Error(err))
		}
		wait(ctx, leaseRetry, v.Changed())
	}
}

// try tries once to get a lock. Nil without an error: somebody else has it.
func (v *Vault) try(ctx context.Context, lock string) (*lease, error) {
	if _, err := v.ours(); err != nil {
		return nil, err
	}
	name := v.seal.name("lock "+lock) + "-lock"
	list, err := v.configs.Configs(ctx, labelKind, name)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		made := swarm.Config{Name: name, Labels: v.leaseLabels(0), Data: []byte("a lock of the router")}
		if err := v.configs.CreateConfig(ctx, made); err != nil {
			return nil, ignore(err, swarm.ErrConfigExists)
		}
		if list, err = v.configs.Configs(ctx, labelKind, name); err != nil || len(list) == 0 || list[0].Labels[labelHolder] != v.holder {
			return nil, err
		}
		return v.hold(lock, list[0])
	}
	if !v.abandoned(list[0]) {
		return nil, nil
	}
	config, err := v.claim(ctx, list[0])
	if err != nil {
		return nil, ignore(err, swarm.ErrConfigChanged)
	}
	return v.hold(lock, config)
}

func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

func (v *Vault) leaseLabels(beat uint64) map[string]string {
	return map[string]string{labelKind: kindLease, labelHolder: v.holder, labelBeat: strconv.FormatUint(beat, 10)}
}

// abandoned tells whether a lease has not changed for so long that its holder must be gone.
func (v *Vault) abandoned(c swarm.Config) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, known := v.seen[c.ID]
	if !known || last.version != c.Version {
		v.seen[c.ID] = sighting{c.Version, time.Now()}
		return false
	}
	return time.Since(last.since) >= leaseLife
}

// claim makes a lease ours, or says that it has changed. A version that nobody else has yet counts as the claim.
func (v *Vault) claim(ctx context.Context, c swarm.Config) (swarm.Config, error) {
	beat, _ := strconv.ParseUint(c.Labels[labelBeat], 10, 64)
	c.Labels = v.leaseLabels(beat + 1)
	if err := v.configs.RelabelConfig(ctx, c); err != nil {
		return c, err
	}
	list, err := v.configs.Configs(ctx, labelKind, c.Name) // for the version that it has now
	if err != nil {
		return c, err
	}
	for _, now := range list {
		if now.ID == c.ID && maps.Equal(now.Labels, c.Labels) {
			return now, nil
		}
	}
	return c, swarm.ErrConfigChanged
}

// hold begins to renew a lease.
func (v *Vault) hold(lock string, c swarm.Config) (*lease, error) {
	l := &lease{vault: v, lock: lock, config: c, done: make(chan struct{})}
	l.lost, l.lose = context.WithCancelCause(context.Background())
	v.mu.Lock()
	v.held[lock] = l
	delete(v.seen, c.ID)
	v.mu.Unlock()
	go l.renew()
	return l, nil
}

// renew keeps a lease ours until it is released, or lost.
func (l *lease) renew() {
	defer close(l.done)
	good := time.Now()
	beat := time.NewTicker(leaseBeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
		case <-l.lost.Done():
			return
		}
		err := l.beat(leaseBeat)
		switch {
		case err == nil:
			good = time.Now()
		case errors.Is(err, swarm.ErrConfigChanged) || time.Since(good) > leaseLife-2*leaseBeat: // who waits may soon think us gone
			l.vault.log.Warn("a lock was lost", zap.String("lock", l.lock), zap.Error(err))
			l.lose(ErrLost)
			return
		}
	}
}

func (l *lease) beat(within time.Duration) error {
	ctx, cancel := context.WithTimeout(l.lost, within)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	config, err := l.vault.claim(ctx, l.config)
	if errors.Is(err, swarm.ErrConfigChanged) {
		config, err = l.vault.mine(ctx, l.config)
	}
	if err == nil {
		l.config = config
	}
	return err
}

// mine is a lease as it is now, if it is still ours: a claim whose answer was lost has changed it.
func (v *Vault) mine(ctx context.Context, c swarm.Config) (swarm.Config, error) {
	list, err := v.configs.Configs(ctx, labelKind, c.Name)
	if err != nil {
		return c, err
	}
	for _, now := range list {
		if now.ID == c.ID && now.Labels[labelHolder] == v.holder {
			return now, nil
		}
	}
	return c, swarm.ErrConfigChanged
}

// Unlock releases a lock that Lock has got. That it was lost meanwhile is an error.
func (v *Vault) Unlock(ctx context.Context, lock string) error {
	v.mu.Lock()
	l := v.held[lock]
	delete(v.held, lock)
	v.mu.Unlock()
	if l == nil {
		return fmt.Errorf("unlock %s: it is not held", lock)
	}
	lost := l.lost.Err() != nil
	l.lose(nil)
	<-l.done
	if lost {
		return fmt.Errorf("unlock %s: %w", lock, ErrLost)
	}
	// A last claim, so that the lease cannot be somebody else's by the time that it is removed.
	ctx, cancel := context.WithTimeout(ctx, leaseLife/2)
	defer cancel()
	if _, err := v.claim(ctx, l.config); err != nil {
		return fmt.Errorf("unlock %s: %w", lock, err)
	}
	return v.configs.RemoveConfig(ctx, l.config.ID)
}

// sweepLease removes a lease that nobody renews.
func (v *Vault) sweepLease(ctx context.Context, c swarm.Config) {
	if c.Labels[labelHolder] == v.holder || !v.abandoned(c) {
		return
	}
	if claimed, err := v.claim(ctx, c); err == nil {
		_ = v.configs.RemoveConfig(ctx, claimed.ID)
	}
}
