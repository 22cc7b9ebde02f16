package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/http3"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// EntryPointOptions describe a listener.
type EntryPointOptions struct {
	Name       string
	Address    string // "host:port", either may be empty
	Compress   bool
	TrustAll   bool           // believe X-Forwarded fields of every client, Traefik 1.x's default
	TrustedIPs []netip.Prefix // else of these
	Filters    []rules.Filter // of every request, before routing; they run in the order of Traefik 1.x, whatever theirs here

	TLS           *TLS           // nil: plain HTTP
	HTTP3         *HTTP3         // nil: not spoken; it needs TLS
	ProxyProtocol *ProxyProtocol // nil: not spoken
	Internal      Internal       // pages of the router's own; nil: none
}

// TLS is how an entry point speaks it.
type TLS = certs.EntryPoint

// A Certificate is one with its key.
type Certificate = certs.Pair

// ProxyProtocol is from whom an entry point takes the client's address by HAProxy's PROXY protocol, 1 and 2.
type ProxyProtocol struct {
	TrustAll   bool
	TrustedIPs []netip.Prefix // else of these
}

// An EntryPoint is a listener with its counters.
type EntryPoint struct {
	options   EntryPointOptions
	proxy     *Proxy
	socket    net.Listener
	listener  net.Listener // socket, or what its connections go through first
	secure    *tls.Config  // nil: plain HTTP
	front     front
	quic      *http3.Server     // nil: HTTP/3 is not spoken
	chain     *middleware.Chain // nil: no filters
	unusable  error             // a filter that could not be made: the entry point must not be opened without it
	responses []func(*message.Request, *message.Response)
	tally     balancer.Tally
	refused   balancer.Causes // what got no further than the engine
	failed    balancer.Causes // requests that did, and failed
	tunnels   tunnels

	sorts atomic.Bool                // it has TCP routes: written by Swap
	ends  atomic.Pointer[tls.Config] // of TCP routes for which TLS ends here; nil: there are none yet. Written by Swap

	act *ActOptions // it takes messages; nil: requests
}

func newEntryPoint(p *Proxy, o EntryPointOptions, act *ActOptions) *EntryPoint {
	e := &EntryPoint{options: o, proxy: p, act: act}
	e.tally.Buckets = p.options.Buckets
	e.chain, e.unusable = p.entryChain(o)
	if o.Compress {
		e.responses = append(e.responses, middleware.Compress)
	}
	if o.TLS != nil && e.unusable == nil {
		e.secure, e.unusable = p.secure(o)
	}
	if o.HTTP3 != nil && e.unusable == nil {
		e.unusable = e.checkHTTP3()
	}
	if p.options.StdHTTP1 {
		e.front = newStdFront(e)
	} else {
		e.front = newEngine(e)
	}
	return e
}

// serverLog passes on what net/http's server says: that it cannot accept is news for the operator, the faults of
// single clients are not.
type serverLog struct{ log *zap.Logger }

func (s serverLog) Write(line []byte) (int, error) {
	level := zap.DebugLevel
	if bytes.Contains(line, []byte("Accept error")) {
		level = zap.ErrorLevel
	}
	s.log.Log(level, "server", zap.ByteString("says", bytes.TrimSpace(line)))
	return len(line), nil
}

func (e *EntryPoint) panicked(what any, stack []byte) {
	e.failed.Add(message.Router.String(), "panic")
	e.proxy.options.Log.Error("a request met a fault of the router and got a 500", zap.Any("panic", what), zap.ByteString("stack", stack))
}

// refuse tells of a connection that got no further than the engine. DEBUG: a client can cause as many lines as it likes.
func (e *EntryPoint) refuse(code string, client netip.AddrPort) {
	e.refused.Add(message.Client.String(), code)
	if line := e.proxy.options.Log.Check(zap.DebugLevel, "connection refused or given up"); line != nil {
		line.Write(zap.String("entrypoint", e.options.Name), zap.String("code", code), zap.Stringer("client", client))
	}
}

// Name is the entry point's.
func (e *EntryPoint) Name() string { return e.options.Name }

// Tally is the entry point's counters.
func (e *EntryPoint) Tally() *balancer.Tally { return &e.tally }

// Refused counts connections of clients that the engine refused or gave up, by code.
func (e *EntryPoint) Refused() *balancer.Causes { return &e.refused }

// Failed counts requests that failed behind the engine.
func (e *EntryPoint) Failed() *balancer.Causes { return &e.failed }

// Addr is the address that the entry point listens on, once it does.
func (e *EntryPoint) Addr() net.Addr { return e.listener.Addr() }

