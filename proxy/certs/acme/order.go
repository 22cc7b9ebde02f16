package acme

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"go.uber.org/zap"
)

const (
	orderTime  = 5 * time.Minute // for an order, whatever the CA does
	orderWaits = time.Minute     // for somebody else's of the same names, before the next look
	orderTurns = 4               // orders at once
	orderRests = 5 * time.Second // after one that could not even begin
	lastTime   = 5 * time.Second // for what is to be said to the storage though the router leaves
)

// begin starts the orders whose time has come, and returns when the next one's will.
func (m *Manager) begin(ctx context.Context, orders *sync.WaitGroup) (next time.Duration) {
	next = lookEvery
	for _, names := range m.plan() {
		key := keyOf(names)
		wait := m.wait(key)
		if wait > 0 {
			next = min(next, wait)
			continue
		}
		if !m.take(key) {
			continue
		}
		orders.Go(func() {
			defer m.give(key)
			m.order(ctx, key, names)
		})
	}
	for _, one := range m.shelf.Load().items {
		if until := time.Until(one.renew); until > 0 {
			next = min(next, until)
		}
	}
	return max(next, time.Second)
}

// wait is how long it is until an order may be tried: after failures, and when this hour has seen enough. What has failed before
// leaves half of an hour's orders to the others.
func (m *Manager) wait(key string) time.Duration {
	if left := m.paused(key); left > 0 {
		return left
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	allowed, hour := m.options.Hourly, len(m.ordering)
	if m.troubles[key] != nil {
		allowed /= 2
	}
	for _, one := range m.shelf.Load().items {
		if time.Since(one.issued) < time.Hour {
			hour++
		}
	}
	for _, t := range m.troubles {
		if time.Since(t.Last) < time.Hour {
			hour++
		}
	}
	if hour >= allowed {
		return lookEvery
	}
	return 0
}

// paused is how long an order that has failed is not to be tried yet.
func (m *Manager) paused(key string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.troubles[key]; t != nil {
		return time.Until(t.Until)
	}
	return 0
}

// take makes an order this goroutine's, if it is nobody's and not too many are under way.
func (m *Manager) take(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ordering[key] || len(m.ordering) >= orderTurns {
		return false
	}
	m.ordering[key] = true
	return true
}

func (m *Manager) give(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.ordering, key)
	m.wake()
}

// order has a certificate issued, unless another router was quicker.
func (m *Manager) order(ctx context.Context, key string, names []string) {
	began := time.Now()
	err := m.alone(ctx, key, names, func(ctx context.Context) error { return m.issue(ctx, key, names) })
	switch {
	case ctx.Err() != nil: // not the order's fault
	case errors.Is(err, errNotYet): // nor this one's: but a storage that refuses at once is not to be asked at once again
		rest(ctx)
	case err != nil:
		m.failed(ctx, key, names, err)
	default:
		m.options.Log.Debug("an order is done with", zap.Strings("names", names), zap.Duration("took", time.Since(began)))
	}
}

// errNotYet says that an order could not begin: another router is at work on it, or the storage gives no lock.
var errNotYet = errors.New("the order cannot begin yet")

// rest lets a moment pass.
func rest(ctx context.Context) {
	timer := time.NewTimer(orderRests)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// alone does something that one router at a time may do, if it is still to be done when it is this one's turn.
func (m *Manager) alone(ctx context.Context, key string, names []string, do func(context.Context) error) error {
	lock := m.place + "/orders/" + key
	waiting, cancel := context.WithTimeout(ctx, orderWaits)
	defer cancel()
	held, release, err := m.hold(waiting, ctx, lock)
	if err != nil {
		m.options.Log.Debug("an order waits", zap.Strings("names", names), zap.Error(err))
		return errNotYet
	}
	defer release()
	if !m.look(held) {
		return errNotYet
	}
	missing := slices.ContainsFunc(names, func(name string) bool { return !m.has(name) })
	if !missing || m.paused(key) > 0 { // somebody has ordered it meanwhile, or has failed to
		return nil
	}
	within, end := context.WithTimeout(held, orderTime)
	defer end()
	return do(within)
}

// hold waits for a lock for as long as waiting lasts, and holds it under ctx: what it returns ends when the lock is lost.
func (m *Manager) hold(waiting, ctx context.Context, lock string) (held context.Context, release func(), err error) {
	if err := m.options.Storage.Lock(waiting, lock); err != nil {
		return nil, nil, err
	}
	held, cancel := context.WithCancel(ctx)
	lost := m.options.Storage.Lost(lock)
	go func() {
		select {
		case <-lost:
			cancel()
		case <-held.Done():
		}
	}()
	return held, func() {
		cancel()
		over, end := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
		defer end()
		if err := m.options.Storage.Unlock(over, lock); err != nil {
			m.options.Log.Debug("a lock could not be released, and ends by itself", zap.Error(err))
		}
	}, nil
}

// issue asks the CA, and stores what it says.
func (m *Manager) issue(ctx context.Context, key string, names []string) error {
	m.options.Log.Info("ordering a certificate", zap.Strings("names", names), zap.String("ca", m.options.CA))
	private, err := certmagic.StandardKeyGenerator{KeyType: m.keyType}.GenerateKey()
	if err != nil {
		return err
	}
	csr, err := acmez.NewCSR(private.(crypto.Signer), names)
	if err != nil {
		return err
	}
	if err := m.issuer.PreCheck(ctx, names, false); err != nil {
		return err
	}
	issued, err := m.issuer.Issue(ctx, csr)
	if err != nil {
		return err
	}
	text, err := certmagic.PEMEncodePrivateKey(private)
	if err != nil {
		return err
	}
	return m.keep(ctx, key, stored{names, time.Now().UTC(), string(issued.Certificate), string(text)})
}

// keep stores a certificate that is what was asked for. Ctx may be about to end, but what the CA has issued is not to be lost.
func (m *Manager) keep(ctx context.Context, key string, s stored) error {
	one, err := unpack(key, s.bytes())
	if err != nil {
		return fmt.Errorf("what the CA has issued cannot be used: %w", err)
	}
	for _, name := range s.Names {
		if verr := covers(one.cert.Leaf, name); verr != nil {
			return fmt.Errorf("what the CA has issued is for others: %w", verr)
		}
	}
	if m.due(one) { // to order again at once would change nothing
		return fmt.Errorf("what the CA has issued is to be renewed already: it ends at %s", one.cert.Leaf.NotAfter.Format(time.RFC3339))
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
	defer cancel()
	if err := m.options.Storage.Store(saving, m.certificates()+"/"+key, s.bytes()); err != nil {
		return err
	}
	m.options.Log.Info("a certificate was issued", zap.Strings("names", s.Names), zap.Time("until", one.cert.Leaf.NotAfter))
	m.recovered(saving, key)
	m.look(saving)
	return nil
}

func covers(c *x509.Certificate, name string) error {
	if strings.HasPrefix(name, "*.") {
		name = "any" + name[1:]
	}
	return c.VerifyHostname(name)
}
