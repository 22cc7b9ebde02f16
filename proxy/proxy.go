// Package proxy moves the bytes: it listens, finds the route of each request in the table that is in force, picks an
// endpoint of its service and carries request and response. Tables are swapped under load without a lock.
package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/http3"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// Options is what a Proxy is made of.
type Options struct {
	EntryPoints  []EntryPointOptions
	Fleet        *balancer.Fleet
	Back         Back
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error) // to endpoints of TCP routes; nil: conn.Dialer's
	EndpointTLS  *tls.Config                                                       // towards those of them that speak it; nil: verified against the system's roots
	Log          *zap.Logger
	ReadTimeout  time.Duration   // for a request's head; 0: none
	IdleTimeout  time.Duration   // of a client's connection between requests
	WriteTimeout time.Duration   // from a request's head to the end of its answer, tunnels excepted; 0: none
	Buckets      []time.Duration // upper bounds of the entry points' tallies; nil: balancer.DefaultBuckets
	Hostname     string          // for X-Forwarded-Server; "": the machine's
	Filters      middleware.Options
	Retry        *rules.Retry     // of requests whose route says nothing of it; nil: whoever refuses a connection is passed over
	Hold         time.Duration    // how long a request waits for an endpoint where its service says nothing of it; 0: not at all
	HoldPage     string           // HTML for those that waited in vain; "": a line of text
	Limits       http1.Limits     // of what one client's connection may cost; Head, Idle and Whole are the three above
	StdHTTP1     bool             // HTTP/1.1 by net/http, not by our own engine: the operator's way out
	Ticks        <-chan time.Time // make time pass for the engines, each a second; nil: seconds do
	AccessLog    *accesslog.Log   // nil: no request is logged
	// OnError hears of each answer from 400 on, at the request's end and on its goroutine. The texts are not to be kept.
	OnError      func(status int, method, host, path string)
	Certificates *certs.Store // of entry points that speak TLS, beside their own; nil: none. Whoever made it closes it
	Act          *ActOptions  // nil: messages are not taken
	// Listen opens sockets; nil: http1.Listening.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// ListenUDP opens ports for HTTP/3; nil: http3.OpenPort.
	ListenUDP func(ctx context.Context, address string) (*http3.Port, error)
}

// A Back carries an exchange's request to an endpoint and returns the head of its response.
type Back interface {
	RoundTrip(message.Exchange, *balancer.Endpoint) (*message.Response, *message.Failure)
}

// A Proxy serves requests on its entry points by the table last swapped in.
type Proxy struct {
	options Options
	entries []*EntryPoint
	view    atomic.Pointer[view]
	swaps   sync.Mutex        // one swap at a time
	filters *middleware.Store // guarded by swaps
	mirrors mirrors
	crowd   crowd

	observers observers
	tallies   map[string]*balancer.Tally // of pins; guarded by swaps
	acts      atomic.Pointer[later]      // the listener of messages; nil: none, or not yet
}

// view is a table with what is alive behind it. Requests load it once and use it to their end.
type view struct {
	table  *rules.Table
	groups []*balancer.Group   // by rules.Service.ID
	chains []*middleware.Chain // by rules.Route.ID; nil: no filters
	pins   []*balancer.Tally   // by rules.Act.Number
	over   chan struct{}       // closed when another view is in force
}

// New makes a Proxy that answers 404 until its first Swap. It does not listen yet.
func New(o Options) *Proxy {
	if o.Hostname == "" {
		o.Hostname, _ = os.Hostname()
	}
	if o.Listen == nil {
		o.Listen = http1.Listening(3 * time.Minute).Listen
	}
	if o.Dial == nil {
		o.Dial = new(conn.Dialer).DialContext
	}
	if o.ListenUDP == nil {
		o.ListenUDP = http3.OpenPort
	}
	if o.Certificates == nil {
		o.Certificates = certs.New(certs.Options{Log: o.Log})
	}
	p := &Proxy{options: o, filters: middleware.NewStore(o.Filters)}
	for _, e := range o.EntryPoints {
		p.entries = append(p.entries, newEntryPoint(p, e, nil))
	}
	if o.Act != nil {
		p.entries = append(p.entries, newActEntry(p, *o.Act))
	}
	empty, _ := rules.Compile(nil, rules.Options{})
	p.view.Store(&view{table: empty, over: make(chan struct{})})
	return p
}

// Swap puts a table in force. New endpoints are there before the first request can be routed to them, old ones
// leave after the last could have been. Requests under way finish by the table they began with.
// It returns what is wrong with filters, which only shows when they are made.
func (p *Proxy) Swap(t *rules.Table) []rules.Diagnostic {
	p.swaps.Lock()
	defer p.swaps.Unlock()
	chains, found := p.filters.Chains(t.Routes)
	next := &view{table: t, groups: p.options.Fleet.Grow(t.Services), chains: chains, pins: p.pinTallies(t), over: make(chan struct{})}
	close(p.view.Swap(next).over)
	p.sortTCP(t)
	p.options.Fleet.Shrink(t.Services)
	return append(found, p.openActs(t)...)
}

// Table is the one in force.
func (p *Proxy) Table() *rules.Table { return p.view.Load().table }

// EntryPoints lists the listeners, for counters.
func (p *Proxy) EntryPoints() []*EntryPoint { return p.entries }
