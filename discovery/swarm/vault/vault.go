// Package vault keeps small values, such as certificates and their keys, in the swarm's own store: as docker configs that only who has
// the secret can read, by keys that are paths. No volume and no other server is needed, and every manager has a copy.
//
// A config never changes and its name is given once. So a value's versions are configs of their own, numbered in their names, the
// newest counts, and of two who write the same version one is refused and tries the next. A deletion is a version that says so.
// Locks are leases: configs that say until when they hold.
//
// The semantics are those of certmagic's Storage, which this package does not know.
package vault

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/swarm"
)

// Configs are the swarm's, as a *swarm.Client has them.
type Configs interface {
	ListConfigs(ctx context.Context, wanted swarm.ConfigFilter) ([]swarm.Config, error)
	CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (id string, err error)
	RemoveConfig(ctx context.Context, nameOrID string) error
}

// Options make a Vault. Configs and Key must be given.
type Options struct {
	Configs Configs
	Key     [32]byte // that all routers of the vault have
	// Name tells the vault from others of the same swarm that have other keys; empty: "default". It is the value of LabelVault.
	Name string
	Log  *zap.Logger // nil: nowhere

	Poll     time.Duration // how often others' changes are asked for; 0: 2 s
	Patience time.Duration // how long a question to the engine may take; 0: 5 s
	Lease    time.Duration // how long a lock outlives its holder; 0: 30 s
	Grace    time.Duration // how long an old version stays; 0: 5 min
}

// The labels of a vault's configs.
const (
	LabelVault = "appia.vault"      // the vault's name
	LabelMade  = "appia.vault.made" // in which stretch of time it was made: a number
)

// Largest is the size of the largest value in bytes. Old engines take 500 KB, newer ones 1,000, and no router needs as much.
const Largest = 400_000

// A Vault is one router's way to the values. Its methods may be used from several goroutines; those with a context return when that
// ends.
//
// What was ever read stays known: while the swarm cannot be reached, what is known is served, and what would have to be asked or
// written fails with ErrUnreachable.
type Vault struct {
	options Options
	seal    *sealer
	self    [16]byte // tells our leases from others'
	known   *known
	looks   *looks

	ctx     context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup // what keeps leases

	mu    sync.Mutex
	locks map[string]*lock // that somebody here holds or waits for, by name
}

// New makes a Vault. Nothing is asked yet.
func New(o Options) *Vault {
	o = o.withDefaults()
	v := &Vault{options: o, seal: newSealer(o.Key, o.Name), known: newKnown(), looks: newLooks(), locks: map[string]*lock{}}
	rand.Read(v.self[:])
	v.ctx, v.end = context.WithCancel(context.Background())
	return v
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "default"
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	for _, d := range []struct {
		of     *time.Duration
		normal time.Duration
	}{{&o.Poll, 2 * time.Second}, {&o.Patience, 5 * time.Second}, {&o.Lease, 30 * time.Second}, {&o.Grace, 5 * time.Minute}} {
		if *d.of <= 0 {
			*d.of = d.normal
		}
	}
	return o
}

// Close ends what renews leases and what waits for locks. Locks that are still held are others' when their leases have run out: who
// works under one may not be done yet.
func (v *Vault) Close() {
	v.mu.Lock()
	v.end()
	v.mu.Unlock()
	v.running.Wait()
}

// background does something until it is done or Close ends its context; false after Close.
func (v *Vault) background(do func(context.Context)) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ctx.Err() != nil {
		return false
	}
	v.running.Go(func() { do(v.ctx) })
	return true
}

// ask bounds one question to the engine in time.
func (v *Vault) ask(ctx context.Context, question func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, v.options.Patience)
	defer cancel()
	err := question(bounded)
	switch {
	case err == nil || isAnswer(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case bounded.Err() != nil:
		return &unreachable{errNoAnswer}
	}
	return &unreachable{err}
}
