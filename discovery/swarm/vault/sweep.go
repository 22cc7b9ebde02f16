package vault

import (
	"context"
	"time"
)

// Sweeping removes what is of no use any more: versions that a newer one has replaced, deletions whose versions are gone, leases that
// have lapsed. Every router sweeps for all; which of them is first does not matter.
//
// Age is counted from when we learnt of it, so that no clock but our own decides.
const (
	sweepEvery = time.Minute
	mostSwept  = 500 // at a time
)

// sweep removes what is due, until the time of one question is up: the rest is for the next time.
func (v *Vault) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, v.options.Patience)
	defer cancel()
	swept := 0
	for _, chain := range v.known.all() {
		due := v.due(chain, time.Now())
		if swept += len(due); swept > mostSwept {
			return
		}
		for _, o := range due {
			if v.remove(ctx, o) != nil {
				return
			}
		}
		if len(due) == 0 && v.forgotten(chain) && v.bury(ctx, chain[0]) != nil {
			return
		}
	}
}

// due are the configs of a key that are not needed, oldest first: should sweeping stop, the newest still counts. What does not
// open is the operator's.
func (v *Vault) due(chain []*object, now time.Time) (due []*object) {
	for i, o := range chain {
		switch {
		case o.sealed != nil:
			return nil
		case o.kind == lease && o.lapsed(now, v.options.Grace):
			due = append(due, o)
		case o.kind != lease && i+1 < len(chain) && now.Sub(chain[i+1].since) > v.options.Grace:
			due = append(due, o)
		}
	}
	return due
}

// lapsed says that a lease was not renewed for so long that nobody can hold it or be about to take it.
func (o *object) lapsed(now time.Time, grace time.Duration) bool {
	return !o.valid(now.Add(-grace)) && now.Sub(o.since) > grace
}

// forgotten says that all there is of a key is that it was deleted, long enough ago for every router to know.
func (v *Vault) forgotten(chain []*object) bool {
	return len(chain) == 1 && chain[0].sealed == nil && chain[0].kind == gone && time.Since(chain[0].since) > 2*v.options.Grace
}

// bury removes a deletion, if it is really alone: an older version of the key would come back to life.
func (v *Vault) bury(ctx context.Context, o *object) error {
	chain, err := v.fetch(ctx, o.id)
	if err != nil || !v.forgotten(chain) {
		return err
	}
	return v.remove(ctx, chain[0])
}
