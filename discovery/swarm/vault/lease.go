package vault

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/swarm"
)

// A lease is a config that says who holds a lock and until when. To renew it is to make its next version and remove the last.
//
// The rule is that of two who want to pass a gate: raise a flag, then look around. Who has made a lease of his own lists all leases
// of the lock, and holds it only if nobody else's is valid. Nothing depends on the order in which configs are removed, so a released
// lock leaves nothing behind. Who stands still for longer than a lease (a machine that sleeps) may find that another holds
// what he held; he is told, but there is no fence around what he does.

// tolerance is how far apart managers' clocks may be without one taking a lease that another still holds.
const tolerance = 5 * time.Second

// A held lock of ours.
type held struct {
	name  string
	lease *object   // its newest version
	end   time.Time // when it lapses, by our own clock
	lost  chan struct{}
	rival string             // the config of another's lease that was seen when it was last renewed
	stop  context.CancelFunc // of what renews it
	done  chan struct{}      // closed when nothing renews it any more
}

// leaseBody is who holds until when, by his clock.
func leaseBody(holder [16]byte, until time.Time) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli())), holder[:]...)
}

func (o *object) until() time.Time {
	if o.sealed != nil || len(o.body) != 24 {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(o.body)))
}

func (o *object) isOf(holder [16]byte) bool {
	return o.sealed == nil && len(o.body) == 24 && bytes.Equal(o.body[8:], holder[:])
}

// valid says that another router's lease may still be held.
func (o *object) valid(now time.Time) bool { return now.Before(o.until().Add(tolerance)) }

// claim tries once to take a lock that nobody here holds; nil if another router has it.
func (v *Vault) claim(ctx context.Context, name string) (*held, error) {
	id := v.seal.id(lease, name)
	chain, err := v.fetch(ctx, id)
	if err != nil {
		return nil, err
	}
	if rival, err := v.rival(chain); rival != nil || err != nil {
		return nil, err
	}
	begun := time.Now()
	own, err := v.createLease(ctx, name, id, next(chain), begun)
	if errors.Is(err, swarm.ErrConfigExists) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v.confirm(ctx, name, own, begun)
}

// rival is another's lease that may still be held; nil if there is none.
func (v *Vault) rival(chain []*object) (rival *object, err error) {
	now := time.Now()
	for _, o := range chain {
		if o.sealed != nil {
			return nil, sealedError(o)
		}
		if !o.isOf(v.self) && o.valid(now) {
			rival = o
		}
	}
	return rival, nil
}

func (v *Vault) createLease(ctx context.Context, name, id string, version int64, now time.Time) (*object, error) {
	return v.create(ctx, &record{kind: lease, key: name, body: leaseBody(v.self, now.Add(v.options.Lease))}, id, version)
}

// confirm looks around after the flag was raised, and takes it down again if another's is up.
func (v *Vault) confirm(ctx context.Context, name string, own *object, begun time.Time) (*held, error) {
	chain, err := v.fetch(ctx, own.id)
	if err != nil {
		v.abandon(own)
		return nil, err
	}
	if rival, err := v.rival(chain); rival != nil || err != nil || !slices.Contains(configs(chain), own.config) {
		v.abandon(own)
		return nil, err
	}
	v.takeDown(ctx, others(chain, own)) // they have lapsed; if it fails they are swept
	return &held{name: name, lease: own, end: begun.Add(v.options.Lease), lost: make(chan struct{}), done: make(chan struct{})}, nil
}

func configs(chain []*object) (ids []string) {
	for _, o := range chain {
		ids = append(ids, o.config)
	}
	return ids
}

func others(chain []*object, own *object) (list []*object) {
	for _, o := range chain {
		if o.config != own.config {
			list = append(list, o)
		}
	}
	return list
}

// takeDown removes leases.
func (v *Vault) takeDown(ctx context.Context, leases []*object) error {
	for _, o := range leases {
		if err := v.remove(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// abandon takes down a lease in the background. If it fails the lease lapses, and is swept.
func (v *Vault) abandon(o *object) {
	v.background(func(ctx context.Context) { v.remove(ctx, o) })
}

// keep renews a lease until it is stopped or lost.
func (v *Vault) keep(ctx context.Context, h *held) {
	defer close(h.done)
	wait := v.options.Lease / 3
	for sleep(ctx, min(wait, time.Until(h.end))) == nil {
		lost, err := v.renew(ctx, h)
		switch {
		case ctx.Err() != nil:
			return
		case lost || !time.Now().Before(h.end):
			close(h.lost)
			v.options.Log.Warn("a lock in the swarm was lost", zap.String("lock", h.name), zap.Error(err))
			return
		case err != nil:
			wait = v.options.Lease / 10
		default:
			wait = v.options.Lease / 3
		}
	}
}

// errRival is no loss when it is met once: the rival may be about to see our lease and step back.
var errRival = errors.New("another router has a lease of it")

func config(o *object) string {
	if o == nil {
		return ""
	}
	return o.config
}

// renew makes the lease's next version. That it fails does not mean that the lock is lost: it holds until it lapses.
func (v *Vault) renew(ctx context.Context, h *held) (lost bool, err error) {
	ctx, cancel := context.WithDeadline(ctx, h.end)
	defer cancel()
	chain, err := v.fetch(ctx, h.lease.id)
	if err != nil {
		return false, err
	}
	mine := v.newestOwn(chain)
	if mine == nil {
		return true, nil
	}
	if rival, err := v.rival(chain); rival != nil || err != nil {
		lost := rival != nil && rival.config == h.rival
		h.rival = config(rival)
		return lost, cmp.Or(err, errRival)
	}
	begun := time.Now()
	own, err := v.createLease(ctx, h.name, h.lease.id, next(chain), begun)
	if err != nil { // also if the name was just taken: next time we see by whom
		return false, err
	}
	h.lease, h.end, h.rival = own, begun.Add(v.options.Lease), ""
	return false, v.takeDown(ctx, chain)
}

// newestOwn is the newest of our leases: one more than we know of may be there, if the engine did what it did not answer for.
func (v *Vault) newestOwn(chain []*object) (mine *object) {
	for _, o := range chain {
		if o.isOf(v.self) {
			mine = o
		}
	}
	return mine
}

// release removes all of our leases of a lock.
func (v *Vault) release(ctx context.Context, h *held) error {
	h.stop()
	<-h.done
	chain, err := v.fetch(ctx, h.lease.id)
	if err != nil {
		return err
	}
	var own []*object
	for _, o := range chain {
		if o.isOf(v.self) {
			own = append(own, o)
		}
	}
	if err := v.takeDown(ctx, own); err != nil {
		return err
	}
	select {
	case <-h.lost:
		return fmt.Errorf("%w: %s", ErrLost, h.name)
	default:
		return nil
	}
}

// pause is how long who waits for a lock waits before he asks again: not alike for all, as two who ask at the same time may step back
// from each other for long.
func (v *Vault) pause() time.Duration { return v.options.Poll/4 + rand.N(v.options.Poll/2) }
