package stdhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http2"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/proxy/message"
)

// BackOptions are the limits on the way to endpoints. Zero durations mean no limit.
type BackOptions struct {
	Dial        func(ctx context.Context, network, addr string) (net.Conn, error) // bounded in time by itself
	HeadTimeout time.Duration                                                     // from the whole request sent to the head of the response
	IdleTimeout time.Duration                                                     // of a kept connection
	MaxIdle     int                                                               // kept connections an endpoint
	TLS         *tls.Config                                                       // towards https endpoints
	// HandshakeTimeout is for TLS; 0: 3 s. An endpoint that accepts and then says nothing is as good as one that does not accept.
	HandshakeTimeout time.Duration
}

// A Back carries requests to endpoints over net/http's transport. Each endpoint has its own, made when first needed:
// then its idle connections are its own, too, and go when it goes.
type Back struct{ options BackOptions }

// NewBack makes a Back.
func NewBack(o BackOptions) *Back {
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = 3 * time.Second
	}
	return &Back{o}
}

// RoundTrip sends the exchange's request to an endpoint and returns when the head of the response is there.
// The response's body is still to be read and closed. Interim responses go to the client on the way.
func (b *Back) RoundTrip(x message.Exchange, e *balancer.Endpoint) (*message.Response, *message.Failure) {
	t := &trip{exchange: x}
	defer t.over()
	c := e.Carrier(b.newCarrier).(*carrier)
	answer, err := c.transportFor(x.Request()).RoundTrip(t.request(e))
	t.patience.heard()
	if err != nil {
		t.patience.end()
		return nil, t.failure(err)
	}
	if fault := fault(x.Request(), answer); fault != nil {
		answer.Body.Close()
		t.content.seal()
		t.patience.end()
		return nil, &message.Failure{Side: message.Upstream, Step: message.Waiting, Err: fault}
	}
	return t.response(answer), nil
}

// fault is what is wrong with a response that net/http let through and no client should see.
func fault(q *message.Request, answer *http.Response) error {
	switch {
	case answer.StatusCode < 100:
		return fmt.Errorf("the endpoint answers with status %d", answer.StatusCode)
	case answer.StatusCode == http.StatusSwitchingProtocols && !switches(q, answer):
		return fmt.Errorf("the endpoint switches to %q where the client asked for %q", answer.Header["Upgrade"], q.Upgrade)
	}
	return nil
}

// switches tells whether a 101 is one: in HTTP/1.1, and to one protocol that the client has named (RFC 9110, 7.8).
func switches(q *message.Request, answer *http.Response) bool {
	to := strings.Join(answer.Header["Upgrade"], ", ")
	return to != "" && message.Listed(q.Upgrade, to) && answer.ProtoAtLeast(1, 1) && message.Listed(strings.Join(answer.Header["Connection"], ","), "upgrade")
}

func (b *Back) newCarrier(e *balancer.Endpoint) io.Closer {
	c := &carrier{endpoint: e, dial: b.options.Dial, open: map[*tracked]struct{}{}}
	switch e.Scheme {
	case "h2c":
		c.transport = b.newTransport(c, (*http.Protocols).SetUnencryptedHTTP2)
	case "https":
		c.transport = b.newTransport(c, (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2)
		c.upgrading = b.newTransport(c, (*http.Protocols).SetHTTP1)
	default:
		c.transport = b.newTransport(c, (*http.Protocols).SetHTTP1)
	}
	return c
}

func (b *Back) newTransport(c *carrier, speak ...func(*http.Protocols, bool)) *http.Transport {
	t := &http.Transport{
		DialContext:           c.connect,
		TLSClientConfig:       b.options.TLS.Clone(), // net/http writes into it which protocols it speaks
		TLSHandshakeTimeout:   b.options.HandshakeTimeout,
		ResponseHeaderTimeout: b.options.HeadTimeout,
		IdleConnTimeout:       b.options.IdleTimeout,
		MaxIdleConnsPerHost:   b.options.MaxIdle,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // bytes pass as they are
		Protocols:             new(http.Protocols),
	}
	for _, protocol := range speak {
		protocol(t.Protocols, true)
	}
	return t
}

// trip is one try at one endpoint; it watches what became of it, because that decides whether another is safe.
type trip struct {
	exchange message.Exchange
	content  *content
	patience *patience // nil: none of its own

	mu   sync.Mutex
	conn net.Conn // the connection that was had, so that bytes may have been sent; nil: none
	done bool     // RoundTrip has returned
}

// over ends the trip. net/http's goroutines may outlive RoundTrip, and must not touch the exchange any more.
func (t *trip) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
}

func (t *trip) got(info httptrace.GotConnInfo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conn = info.Conn
}

func (t *trip) connection() net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conn
}

func (t *trip) request(e *balancer.Endpoint) *http.Request {
	q := t.exchange.Request()
	// Strings of a request may alias a buffer that is another's after the exchange, and net/http may still be writing then.
	out := &http.Request{
		Method: strings.Clone(q.Method), URL: target(q, e), Host: strings.Clone(q.Host),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, q.Fields.Len()+1),
	}
	for _, field := range q.Fields.All() {
		key := http.CanonicalHeaderKey(strings.Clone(field.Name))
		out.Header[key] = append(out.Header[key], strings.Clone(field.Value))
	}
	if e.Scheme == "h2c" {
		// HTTP/2 has no Upgrade (RFC 9113, 8.6), and net/http refuses to send one. A server may ignore it (RFC 9110, 7.8).
		delete(out.Header, "Connection")
		delete(out.Header, "Upgrade")
	}
	if !q.Fields.Has("User-Agent") {
		out.Header["User-Agent"] = nil // else net/http signs with its own
	}
	if q.Body != nil {
		out.Trailer = announced(q.Trailer)
		t.content = newContent(q.Body, out.Trailer)
		out.Body, out.ContentLength = t.content, q.Body.Length()
		if out.ContentLength >= 0 {
			out.Trailer = nil
		}
	}
	ctx, own := wait(t.exchange.Context(), q.Patience)
	t.patience = own
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:        t.got,
		Got1xxResponse: t.inform,
	})
	return out.WithContext(ctx)
}

