package balancer

import (
	"container/heap"
	"sync"
	"time"
)

// An agenda does things later, one after another in one goroutine, in the order in which they fall due.
// It is the fleet's only clock: ejected endpoints return by it, drains end by it, news is told by it.
type agenda struct {
	mu    sync.Mutex
	items items
	seq   uint64

	wake chan struct{} // a hint that something new may be first
	quit chan struct{}
	done chan struct{}
}

type item struct {
	due time.Time
	seq uint64 // of two due at once, the earlier noted goes first
	do  func()
}

func newAgenda() *agenda {
	a := &agenda{wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

// after notes something to do. It is not done if the agenda is closed first.
func (a *agenda) after(d time.Duration, do func()) {
	a.mu.Lock()
	a.seq++
	heap.Push(&a.items, item{time.Now().Add(d), a.seq, do})
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *agenda) run() {
	defer close(a.done)
	for {
		do, wait := a.next()
		if do != nil {
			do()
		}
		if !a.sleep(wait) {
			return
		}
	}
}

// sleep is over when something may be due; it is false when the agenda is closed.
func (a *agenda) sleep(d time.Duration) bool {
	if d <= 0 {
		select {
		case <-a.quit:
			return false
		default:
			return true
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-a.quit:
		return false
	case <-a.wake:
	case <-t.C:
	}
	return true
}

// next is what is due now, else how long nothing will be.
func (a *agenda) next() (do func(), wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.items) == 0 {
		return nil, time.Hour
	}
	if wait = time.Until(a.items[0].due); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&a.items).(item).do, 0
}

// close stops the agenda and waits for what it is doing.
func (a *agenda) close() {
	close(a.quit)
	<-a.done
}

// items is a heap, the soonest first.
type items []item

func (s items) Len() int { return len(s) }

func (s items) Less(i, j int) bool {
	if s[i].due.Equal(s[j].due) {
		return s[i].seq < s[j].seq
	}
	return s[i].due.Before(s[j].due)
}

func (s items) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

func (s *items) Push(x any) { *s = append(*s, x.(item)) }

func (s *items) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	(*s)[last] = item{}
	*s = (*s)[:last]
	return x
}
