package proxy

import (
	"context"
	"io"
	"sync"
)

// tunnels are the upgraded connections of an entry point, which net/http no longer knows of.
type tunnels struct {
	mu    sync.Mutex
	open  map[*tunnel]struct{}
	empty chan struct{} // closed when the last one leaves while somebody waits
}

// A tunnel is known by its endpoint's side first; the client's joins once it is taken over.
type tunnel struct{ endpoint, client io.Closer }

func (t *tunnels) add(endpoint io.Closer) *tunnel {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[*tunnel]struct{}{}
	}
	entry := &tunnel{endpoint: endpoint}
	t.open[entry] = struct{}{}
	return entry
}

func (t *tunnels) join(entry *tunnel, client io.Closer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	entry.client = client
}

func (t *tunnels) remove(entry *tunnel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, entry)
	if len(t.open) == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

func (t *tunnels) wait(ctx context.Context) error {
	t.mu.Lock()
	if len(t.open) == 0 {
		t.mu.Unlock()
		return nil
	}
	t.empty = make(chan struct{})
	empty := t.empty
	t.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cut closes both sides of each tunnel.
func (t *tunnels) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for entry := range t.open {
		entry.endpoint.Close()
		if entry.client != nil {
			entry.client.Close()
		}
	}
}
