package demo

import (
	"sync"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A feed carries tables from discovery to the show, in order. Discovery never waits for the show, which may be resting.
type feed struct {
	more chan struct{} // one slot: the queue has grown

	mu    sync.Mutex
	queue []news
}

// news is a table that came into force.
type news struct {
	at      time.Time
	table   *rules.Table
	changes []rules.Change
}

func newFeed() *feed { return &feed{more: make(chan struct{}, 1)} }

func (f *feed) put(t *rules.Table, changes []rules.Change) {
	f.mu.Lock()
	f.queue = append(f.queue, news{time.Now(), t, changes})
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

func (f *feed) take() []news {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.queue
	f.queue = nil
	return queue
}
