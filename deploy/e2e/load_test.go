package e2e_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// A load is clients that ask steadily until they are stopped, and what became of their requests.
type load struct {
	t       *testing.T
	asker   asker
	stopped chan struct{}
	once    sync.Once
	clients sync.WaitGroup

	mu       sync.Mutex
	requests int
	tasks    map[string]int
	failures []string
}

// steady asks a host so many times a second, as long as the answers keep up, from connections that are kept.
func steady(t *testing.T, host string, perSecond int) *load {
	l := &load{t: t, asker: asker{newClient(), host}, stopped: make(chan struct{}), tasks: map[string]int{}}
	beat := time.NewTicker(time.Second / time.Duration(perSecond))
	for range 16 {
		l.clients.Go(func() { l.client(beat.C) })
	}
	t.Cleanup(func() {
		l.stop()
		beat.Stop()
	})
	return l
}

func (l *load) client(beat <-chan time.Time) {
	for {
		select {
		case <-l.stopped:
			return
		case <-beat:
			l.request()
		}
	}
}

func (l *load) request() {
	began := time.Now()
	got, err := l.asker.ask()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s after %s: %v", began.Format(time.StampMilli), time.Since(began).Round(time.Millisecond), err))
		return
	}
	l.tasks[got.from.Task]++
}

func (l *load) stop() {
	l.once.Do(func() { close(l.stopped) })
	l.clients.Wait()
	l.asker.client.CloseIdleConnections()
}

// sees waits until so many tasks have answered a request since the call.
func (l *load) sees(tasks int) {
	l.t.Helper()
	l.mu.Lock()
	clear(l.tasks)
	l.mu.Unlock()
	eventually(l.t, fmt.Sprintf("%d tasks answer", tasks), func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.tasks) < tasks {
			return fmt.Errorf("they are %v", l.tasks)
		}
		return nil
	})
}

// unharmed stops the load and fails the test if a request failed.
func (l *load) unharmed() {
	l.t.Helper()
	l.stop()
	l.t.Logf("%d requests, %d failed", l.requests, len(l.failures))
	for _, f := range l.failures[:min(10, len(l.failures))] {
		l.t.Error(f)
	}
	if l.requests == 0 {
		l.t.Error("no request was made")
	}
}