// announced are the trailers that the client has named. Over HTTP/2 some servers, Go's too, take no others.
func announced(names string) http.Header {
	trailer := http.Header{}
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); isToken(name) && message.MayTrail(name) {
			trailer[http.CanonicalHeaderKey(strings.Clone(name))] = nil
		}
	}
	return trailer
}

// isToken tells whether name can be a field's; net/http would not send a request that announces another.
func isToken(name string) bool {
	for _, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

// target keeps the path's escapes as the client wrote them.
func target(q *message.Request, e *balancer.Endpoint) *url.URL {
	u := &url.URL{
		Scheme: e.Scheme, Host: e.Addr, Path: strings.Clone(q.Path), RawPath: strings.Clone(q.RawPath), RawQuery: strings.Clone(q.RawQuery),
		ForceQuery: q.Query,
	}
	if u.Scheme == "h2c" {
		u.Scheme = "http"
	}
	if u.EscapedPath() != q.RawPath && !strings.HasPrefix(q.RawPath, "//") {
		// net/url would escape characters that the client sent bare; a server may see another path then.
		u.Opaque = u.RawPath
	}
	return u
}

var errOver = errors.New("the exchange is over")

func (t *trip) inform(status int, header textproto.MIMEHeader) error {
	if status == http.StatusContinue {
		return nil // the front says it when the body is first read
	}
	r := &message.Response{Status: status}
	addAll(&r.Fields, http.Header(header))
	message.RemoveHopByHop(&r.Fields)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return errOver
	}
	return t.exchange.Inform(r)
}

// failure says what an error means: whose it is, how far it came, and whether elsewhere may be tried.
func (t *trip) failure(err error) *message.Failure {
	f := &message.Failure{Side: message.Upstream, Step: message.Waiting, Err: err}
	whole, clientErr := t.content.seal()
	if ctx := t.exchange.Context(); ctx.Err() != nil {
		return message.Ended(ctx, f.Step, err)
	}
	switch {
	case clientErr != nil:
		f.Side, f.Step, f.Err = message.Client, message.Sending, clientErr
		if errors.Is(clientErr, os.ErrDeadlineExceeded) {
			f.Step = message.TimedOut
		}
	case t.patience.late():
		f.Step, f.Err = message.TimedOut, errLate
	case t.connection() == nil, conn.Unsent(err): // the latter after the transport has given up a kept connection, safely
		f.Step, f.Again, f.Err = dialStep(err), whole, handshakeFault(err)
	case unprocessed(err):
		f.Step, f.Again = message.Refused, whole
	case errors.Is(err, syscall.ETIMEDOUT): // the kernel's: nobody is there any more
		f.Step, f.Again = message.TimedOut, whole && message.Idempotent(t.exchange.Request().Method)
	case isTimeout(err):
		f.Step = message.TimedOut
	default:
		f.Again = whole && message.Idempotent(t.exchange.Request().Method)
	}
	return f
}

// unprocessed tells whether an endpoint has said that it did nothing for a request (RFC 9113, 8.7). net/http tries some of them
// again by itself, on another connection.
func unprocessed(err error) bool {
	var stream http2.StreamError
	if errors.As(err, &stream) {
		return stream.Code == http2.ErrCodeRefusedStream
	}
	return strings.Contains(err.Error(), "graceful shutdown GOAWAY") // net/http tells it in no other way
}

func dialStep(err error) message.Step {
	switch {
	case conn.Timeout(err), isTimeout(err): // the latter by TLS
		return message.TimedOut
	case conn.Refused(err):
		return message.Refused
	}
	return message.Dialing
}

func isTimeout(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

func (t *trip) response(answer *http.Response) *message.Response {
	r := &message.Response{Status: answer.StatusCode}
	addAll(&r.Fields, answer.Header)
	if stream, ok := answer.Body.(io.ReadWriteCloser); ok && answer.StatusCode == http.StatusSwitchingProtocols {
		t.content.seal()
		r.Upgraded = upgraded{stream, t.connection()}
		return r
	}
	for name := range answer.Trailer {
		r.Fields.Add("Trailer", name)
	}
	if q := t.exchange.Request(); len(answer.Trailer) > 0 && q.Proto <= message.HTTP10 && q.Method != http.MethodHead {
		// HTTP/2 may have both, a length and trailers. In HTTP/1.1 only chunks have trailers behind them.
		answer.ContentLength = -1
		r.Fields.Del("Content-Length")
	}
	r.Body = &responseBody{ReadCloser: answer.Body, answer: answer, request: t.content, patience: t.patience}
	if answer.ContentLength >= 0 && !r.Fields.Has("Content-Length") && answer.Request.Method != http.MethodHead {
		r.Fields.Add("Content-Length", fmt.Sprint(answer.ContentLength))
	}
	return r
}

// upgraded is the endpoint's side of a tunnel. net/http hides that the connection below can be half closed.
type upgraded struct {
	io.ReadWriteCloser
	conn net.Conn
}

// CloseWrite tells the endpoint that the client has said all.
func (u upgraded) CloseWrite() error {
	if half, ok := u.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return u.Close()
}
