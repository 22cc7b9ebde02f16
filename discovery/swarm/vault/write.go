package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
)

const (
	mostTries    = 10 // to write where others write too
	mostVersions = 8  // of one key; a writer of more removes the oldest at once
)

// Store gives a key a value of Largest bytes at most. It is there when Store returns, and seen by this router at once; by others see
// Load. Of several who write at once the last one's value stays.
func (v *Vault) Store(ctx context.Context, key string, body []byte) error {
	key, err := clean(key)
	if err != nil {
		return err
	}
	if len(body) > Largest {
		return fmt.Errorf("%w: %s has %d bytes, and %d are the most", ErrTooLarge, key, len(body), Largest)
	}
	if err := v.writable(ctx); err != nil {
		return err
	}
	return v.put(ctx, &record{kind: value, key: key, body: slices.Clone(body)})
}

// Delete removes a key and all keys that begin with it and a slash. One that does not exist is none to delete.
func (v *Vault) Delete(ctx context.Context, key string) error {
	key, err := clean(key)
	if err != nil {
		return err
	}
	if err := v.catchUp(ctx); err != nil {
		return err
	}
	if err := v.shut(); err != nil {
		return err
	}
	if err := v.put(ctx, &record{kind: gone, key: key}); err != nil {
		return err
	}
	for _, o := range v.known.values() {
		if strings.HasPrefix(o.key, key+"/") {
			if err := v.put(ctx, &record{kind: gone, key: o.key}); err != nil {
				return err
			}
		}
	}
	return nil
}

// writable says why nothing can be written; nil if something can.
func (v *Vault) writable(ctx context.Context) error {
	if err := v.freshen(ctx); err != nil {
		return err
	}
	return v.shut()
}

// put makes the next version of a key. It begins with what there is at this moment, not with what is known, because numbers are given anew
// when all versions of a deleted key have been swept.
func (v *Vault) put(ctx context.Context, r *record) error {
	id := v.seal.id(r.kind, r.key)
	for range mostTries {
		chain, err := v.fetch(ctx, id)
		newest := last(chain)
		switch {
		case err != nil:
			return err
		case newest != nil && newest.sealed != nil:
			return sealedError(newest)
		case r.kind == gone && !newest.there():
			return nil
		}
		_, err = v.create(ctx, r, id, next(chain))
		if err == nil {
			v.shorten(ctx, chain)
			return nil
		}
		if !errors.Is(err, swarm.ErrConfigExists) {
			return err
		}
	}
	return fmt.Errorf("%w: %s", ErrContended, r.key)
}

// next is the number of the version after those.
func next(chain []*object) int64 {
	if len(chain) == 0 {
		return 1
	}
	return last(chain).version + 1
}

// create makes one version; of those who make the same, one succeeds, and the others get swarm.ErrConfigExists.
func (v *Vault) create(ctx context.Context, r *record, id string, version int64) (*object, error) {
	now := time.Now()
	r.when = time.UnixMilli(now.UnixMilli()) // as others read it
	o := &object{record: *r, name: configName(id, version), id: id, version: version}
	labels := map[string]string{LabelVault: v.options.Name, LabelMade: strconv.FormatInt(piece(now), 10)}
	data := v.seal.close(r, o.name)
	err := v.ask(ctx, func(ctx context.Context) (err error) {
		o.config, err = v.options.Configs.CreateConfig(ctx, o.name, labels, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	v.known.merge([]*object{o}, nil)
	return o, nil
}

// shorten keeps a key that is written again and again from filling the store before its old versions are swept. That it fails is no
// trouble: sweeping comes after it.
func (v *Vault) shorten(ctx context.Context, chain []*object) {
	for len(chain) >= mostVersions {
		if v.remove(ctx, chain[0]) != nil {
			return
		}
		chain = chain[1:]
	}
}

// remove removes a config, if it is still there.
func (v *Vault) remove(ctx context.Context, o *object) error {
	err := v.ask(ctx, func(ctx context.Context) error { return v.options.Configs.RemoveConfig(ctx, o.config) })
	if err != nil && !errors.Is(err, swarm.ErrNoConfig) {
		return err
	}
	v.known.merge(nil, []*object{o})
	return nil
}
