// Package vault keeps small values in the swarm's own store, as docker configs: every manager has them, no volume and no other
// server is needed, and who has no key sees neither what they are nor whose.
//
// A value is a config with a name that only its key and its version give. Of two who write the same version one succeeds, since
// names are unique; a reader takes the newest. A lock is a config, too, whose labels its holder keeps changing while it holds it.
package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/swarm"
)

// Configs is where the swarm's configs are had, a *swarm.Client mostly.
type Configs interface {
	Configs(ctx context.Context, label, prefix string) ([]swarm.Config, error)
	CreateConfig(context.Context, swarm.Config) error
	RelabelConfig(context.Context, swarm.Config) error
	RemoveConfig(ctx context.Context, id string) error
	ConfigHints(ctx context.Context, hint func()) error
}

// Options is what a Vault is made of.
type Options struct {
	Configs Configs
	Key     [32]byte // what everything is sealed with: whoever is to share the vault has the same
	Log     *zap.Logger
}

// ErrSealed says that there are values in the swarm that our key does not open. Nothing is read or written then: whoever took
// that for an empty vault would fill it anew.
var ErrSealed = errors.New("values of the swarm are sealed with another secret, or were tampered with")

// A Vault is a store of values by keys, which are paths with slashes. It may be used from several goroutines.
type Vault struct {
	configs Configs
	seal    *seal
	log     *zap.Logger
	holder  string // of leases: this vault

	refreshing chan struct{} // one slot
	hinted     chan struct{} // one slot: something may have changed

	mu        sync.Mutex
	values    map[string]*value       // by the name of their key
	opened    map[string]*value       // by the config's id
	old       []string                // ids of versions that a newer one has replaced
	leases    map[string]swarm.Config // by id, as last seen
	unopened  int                     // configs of the vault that our key does not open
	refreshed time.Time               // zero: never
	written   int                     // counts our own changes
	changed   chan struct{}           // closed by the next change, and replaced
	held      map[string]*lease       // by the name of the lock
	seen      map[string]sighting     // leases of others, by name
}

// A value is one version of what is kept under a key.
type value struct {
	id       string
	key      string
	version  uint64
	modified time.Time
	data     []byte
}

// New makes a vault. Nothing is asked of the swarm yet.
func New(o Options) *Vault {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Vault{
		configs: o.Configs, seal: newSeal(o.Key), log: o.Log, holder: newHolder(),
		refreshing: make(chan struct{}, 1), hinted: make(chan struct{}, 1), changed: make(chan struct{}),
		values: map[string]*value{}, opened: map[string]*value{}, held: map[string]*lease{}, seen: map[string]sighting{},
	}
}

// How often the swarm is looked at: seldom while it tells of changes by itself.
const (
	lookTold   = 30 * time.Second
	lookUntold = 2 * time.Second
	lookLeast  = 200 * time.Millisecond // between two looks, however much is told
	sweepEvery = time.Minute
)

// Run keeps the vault up to date, and the swarm clean of what nobody needs, until ctx ends.
func (v *Vault) Run(ctx context.Context) {
	var told watching
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { v.listen(ctx, &told) })
	swept := time.Now()
	for {
		if err := v.refresh(ctx); err != nil && ctx.Err() == nil {
			v.log.Debug("the vault's configs cannot be listed", zap.Error(err))
		}
		if time.Since(swept) >= sweepEvery {
			swept = time.Now()
			v.sweep(ctx)
		}
		if !wait(ctx, lookLeast, nil) || !wait(ctx, told.pace(), v.hinted) {
			return
		}
	}
}

// wait lets a while pass, or until something comes. False: ctx has ended.
func wait(ctx context.Context, while time.Duration, come <-chan struct{}) bool {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-come:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// watching is whether the swarm tells of changes.
type watching struct {
	mu sync.Mutex
	on bool
}

func (w *watching) set(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = on
}

func (w *watching) pace() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.on {
		return lookTold
	}
	return lookUntold
}

// listen hears of changes, for as long as ctx lasts.
func (v *Vault) listen(ctx context.Context, told *watching) {
	for ctx.Err() == nil {
		err := v.configs.ConfigHints(ctx, func() {
			told.set(true)
			v.hint()
		})
		told.set(false)
		if ctx.Err() == nil {
			v.log.Debug("the swarm tells nothing of configs", zap.Error(err))
		}
		wait(ctx, lookUntold, nil)
	}
}

func (v *Vault) hint() {
	select {
	case v.hinted <- struct{}{}:
	default:
	}
}

