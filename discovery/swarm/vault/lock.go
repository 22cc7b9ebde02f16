package vault

import (
	"context"
	"fmt"
)

// A lock is what those here who want the same lock share: one of them at a time deals with the other routers.
type lock struct {
	users int           // who hold it or wait for it
	turn  chan struct{} // one slot
	held  *held         // under Vault.mu
}

// Lock takes the lock of a name, and waits while another, here or elsewhere, has it. It is renewed until Unlock, or until it is lost:
// see Lost. What was written by others who held it is known when Lock returns.
//
// A lock whose holder died is free after Options.Lease and a few seconds for clocks that differ.
func (v *Vault) Lock(ctx context.Context, name string) error {
	ctx, cancel := v.untilClosed(ctx)
	defer cancel()
	l := v.join(name)
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		v.leave(name, l)
		return ctx.Err()
	}
	for {
		taken, err := v.take(ctx, name, l)
		if err == nil && !taken {
			err = sleep(ctx, v.pause())
		}
		if taken {
			return nil
		}
		if err != nil {
			<-l.turn
			v.leave(name, l)
			return err
		}
	}
}

// TryLock is Lock that does not wait for another who has the lock.
func (v *Vault) TryLock(ctx context.Context, name string) (bool, error) {
	ctx, cancel := v.untilClosed(ctx)
	defer cancel()
	l := v.join(name)
	select {
	case l.turn <- struct{}{}:
	default:
		v.leave(name, l)
		return false, nil
	}
	taken, err := v.take(ctx, name, l)
	if !taken {
		<-l.turn
		v.leave(name, l)
	}
	return taken, err
}

// take takes a lock whose turn it is here, if it is free.
func (v *Vault) take(ctx context.Context, name string, l *lock) (bool, error) {
	if err := v.writable(ctx); err != nil {
		return false, err
	}
	h, err := v.claim(ctx, name)
	if h == nil {
		return false, err
	}
	if err := v.catchUp(ctx); err != nil {
		v.abandon(h.lease)
		return false, err
	}
	keeping, stop := context.WithCancel(v.ctx)
	h.stop = stop
	if !v.background(func(context.Context) { v.keep(keeping, h) }) {
		stop()
		return false, v.ctx.Err()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	l.held = h
	return true, nil
}

// Unlock releases a lock. ErrLost says that it had been lost before, so that another may have worked under it. After any other error it
// is released when its lease has run out.
func (v *Vault) Unlock(ctx context.Context, name string) error {
	v.mu.Lock()
	l := v.locks[name]
	if l == nil || l.held == nil {
		v.mu.Unlock()
		return fmt.Errorf("%w: %s", ErrNotHeld, name)
	}
	h := l.held
	l.held = nil
	v.mu.Unlock()
	defer v.leave(name, l)
	defer func() { <-l.turn }()
	return v.release(ctx, h)
}

// Lost is closed when a lock that is held here is lost; nil if it is not held.
func (v *Vault) Lost(name string) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if l := v.locks[name]; l != nil && l.held != nil {
		return l.held.lost
	}
	return nil
}

func (v *Vault) join(name string) *lock {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.locks[name]
	if l == nil {
		l = &lock{turn: make(chan struct{}, 1)}
		v.locks[name] = l
	}
	l.users++
	return l
}

func (v *Vault) leave(name string, l *lock) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(v.locks, name)
	}
}

// untilClosed ends with Close, too.
func (v *Vault) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(v.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
