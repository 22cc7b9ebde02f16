package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
)

// largest is how long a value may be: engines before 23.0 take 500 KiB, with the seal.
const largest = 400 << 10

// Info is what there is to know of a key.
type Info struct {
	Key        string
	Modified   time.Time
	Size       int64
	IsTerminal bool // a value, not only the beginning of others' keys
}

// Store puts a value under a key. When it returns without an error the managers have agreed on it.
func (v *Vault) Store(ctx context.Context, key string, data []byte) error {
	if len(data) > largest {
		return fmt.Errorf("%s: a value may have %d bytes at most", key, largest)
	}
	name := v.seal.name(key)
	last, err := v.newest(ctx, key)
	for err == nil {
		one := &value{key: key, version: last + 1, modified: time.Now(), data: bytes.Clone(data)}
		config := versioned(name, one.version)
		err = v.configs.CreateConfig(ctx, swarm.Config{
			Name: config, Labels: map[string]string{labelKind: kindValue}, Data: v.seal.close(config, key, one.modified, data),
		})
		if err == nil {
			v.stored(ctx, name, one)
			return nil
		}
		if !errors.Is(err, swarm.ErrConfigExists) {
			break
		}
		last, err = v.look(ctx, name, last+1) // somebody was quicker: ours comes after
	}
	return fmt.Errorf("store %s: %w", key, err)
}

// newest is the newest version of a key that is known; 0: none.
func (v *Vault) newest(ctx context.Context, key string) (uint64, error) {
	one, err := v.find(ctx, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return one.version, nil
}

// look asks the swarm for the newest version there is, which is no older than one that is known.
func (v *Vault) look(ctx context.Context, name string, known uint64) (uint64, error) {
	list, err := v.configs.Configs(ctx, labelKind, name+"-")
	for _, c := range list {
		if version, named := versionOf(c.Name, name); named {
			known = max(known, version)
		}
	}
	return known, err
}

// stored notes what we have written, and removes what it replaces. A crash between leaves that to a sweep.
func (v *Vault) stored(ctx context.Context, name string, one *value) {
	v.mu.Lock()
	v.written++
	v.values[name] = one
	v.tell()
	v.mu.Unlock()
	list, err := v.configs.Configs(ctx, labelKind, name+"-")
	if err != nil {
		return
	}
	for _, c := range list {
		if version, named := versionOf(c.Name, name); named && version < one.version {
			_ = v.configs.RemoveConfig(ctx, c.ID)
		}
	}
}

// Load is the value of a key, or fs.ErrNotExist. What is known is answered without asking the swarm, so also while nobody answers;
// that something is not there is said when the swarm has said so just now.
func (v *Vault) Load(ctx context.Context, key string) ([]byte, error) {
	one, err := v.find(ctx, key)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(one.data), nil
}

// Exists tells whether there is a value, as far as is known.
func (v *Vault) Exists(ctx context.Context, key string) bool {
	_, err := v.find(ctx, key)
	return err == nil
}

// Delete removes a key with all its versions, and all keys below it. That there is none is no error.
func (v *Vault) Delete(ctx context.Context, key string) error {
	if err := v.refresh(ctx); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	for _, one := range v.below(key) {
		list, err := v.configs.Configs(ctx, labelKind, v.seal.name(one)+"-")
		for _, c := range list {
			err = errors.Join(err, v.configs.RemoveConfig(ctx, c.ID))
		}
		if err != nil {
			return fmt.Errorf("delete %s: %w", one, err)
		}
		v.mu.Lock()
		v.written++
		delete(v.values, v.seal.name(one))
		v.tell()
		v.mu.Unlock()
	}
	return nil
}

// below is a key, if there is a value, and all that begin with it and a slash; "" is all there are. Sorted.
func (v *Vault) below(key string) (keys []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.values {
		if key == "" || one.key == key || strings.HasPrefix(one.key, key+"/") {
			keys = append(keys, one.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// List is the keys below a path, all of them or the next step of each; fs.ErrNotExist if there is none.
func (v *Vault) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	path = strings.TrimSuffix(path, "/")
	if err := v.current(ctx); err != nil {
		return nil, err
	}
	var list []string
	for _, key := range v.below(path) {
		rest := strings.TrimPrefix(strings.TrimPrefix(key, path), "/")
		if step, _, deeper := strings.Cut(rest, "/"); deeper && !recursive {
			key = strings.TrimPrefix(path+"/"+step, "/")
		}
		if rest != "" && (len(list) == 0 || list[len(list)-1] != key) {
			list = append(list, key)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return list, nil
}

// Stat tells of a key, or of a step on the way to others.
func (v *Vault) Stat(ctx context.Context, key string) (Info, error) {
	one, err := v.find(ctx, key)
	if err == nil {
		return Info{Key: key, Modified: one.modified, Size: int64(len(one.data)), IsTerminal: true}, nil
	}
	if errors.Is(err, fs.ErrNotExist) && len(v.below(key)) > 0 {
		return Info{Key: key}, nil
	}
	return Info{}, err
}
