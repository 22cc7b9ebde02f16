package proxy

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A mirror gets copies of some of a service's requests. A copy never delays its request, nor fails it: it is sent by a goroutine
// of its own, and dropped when there are too many already. Its body is what the request's endpoint has read of the
// client's, so that it is sent when that has been read to the end, and not at all where it is too long or too much is kept
// already, of this body and all others.
const (
	mostCopies = 256
	mostKept   = 64 << 20 // bytes of bodies, from their first to the end of the last copy
	copyTime   = 30 * time.Second
)

// mirrors are all copies under way.
type mirrors struct {
	all     sync.WaitGroup
	under   atomic.Int64
	kept    atomic.Int64 // bytes of bodies
	sent    atomic.Uint64
	dropped atomic.Uint64

	mu      sync.Mutex
	context context.Context // of all; nil: there was none yet
	cancel  context.CancelFunc
	closed  bool
}

// MirrorCounts are the copies that were sent to mirrors and those that were dropped, because there were too many under way
// or their body was too long or never whole.
func (p *Proxy) MirrorCounts() (sent, dropped uint64) {
	return p.mirrors.sent.Load(), p.mirrors.dropped.Load()
}

// mirror sends the copies that are due of a request that was led through a mirrored service.
func (v *visit) mirror(q *message.Request) {
	for _, l := range v.above {
		if m := l.service.Mirroring; m != nil {
			v.copyTo(l, m, q)
		}
	}
}

func (v *visit) copyTo(l leader, m *rules.Mirroring, q *message.Request) {
	var to []*rules.Service
	for _, mirror := range m.Mirrors {
		s := v.view.table.Service(mirror.Service)
		if s != nil && l.group.CopyDue(mirror.Service, mirror.Percent) {
			to = append(to, s)
		}
	}
	switch {
	case len(to) == 0 || q.Upgrade != "": // what a tunnel carries has no copy
	case q.Body == nil || m.NoBody:
		v.send(to, v.copyOf(q), nil)
	default:
		v.tee(to, m, q)
	}
}

// tee has the request's body read along.
func (v *visit) tee(to []*rules.Service, m *rules.Mirroring, q *message.Request) {
	most := m.MaxBody
	if most <= 0 {
		most = rules.DefaultMirrorBody
	}
	if q.Body.Length() > most {
		v.entry.proxy.mirrors.dropped.Add(uint64(len(to)))
		return
	}
	copied := v.copyOf(q)
	t := &tee{Body: q.Body, most: most, mirrors: &v.entry.proxy.mirrors}
	t.whole = func(body *shared) { v.send(to, copied, body) }
	t.dropped = func() { v.entry.proxy.mirrors.dropped.Add(uint64(len(to))) }
	q.Body, v.teed = t, append(v.teed, t)
}

// copyOf is a request that outlives the client's: what an engine keeps in its buffers is copied.
func (v *visit) copyOf(q *message.Request) *message.Request {
	c := &message.Request{
		Method: strings.Clone(q.Method), Scheme: q.Scheme, Host: strings.Clone(q.Host), Path: strings.Clone(q.Path), RawPath: strings.Clone(q.RawPath),
		RawQuery: strings.Clone(q.RawQuery), Query: q.Query, Proto: q.Proto, Client: q.Client, ClientIP: strings.Clone(q.ClientIP),
	}
	c.Fields = q.Fields.Owned()
	c.Fields.Del("Expect")
	return c
}

// send sends a copy to each mirror. It does not wait.
func (v *visit) send(to []*rules.Service, q *message.Request, body *shared) {
	if body != nil {
		body.users.Store(int64(len(to)))
	}
	for _, s := range to {
		each := *q
		each.Fields = q.Fields.Clone()
		if body != nil {
			each.Body = message.Text(body.text)
		}
		side := v.aside(s, &errand{request: &each})
		side.prepared = false // the copy was taken before
		v.entry.proxy.mirrors.start(side, body)
	}
}

// shared is a whole body that several copies are sent of.
type shared struct {
	text  string
	users atomic.Int64
}

// done is the end of one of the copies; the last gives back what the body took.
func (m *mirrors) done(s *shared) {
	if s != nil && s.users.Add(-1) == 0 {
		m.kept.Add(-int64(len(s.text)))
	}
}

func (m *mirrors) start(v *visit, body *shared) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.under.Load() >= mostCopies {
		m.dropped.Add(1)
		m.done(body)
		return
	}
	if m.context == nil {
		m.context, m.cancel = context.WithCancel(context.Background())
	}
	m.under.Add(1)
	m.sent.Add(1)
	m.all.Go(func() {
		defer m.under.Add(-1)
		defer m.done(body)
		m.carry(v)
	})
}

// carry sends a copy and reads its answer to the end, for nobody.
func (m *mirrors) carry(v *visit) {
	ctx, cancel := context.WithTimeout(m.context, copyTime)
	defer cancel()
	v.exchange.(*errand).context = ctx
	response, fail := v.fetch()
	if fail != nil {
		return
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
}

// close ends the copies that are under way and waits for them.
func (m *mirrors) close() {
	m.mu.Lock()
	m.closed = true
	if m.cancel != nil {
		m.cancel()
	}
	m.mu.Unlock()
	m.all.Wait()
}

// A tee is a body that is kept as it is read.
type tee struct {
	message.Body
	most    int64
	mirrors *mirrors
	whole   func(body *shared)
	dropped func()

	mu   sync.Mutex // an engine may still read when the exchange is over
	kept []byte
	done bool
}

// Unwrap is the client's own body: an engine has to know it, as it ends its reads with the exchange.
func (t *tee) Unwrap() message.Body { return t.Body }

// Read implements io.Reader.
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.Body.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return n, err
	}
	if int64(len(t.kept)+n) > t.most || t.mirrors.kept.Load()+int64(n) > mostKept {
		t.end(false)
		return n, err
	}
	t.mirrors.kept.Add(int64(n))
	t.kept = append(t.kept, p[:n]...)
	switch {
	case errors.Is(err, io.EOF), int64(len(t.kept)) == t.Body.Length():
		t.end(true)
	case err != nil:
		t.end(false)
	}
	return n, err
}

func (t *tee) end(whole bool) {
	t.done = true
	if whole {
		t.whole(&shared{text: string(t.kept)})
	} else {
		t.mirrors.kept.Add(-int64(len(t.kept)))
		t.dropped()
	}
	t.kept = nil
}

// over ends a body that was not read to its end.
func (t *tee) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.done {
		t.end(false)
	}
}
