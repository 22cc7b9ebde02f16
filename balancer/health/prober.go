// Package health asks endpoints how they are.
package health

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/appia-edge/appia/rules"
)

// What holds where a check or the options say nothing.
const (
	DefaultInterval = 30 * time.Second
	DefaultTimeout  = 5 * time.Second
	DefaultLimit    = 512 // probes under way at once: each holds a socket
)

// dialTimeout bounds a dial where Options.Dial does not.
const dialTimeout = time.Second

const h2c = "h2c"

// Options say how probes reach endpoints.
type Options struct {
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: net.Dialer
	TLS       *tls.Config                                                       // for https; nil: verified against the system's roots
	Transport http.RoundTripper                                                 // nil: net/http's over Dial and TLS, h2c included
	Limit     int                                                               // probes at once; 0: DefaultLimit
}

// A Prober owns all probes: it starts them, lets only so many run at once, stops them and waits for them.
// Endpoints are independent of each other: a slow one delays nobody's verdict but its own.
type Prober struct {
	dial         func(ctx context.Context, network, addr string) (net.Conn, error)
	http1, http2 *http.Client
	slots        chan struct{}
	ctx          context.Context
	cancel       context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // probes under way; added to under mu, while not closed
}

// New makes a prober. Close it.
func New(o Options) *Prober {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	ctx, cancel := context.WithCancel(context.Background())
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	return &Prober{
		dial:   o.Dial,
		http1:  &http.Client{Transport: transport(o, false)},
		http2:  &http.Client{Transport: transport(o, true)},
		slots:  make(chan struct{}, o.Limit),
		ctx:    ctx,
		cancel: cancel,
	}
}

// transport opens a connection per probe: a kept one would prove that an old connection lives, not that
// the endpoint still takes new ones. An h2c endpoint (gRPC, mostly) is asked in HTTP/2, as it may know nothing else.
func transport(o Options, clear2 bool) http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	t := &http.Transport{DialContext: o.Dial, TLSClientConfig: o.TLS, DisableKeepAlives: true}
	if clear2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

func (p *Prober) client(scheme string) *http.Client {
	if scheme == h2c {
		return p.http2
	}
	return p.http1
}

// Watch probes the endpoint at once and then every interval, and tells each new verdict: the first one and
// every change. The stop function does not wait: a verdict on its way may still be told.
func (p *Prober) Watch(e rules.Endpoint, c rules.Check, tell func(up bool, why string)) (stop func()) {
	w := &watch{rounds: p.rounds(), check: withDefaults(c), target: e, tell: tell}
	w.judge = judge{rise: w.check.Rise, fall: w.check.Fall}
	w.schedule(0, w.turn)
	return w.stop
}

func withDefaults(c rules.Check) rules.Check {
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	c.Rise, c.Fall = max(c.Rise, 1), max(c.Fall, 1)
	return c
}

// enter counts a probe in, unless the prober is closed.
func (p *Prober) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Add(1)
	return true
}

// slot waits for leave to open a socket.
func (p *Prober) slot(ctx context.Context) bool {
	select {
	case p.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *Prober) free() { <-p.slots }

// Close stops all probes and waits for those under way. No verdict is told after it returns.
func (p *Prober) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.running.Wait()
	p.http1.CloseIdleConnections()
	p.http2.CloseIdleConnections()
}
