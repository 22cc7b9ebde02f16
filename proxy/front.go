package proxy

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/seneca"
	"github.com/appia-edge/appia/proxy/stdhttp"
)

// A front turns the connections of a listener into exchanges.
type front interface {
	Serve(net.Listener) error // http.ErrServerClosed after Leave, Shutdown or Close
	Leave()                   // Shutdown is about to come: answers say that they are the last, and the listener may be closed
	Shutdown(context.Context) error
	Close() error
	Tick(now time.Time)
	takeHTTP2(net.Conn) bool // takes over a connection that has agreed on HTTP/2; false: Serve's listener is to have it
}

// newStdFront is net/http as a front: of HTTP/2 always, and of HTTP/1.1 if it is to be.
func newStdFront(e *EntryPoint) stdFront {
	f := stdFront{&stdhttp.Server{}}
	front := stdhttp.Front{Serve: e.Serve, Panic: e.panicked, Cause: e.refuse, Whole: e.proxy.options.WriteTimeout, Leaving: f.Leaving}
	limits := e.proxy.options.Limits
	front.Stall, front.Body, front.Fields = limits.Write, limits.Body, limits.Fields
	f.Handler = front
	f.ConnContext = stdhttp.Handshake
	f.MaxHeaderBytes = limits.HeadBytes
	f.HTTP2 = &http.HTTP2Config{
		MaxReadFrameSize: 16 << 10, // what a peer may send unasked (RFC 9113, 4.2)
		WriteByteTimeout: limits.Write,
	}
	f.ReadHeaderTimeout = e.proxy.options.ReadTimeout
	f.IdleTimeout = e.proxy.options.IdleTimeout
	f.ErrorLog = log.New(serverLog{e.proxy.options.Log}, "", 0)
	f.Protocols = new(http.Protocols)
	f.Protocols.SetHTTP1(e.proxy.options.StdHTTP1)
	f.Protocols.SetUnencryptedHTTP2(true)
	return f
}

// stdFront is net/http alone.
type stdFront struct{ *stdhttp.Server }

// Tick implements front: net/http has a timer a connection.
func (stdFront) Tick(time.Time) {}

func (stdFront) takeHTTP2(net.Conn) bool { return false }

// An engine is our own HTTP/1.1, with net/http beside it for those who begin to speak HTTP/2.
type engine struct {
	*http1.Server
	http2  stdFront
	passed *handed
	add    func(net.Conn) // hands on a connection of HTTP/2
}

func newEngine(e *EntryPoint) *engine {
	f := &engine{http2: newStdFront(e), passed: newHanded()}
	limits := e.proxy.options.Limits
	limits.Head, limits.Idle, limits.Whole = e.proxy.options.ReadTimeout, e.proxy.options.IdleTimeout, e.proxy.options.WriteTimeout
	add := func(c net.Conn) {
		f.passed.add(stdhttp.Gate(c, func(code string) { e.refuse(code, addressOf(c)) }))
	}
	f.add = add
	f.Server = &http1.Server{Handle: e.Serve, Limits: limits, HTTP2: add, Panic: e.panicked, Cause: e.refuse}
	if e.act != nil {
		f.Refuse = seneca.Refusal
	}
	return f
}

// Serve implements front.
func (f *engine) Serve(l net.Listener) error {
	var beside sync.WaitGroup
	beside.Go(func() { _ = f.http2.Serve(f.passed) }) // ends with handed, whose only error is that
	err := f.Server.Serve(l)
	f.passed.Close()
	beside.Wait()
	return err
}

// Leave implements front.
func (f *engine) Leave() {
	f.Server.Leave()
	f.http2.Leave()
}

// Shutdown implements front. Our own comes first: its last connections may turn out to speak HTTP/2.
func (f *engine) Shutdown(ctx context.Context) error {
	return errors.Join(f.Server.Shutdown(ctx), f.http2.Shutdown(ctx))
}

func (f *engine) takeHTTP2(c net.Conn) bool {
	f.add(c)
	return true
}

// Close implements front.
func (f *engine) Close() error { return errors.Join(f.Server.Close(), f.http2.Close()) }

// handed is a listener whose connections another has accepted.
type handed struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newHanded() *handed { return &handed{conns: make(chan net.Conn), done: make(chan struct{})} }

func (h *handed) add(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.done:
		c.Close()
	}
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr implements net.Listener.
func (h *handed) Addr() net.Addr { return &net.TCPAddr{} }
