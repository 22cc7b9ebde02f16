package vault

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// An Info is what Stat tells of a key.
type Info struct {
	Key        string
	Modified   time.Time // by the clock of who wrote it
	Size       int64
	IsTerminal bool // it has a value; else it is the beginning of others
}

const longestKey = 1024

// clean is a key as it is kept, without slashes at its ends.
func clean(key string) (string, error) {
	key = strings.Trim(key, "/")
	if key == "" || len(key) > longestKey {
		return "", fmt.Errorf("%w: %.80q", ErrBadKey, key)
	}
	return key, nil
}

// Load is the value of a key, or fs.ErrNotExist. Another router's change is seen after a poll at the latest; a key that is not known is
// asked for, so that it is said not to exist only when it does not.
func (v *Vault) Load(ctx context.Context, key string) ([]byte, error) {
	key, err := clean(key)
	if err != nil {
		return nil, err
	}
	o, err := v.find(ctx, key)
	if err != nil {
		return nil, err
	}
	return slices.Clone(o.body), nil
}

// find is the value that counts.
func (v *Vault) find(ctx context.Context, key string) (*object, error) {
	id := v.seal.id(value, key)
	o := v.known.newest(id)
	if !o.there() {
		if err := v.catchUp(ctx); err != nil {
			return nil, err
		}
		o = v.known.newest(id)
	}
	switch {
	case !o.there():
		return nil, v.absent(key)
	case o.sealed != nil:
		return nil, sealedError(o)
	}
	return o, nil
}

// absent says that there is no such key. With another secret's configs around nobody can tell.
func (v *Vault) absent(key string) error {
	if err := v.shut(); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", key, fs.ErrNotExist)
}

// shut is the error of a vault with another secret's configs in it, of which nothing can be told by what opens, and into which
// nothing is written.
func (v *Vault) shut() error {
	if _, foreign, example := v.known.shut(); foreign > 0 {
		return sealedError(example)
	}
	return nil
}

func sealedError(o *object) error {
	return fmt.Errorf("%w: config %s: %w; if nobody can open it any more, remove it", ErrSealed, o.name, o.sealed)
}

// Exists says that a key has a value or is the beginning of keys that have. It is false also where Stat has another error.
func (v *Vault) Exists(ctx context.Context, key string) bool {
	_, err := v.Stat(ctx, key)
	return err == nil
}

// Stat tells of a key, or of the beginning of keys, or says fs.ErrNotExist.
func (v *Vault) Stat(ctx context.Context, key string) (Info, error) {
	key, err := clean(key)
	if err != nil {
		return Info{}, err
	}
	if v.leads(key) {
		return Info{Key: key}, nil
	}
	o, err := v.find(ctx, key)
	if err != nil && v.leads(key) { // we have looked meanwhile
		return Info{Key: key}, nil
	}
	if err != nil {
		return Info{}, err
	}
	return Info{Key: key, Modified: o.when, Size: int64(len(o.body)), IsTerminal: true}, nil
}

// leads says that a key without a value is the beginning of others.
func (v *Vault) leads(key string) bool {
	return !v.known.newest(v.seal.id(value, key)).there() && len(v.children(key, false)) > 0
}

// List is the keys below a prefix, sorted: with recursive, of all values; else the next level, where what is not a value is the
// beginning of some. Where there are none, it says fs.ErrNotExist, but for the prefix "".
func (v *Vault) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	prefix = strings.Trim(prefix, "/")
	keys, err := v.children(prefix, recursive), error(nil)
	if len(keys) == 0 || !v.fresh() && !v.failing() {
		err = v.catchUp(ctx)
		keys = v.children(prefix, recursive)
	}
	switch sealed, _, example := v.known.shut(); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case sealed > 0: // it may be of any key
		return nil, sealedError(example)
	case len(keys) > 0: // what is known is served even if the engine cannot be reached
		return keys, nil
	case err != nil:
		return nil, err
	case prefix != "":
		return nil, v.absent(prefix)
	}
	return nil, nil
}

func (v *Vault) children(prefix string, recursive bool) []string {
	found := map[string]bool{}
	for _, o := range v.known.values() {
		rest, below := strings.CutPrefix(o.key, prefix+"/")
		if prefix == "" {
			rest, below = o.key, true
		}
		if !below {
			continue
		}
		if next, _, deeper := strings.Cut(rest, "/"); deeper && !recursive {
			rest = next
		}
		found[strings.TrimPrefix(prefix+"/"+rest, "/")] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// Changed is closed when a value changes the next time, here or on another router. Ask for it before you read what you wait for.
func (v *Vault) Changed() <-chan struct{} { return v.known.waiting() }
