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

type tunnel struct{ side io.Closer }

func (t *tunnels) add(side io.Closer) *tunnel {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[*tunnel]struct{}{}
	}
	entry := &tunnel{side}
	t.open[entry] = struct{}{}
	return entry
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

// cut closes one side of each tunnel; the other follows.
func (t *tunnels) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for entry := range t.open {
		entry.side.Close()
	}
}
