package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	engine "github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/vault"
)

// What one manager's router keeps in the swarm's store the others have, and of those who want a lock one has it: by real configs,
// of an engine that agrees by Raft.
func TestManagersKeepTheSameInTheirStore(t *testing.T) {
	c := cluster(t)
	var all []*vault.Vault
	for _, n := range c.Nodes {
		client, err := engine.Dial(engine.Options{Endpoint: "unix://" + n.Socket()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		v := vault.New(vault.Options{Configs: client, Key: [32]byte{1}})
		all = append(all, v)
		running := make(chan struct{})
		go func() {
			defer close(running)
			v.Run(t.Context())
		}()
		t.Cleanup(func() { <-running })
	}
	var orders sync.WaitGroup
	var ordered atomic.Int32
	for i, v := range all {
		orders.Go(func() {
			if err := orderOnce(t.Context(), v, fmt.Sprint("of router ", i+1), &ordered); err != nil {
				t.Error(err)
			}
		})
	}
	orders.Wait()
	if n := ordered.Load(); n != 1 {
		t.Errorf("%d ordered", n)
	}
	first, err := all[0].Load(t.Context(), "certificates/a.test")
	for i, v := range all {
		got, verr := v.Load(t.Context(), "certificates/a.test")
		if err != nil || verr != nil || string(got) != string(first) {
			t.Errorf("router %d has %q, %v; the first %q, %v", i+1, got, verr, first, err)
		}
	}
	if err := all[2].Store(t.Context(), "certificates/a.test", []byte(strings.Repeat("x", 300<<10))); err != nil {
		t.Error(err)
	}
	eventually(t, "the first hears of the third's", func() error {
		if got, err := all[0].Load(t.Context(), "certificates/a.test"); len(got) != 300<<10 {
			return fmt.Errorf("%d bytes, %w", len(got), err)
		}
		return nil
	})
	if err := all[1].Delete(t.Context(), "certificates/a.test"); err != nil {
		t.Error(err)
	}
	eventually(t, "the third hears that it is gone", func() error {
		if _, err := all[2].Load(t.Context(), "certificates/a.test"); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("it is there: %v", err)
		}
		return nil
	})
}

// orderOnce stores a value if nobody has.
func orderOnce(ctx context.Context, v *vault.Vault, value string, ordered *atomic.Int32) error {
	if err := v.Lock(ctx, "order"); err != nil {
		return err
	}
	_, err := v.Load(ctx, "certificates/a.test")
	if errors.Is(err, fs.ErrNotExist) {
		ordered.Add(1)
		err = v.Store(ctx, "certificates/a.test", []byte(value))
	}
	return errors.Join(err, v.Unlock(ctx, "order"))
}