// Changed is closed when a value has come, changed or gone since it was asked for.
func (v *Vault) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// tell wakes who waits for a change. The caller holds mu.
func (v *Vault) tell() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// refresh looks at the swarm. Of those who want to at once, one does.
func (v *Vault) refresh(ctx context.Context) error {
	select {
	case v.refreshing <- struct{}{}:
		defer func() { <-v.refreshing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		v.mu.Lock()
		before := v.written
		v.mu.Unlock()
		list, err := v.configs.Configs(ctx, labelKind, "")
		if err != nil {
			return fmt.Errorf("the swarm's configs: %w", err)
		}
		if v.take(list, before) {
			return nil
		}
	}
}

// take makes of a list what the vault has. False: we have changed something meanwhile, and the list may not have it.
func (v *Vault) take(list []swarm.Config, written int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.written != written {
		return false
	}
	values, opened, leases := map[string]*value{}, map[string]*value{}, map[string]swarm.Config{}
	var old []string
	unopened := 0
	for _, c := range list {
		if c.Labels[labelKind] == kindLease {
			leases[c.ID] = c
			continue
		}
		one := v.opened[c.ID]
		if one == nil {
			one = v.open(c)
		}
		if one == nil {
			unopened++
			continue
		}
		opened[c.ID] = one
		name := v.seal.name(one.key)
		if last := values[name]; last != nil && last.version > one.version {
			old = append(old, one.id)
			continue
		} else if last != nil {
			old = append(old, last.id)
		}
		values[name] = one
	}
	v.tellUnopened(unopened)
	differ := v.refreshed.IsZero() || !same(v.values, values)
	v.values, v.opened, v.leases, v.old, v.unopened, v.refreshed = values, opened, leases, old, unopened, time.Now()
	if differ {
		v.tell()
	}
	return true
}

func same(a, b map[string]*value) bool {
	if len(a) != len(b) {
		return false
	}
	for name, one := range a {
		if b[name] == nil || b[name].id != one.id {
			return false
		}
	}
	return true
}

// open unseals a config. Nil: our key does not open it.
func (v *Vault) open(c swarm.Config) *value {
	key, modified, data, err := v.seal.open(c.Name, c.Data)
	version, named := versionOf(c.Name, v.seal.name(key))
	if err != nil || !named {
		return nil
	}
	return &value{id: c.ID, key: key, version: version, modified: modified, data: data}
}

func (v *Vault) tellUnopened(n int) {
	if n == 0 || n == v.unopened {
		return
	}
	v.log.Error("docker configs of the vault cannot be opened: they are sealed with another secret, or were tampered with; "+
		"no certificate is ordered. Give back the secret, or remove them: docker config rm $(docker config ls -q --filter label="+labelKind+")",
		zap.Int("configs", n), zap.Int("opened", len(v.values)))
}

// find is the newest version of a key: what is known if it is known, else what the swarm has, which may be newer than the last look.
func (v *Vault) find(ctx context.Context, key string) (*value, error) {
	if err := v.current(ctx); err != nil {
		return nil, err
	}
	if one := v.known(key); one != nil {
		return one, nil
	}
	name := v.seal.name(key)
	list, err := v.configs.Configs(ctx, labelKind, name+"-")
	if err != nil {
		return nil, fmt.Errorf("the swarm's configs: %w", err)
	}
	var newest *value
	for _, c := range list {
		if one := v.open(c); one != nil && (newest == nil || one.version > newest.version) {
			newest = one
		}
	}
	if newest == nil {
		return nil, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return newest, nil
}

func (v *Vault) known(key string) *value {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.values[v.seal.name(key)]
}

// current has the swarm looked at if it never was, and says whether the vault is ours.
func (v *Vault) current(ctx context.Context) error {
	if known, err := v.ours(); known || err != nil {
		return err
	}
	if err := v.refresh(ctx); err != nil {
		return err
	}
	_, err := v.ours()
	return err
}

func (v *Vault) ours() (known bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.unopened > 0 {
		return true, ErrSealed
	}
	return !v.refreshed.IsZero(), nil
}

// sweep removes what nobody needs: versions that were replaced by who then crashed, and leases that nobody renews.
func (v *Vault) sweep(ctx context.Context) {
	v.mu.Lock()
	old := v.old
	leases := make([]swarm.Config, 0, len(v.leases))
	for _, c := range v.leases {
		leases = append(leases, c)
	}
	v.mu.Unlock()
	for _, id := range old {
		_ = v.configs.RemoveConfig(ctx, id) // the next sweep finds it again
	}
	for _, c := range leases {
		v.sweepLease(ctx, c)
	}
}