// Listen opens every entry point's socket, or none: an address that is taken, or a filter that cannot be made, is an
// error that names the entry point.
func (p *Proxy) Listen(ctx context.Context) error {
	if err := p.unusable(); err != nil {
		return err
	}
	for _, e := range p.entries {
		if e.act != nil {
			if err := p.listenLater(ctx, e); err != nil {
				p.Close()
				return fmt.Errorf("entry point %s: %w", e.options.Name, err)
			}
			continue
		}
		listener, err := p.options.Listen(ctx, "tcp", e.options.Address)
		if err != nil {
			p.Close()
			return fmt.Errorf("entry point %s: %w", e.options.Name, err)
		}
		e.socket, e.listener = listener, e.room(listener)
		if err := e.listenHTTP3(ctx); err != nil {
			p.Close()
			return fmt.Errorf("entry point %s: %w", e.options.Name, err)
		}
	}
	return nil
}

// Run serves until Shutdown or Close; it returns the first error of a listener that broke by itself.
func (p *Proxy) Run() error {
	stop := make(chan struct{})
	var beating sync.WaitGroup
	back, _ := p.options.Back.(ticker)
	beating.Go(func() { p.beat(back, stop) })
	defer beating.Wait()
	defer close(stop)

	var serve []func() error
	for _, e := range p.entries {
		serve = append(serve, e.serve)
		if g, ok := e.listener.(gate); ok {
			serve = append(serve, func() error { return g.own.Serve(g.antechamber) })
		}
		if e.quic != nil {
			serve = append(serve, e.quic.Serve)
		}
	}
	ended := make(chan error, len(serve))
	for _, s := range serve {
		go func() { ended <- s() }()
	}
	var first error
	for range serve {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) && first == nil {
			first = err
			p.Close()
		}
	}
	return first
}

// A ticker has time-outs that a beat once a second makes pass. The Back may be one too.
type ticker interface{ Tick(now time.Time) }

// beat makes time pass for the engines. What is in flight when Run returns finishes without time-outs.
func (p *Proxy) beat(back ticker, stop <-chan struct{}) {
	ticks := p.options.Ticks
	if ticks == nil {
		beat := time.NewTicker(time.Second)
		defer beat.Stop()
		ticks = beat.C
	}
	for {
		select {
		case now := <-ticks:
			p.tick(back, now)
		case <-stop:
			return
		}
	}
}

func (p *Proxy) tick(back ticker, now time.Time) {
	for _, e := range p.entries {
		e.front.Tick(now)
	}
	if back != nil {
		back.Tick(now)
	}
	p.options.Certificates.Tick(now)
}

// Shutdown accepts what waits to be accepted and nothing more, lets what is in flight finish, tunnels included, and cuts the
// rest when ctx ends. A client that keeps its connection learns with its next answer that it ends.
func (p *Proxy) Shutdown(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, len(p.entries))
	for i, e := range p.entries {
		all.Go(func() { errs[i] = e.shutdown(ctx) })
	}
	all.Wait()
	p.observers.close(ctx)
	p.mirrors.close()
	return errors.Join(errs...)
}

func (e *EntryPoint) shutdown(ctx context.Context) error {
	e.front.Leave()
	quic := e.leaveHTTP3(ctx)
	e.stopAccepting(ctx)
	err := errors.Join(e.front.Shutdown(ctx), <-quic)
	if werr := e.tunnels.wait(ctx); err == nil {
		err = werr
	}
	e.front.Close()
	e.tunnels.cut()
	return err
}

const (
	emptyLooks = 3           // that find the queue empty, one after the other, are enough
	emptyAfter = time.Second // somebody else has to take the load from here, or nobody does
)

// stopAccepting closes the socket when its queue is empty: the system resets whoever is in it, unless another process has the
// same socket.
func (e *EntryPoint) stopAccepting(ctx context.Context) {
	if l, is := e.listener.(*later); is {
		e.socket = l.now()
		defer l.Close()
	}
	if e.socket == nil {
		return
	}
	late := time.Now().Add(emptyAfter)
	for found := 0; found < emptyLooks && ctx.Err() == nil && time.Now().Before(late); {
		time.Sleep(time.Millisecond) // for who accepts; and nothing is between the last look and the close
		if found++; http1.Queued(e.socket) > 0 {
			found = 0
		}
	}
	_ = e.socket.Close()
	if room, ok := e.listener.(interface{ finish(context.Context) }); ok {
		room.finish(ctx)
	}
}

// Close cuts everything at once.
func (p *Proxy) Close() {
	for _, e := range p.entries {
		e.front.Close()
		if e.quic != nil {
			e.quic.Close()
		}
		if e.listener != nil {
			e.listener.Close()
		}
		e.tunnels.cut()
	}
	p.observers.close(atOnce)
	p.mirrors.close()
}
