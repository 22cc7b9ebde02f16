package proxy

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// Services that observe messages get copies, each on one of its tasks, at most once. A copy delays nobody: it waits in a queue of
// its service, and is dropped where that is full, so that a slow observer costs its own copies and no others'.
const (
	mostAtOnce = 16       // copies under way to one service
	mostQueued = 1000     // that wait, of one service
	mostHeld   = 64 << 20 // bytes of all that wait or are under way
)

// observers are the queues of all observing services.
type observers struct {
	all  sync.WaitGroup
	held atomic.Int64

	mu      sync.Mutex
	queues  map[string]*copies
	context context.Context // of all copies under way; nil: there was none yet
	cancel  context.CancelFunc
	closed  bool
}

// copies are those of one service.
type copies struct {
	service               string
	sent, failed, dropped atomic.Uint64

	// Guarded by observers.mu.
	waiting []copied
	running int
}

// A copied is a message for one observer.
type copied struct {
	entry   *EntryPoint
	request *message.Request
	text    []byte
}

// CopyCounts are what became of the copies for one service that observes messages.
type CopyCounts struct {
	Service               string
	Sent, Failed, Dropped uint64 // answered; not, or by nobody; not sent, as too many waited already
}

// CopyCounts tells of each service that messages were copied for, in no order.
func (p *Proxy) CopyCounts() (all []CopyCounts) {
	p.observers.mu.Lock()
	defer p.observers.mu.Unlock()
	for _, c := range p.observers.queues {
		all = append(all, CopyCounts{c.service, c.sent.Load(), c.failed.Load(), c.dropped.Load()})
	}
	return all
}

// observe has copies sent to all who want one.
func (v *visit) observe(q *message.Request) {
	text := v.letter.text
	if !v.letter.gathered {
		text = bytes.Clone(text)
	}
	for _, o := range v.letter.observers {
		c := v.copyOf(q)
		c.Body, c.Patience = newSheet(text), copyTime
		v.entry.proxy.observers.add(o.Route.Service.Name, copied{v.entry, c, text})
	}
}

func (o *observers) add(service string, c copied) {
	o.mu.Lock()
	defer o.mu.Unlock()
	to := o.queue(service)
	if o.closed || len(to.waiting) >= mostQueued || o.held.Load()+int64(len(c.text)) > mostHeld {
		to.dropped.Add(1)
		return
	}
	o.held.Add(int64(len(c.text)))
	to.waiting = append(to.waiting, c)
	if to.running == mostAtOnce {
		return
	}
	if o.context == nil {
		o.context, o.cancel = context.WithCancel(context.Background())
	}
	to.running++
	o.all.Go(func() { o.run(to) })
}

func (o *observers) queue(service string) *copies {
	if o.queues == nil {
		o.queues = map[string]*copies{}
	}
	if o.queues[service] == nil {
		o.queues[service] = &copies{service: service}
	}
	return o.queues[service]
}

// run sends one copy after the other, until none waits.
func (o *observers) run(to *copies) {
	for {
		c, ok := o.next(to)
		if !ok {
			return
		}
		if o.send(to.service, c) {
			to.sent.Add(1)
		} else {
			to.failed.Add(1)
		}
		o.held.Add(-int64(len(c.text)))
	}
}

func (o *observers) next(to *copies) (copied, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(to.waiting) == 0 {
		to.running--
		to.waiting = nil
		return copied{}, false
	}
	c := to.waiting[0]
	to.waiting[0] = copied{}
	to.waiting = to.waiting[1:]
	return c, true
}

// send carries a copy to a task of the service as it is now, and reads its answer to the end, for nobody.
func (o *observers) send(service string, c copied) bool {
	now := c.entry.proxy.view.Load()
	s := now.table.Service(service)
	if s == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(o.context, copyTime)
	defer cancel()
	v := &visit{
		exchange: &errand{request: c.request, context: ctx}, entry: c.entry, view: now, service: s, group: now.groups[s.ID],
		route: &rules.Route{Service: s, PassHost: true}, protocol: "http", started: time.Now(), errand: true,
	}
	r, fail := v.fetch()
	if fail != nil {
		return false
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	return r.Status < 400
}

// close lets those that wait be sent until ctx ends, and drops the others.
func (o *observers) close(ctx context.Context) {
	sent := make(chan struct{})
	o.mu.Lock()
	o.closed = true
	cancel := o.cancel
	o.mu.Unlock()
	go func() {
		o.all.Wait()
		close(sent)
	}()
	select {
	case <-sent:
	case <-ctx.Done():
		o.forget()
	}
	if cancel != nil {
		cancel()
	}
	<-sent
}

// forget drops what waits.
func (o *observers) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.queues {
		c.dropped.Add(uint64(len(c.waiting)))
		for _, one := range c.waiting {
			o.held.Add(-int64(len(one.text)))
		}
		c.waiting = nil
	}
}
