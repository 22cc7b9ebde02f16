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
	slow     []string // took longer than a retry elsewhere should
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
	took := time.Since(began).Round(time.Millisecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s after %s: %v", began.Format(time.StampMilli), took, err))
		return
	}
	if took > 500*time.Millisecond {
		l.slow = append(l.slow, fmt.Sprintf("%s took %s", began.Format(time.StampMilli), took))
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
	l.t.Logf("%d requests, %d failed, %d took longer than 500 ms: %v", l.requests, len(l.failures), len(l.slow), l.slow[:min(5, len(l.slow))])
	for _, f := range l.failures[:min(10, len(l.failures))] {
		l.t.Error(f)
	}
	if l.requests == 0 {
		l.t.Error("no request was made")
	}
}
