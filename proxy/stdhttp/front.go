// Package stdhttp puts net/http under the proxy: a Front that turns its requests into exchanges, and a Back that
// carries them to endpoints. It speaks HTTP/1.1 and HTTP/2, and is the operator's way out of any faster engine.
package stdhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A Front is an http.Handler that serves every request as a message.Exchange.
type Front struct {
	Serve   func(message.Exchange)
	Panic   func(what any, stack []byte)             // told of a fault of our own; the client gets a 500
	Cause   func(code string, client netip.AddrPort) // told why a request was refused or given up here; of what it refuses by itself net/http tells nobody
	Whole   time.Duration                            // from a request's head to the end of its answer, tunnels excepted; 0: no limit
	Leaving func() bool                              // whether an answer is to be the last on its connection
	Stall   time.Duration                            // in HTTP/2 and 3: for a client to take some more of its answer; 0: no limit
	Body    time.Duration                            // likewise, between two pieces of a request's body
	Fields  int                                      // likewise, of a request's head; 0: no limit
}

// ServeHTTP implements http.Handler.
func (f Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{writer: w, control: http.NewResponseController(w), origin: r, leaving: f.Leaving}
	if r.ProtoMajor > 1 {
		x.stall.most = f.Stall
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") { // whose streams may be silent for hours
			x.body.stall.most = f.Body
		}
		x.body.giveUp = x.abandonBody
	}
	if code := x.read(f.Fields); code != "" {
		f.refuse(x, code)
		return
	}
	x.term = f.begin(x)
	f.serve(x)
	x.term.end()
	if x.broken || !x.answered {
		// The one way net/http offers to cut a response short, so that the client sees that it is not whole.
		// Where nothing was answered, net/http would say 200 by itself.
		panic(http.ErrAbortHandler)
	}
}

func (f Front) refuse(x *exchange, code string) {
	f.Cause(code, x.request.Client)
	x.closeIfLeaving(x.writer.Header())
	status := http.StatusBadRequest
	if code == noMethod || code == noExtension {
		status = http.StatusNotImplemented
	}
	http.Error(x.writer, fmt.Sprint(status, " ", http.StatusText(status)), status)
}

// serve keeps a fault of ours to the request that met it.
func (f Front) serve(x *exchange) {
	defer func() {
		what := recover()
		if what == nil {
			return
		}
		f.Panic(what, debug.Stack())
		if x.broken = x.answered; !x.answered {
			x.answered = true
			http.Error(x.writer, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	}()
	f.Serve(x)
}

// exchange is one request of net/http with its answer.
type exchange struct {
	writer  http.ResponseWriter
	control *http.ResponseController
	origin  *http.Request
	request message.Request
	body    requestBody
	term    *term // nil: it may take all the time it wants
	stall   stall // of taking the answer
	// extended: the client takes a 2xx for the beginning of its WebSocket.
	extended bool
	leaving  func() bool

	answered bool // a final response has begun
	broken   bool // the response ended before its end
}

func (x *exchange) Request() *message.Request { return &x.request }
func (x *exchange) Context() context.Context {
	if x.term != nil {
		return x.term.context
	}
	return x.origin.Context()
}

// Why a request is refused here, in the words of our own engine.
const (
	noMethod  = "connect"
	badTarget = "target"
)

// read translates the request, and says why it is not one to be forwarded; "": it is.
func (x *exchange) read(mostFields int) (refused string) {
	r, q := x.origin, &x.request
	q.Method, q.Host, q.Scheme, q.Proto = r.Method, r.Host, "http", protoOf(r)
	if state := handshakeOf(r); state != nil {
		q.Scheme, q.TLS = "https", toldBy(state)
	}
	q.Client, _ = netip.ParseAddrPort(r.RemoteAddr)
	if r.Method == http.MethodConnect {
		if code := x.readExtended(); code != "" {
			return code
		}
	}
	if r.ProtoMajor > 1 {
		if code := strict(r, mostFields); code != "" {
			return code
		}
	}
	if !readTarget(r, q) {
		return badTarget
	}
	for name, values := range r.Header {
		if r.ProtoMajor > 1 && (name == "Host" || name == pseudoProtocol) {
			continue // the authority says the same
		}
		for _, value := range values {
			q.Fields.Add(name, value)
		}
	}
	for name := range r.Trailer { // net/http has taken the field apart
		q.Fields.Add("Trailer", name)
	}
	if x.extended {
		return ""
	}
	if r.ContentLength != 0 {
		if r.ProtoMajor == 1 {
			// Else net/http stops reading the request once the response begins.
			_ = x.control.EnableFullDuplex() // its own writer always can
		}
		x.body.ReadCloser, x.body.request, x.body.control = r.Body, r, x.control
		q.Body = &x.body
	}
	if message.Listed(q.Fields.Joined("Connection"), "upgrade") {
		q.Upgrade = q.Fields.Joined("Upgrade")
	}
	return ""
}

// toldBy is what a handshake told of the client.
func toldBy(state *tls.ConnectionState) *message.TLS {
	told := new(message.TLS)
	for _, cert := range state.PeerCertificates {
		told.Certificates = append(told.Certificates, cert.Raw)
	}
	return told
}

// readTarget takes the target as it was sent: url.URL would forget which escapes the client used.
func readTarget(r *http.Request, q *message.Request) bool {
	target := r.RequestURI
	switch {
	case strings.HasPrefix(target, "/"):
		q.RawPath, q.RawQuery, q.Query = strings.Cut(target, "?")
	case target == "*":
		q.RawPath = "*"
	default: // absolute-form, RFC 9112, 3.2.2
		q.RawPath, q.RawQuery, q.Query = r.URL.EscapedPath(), r.URL.RawQuery, r.URL.RawQuery != "" || r.URL.ForceQuery
		if q.RawPath == "" {
			q.RawPath = "/"
		}
	}
	var err error
	q.Path, err = url.PathUnescape(q.RawPath)
	return err == nil
}

func protoOf(r *http.Request) message.Proto {
	switch {
	case r.ProtoMajor == 3:
		return message.HTTP3
	case r.ProtoMajor == 2:
		return message.HTTP2
	case r.ProtoAtLeast(1, 1):
		return message.HTTP11
	}
	return message.HTTP10
}

// Inform implements message.Exchange.
func (x *exchange) Inform(r *message.Response) error {
	header := x.writer.Header()
	fill(header, &r.Fields)
	x.writer.WriteHeader(r.Status)
	clear(header)
	return nil
}

// Send implements message.Exchange.
func (x *exchange) Send(r *message.Response) (int64, *message.Failure) {
	header := x.writer.Header()
	fill(header, &r.Fields)
	if !r.Fields.Has("Content-Type") {
		header["Content-Type"] = nil // else net/http guesses one
	}
	x.answered = true
	x.body.answered.Store(true)
	x.closeIfUnread(header)
	x.closeIfLeaving(header)
	status := r.Status
	if x.extended && status/100 == 2 {
		status = http.StatusBadGateway
	}
	x.writer.WriteHeader(status)
	if r.Body == nil {
		return 0, nil
	}
	defer r.Body.Close()
	if x.request.Method == http.MethodHead {
		return 0, nil
	}
	sent, fail := x.relay(r)
	if fail != nil {
		if ctx := x.Context(); ctx.Err() != nil { // the endpoint's connection was cut along with the client's
			fail = message.Ended(ctx, fail.Step, fail.Err)
		}
		x.broken = true
		return sent, fail
	}
	writeTrailers(header, r.Body.Trailers())
	return sent, nil
}

// closeIfUnread ends the connection of a client whose body was not read to its end. net/http reads the rest of it after the
// handler, which in full duplex starts a read that collides with the one of the next request: that would be lost.
func (x *exchange) closeIfUnread(header http.Header) {
	if x.origin.ProtoMajor == 1 && x.body.request != nil && !x.body.ended.Load() {
		header.Set("Connection", "close")
	}
}

// closeIfLeaving tells the client that no more requests are served on its connection. In HTTP/2, net/http makes a GOAWAY of it.
func (x *exchange) closeIfLeaving(header http.Header) {
	if x.leaving() {
		header.Set("Connection", "close")
	}
}

// giveUp wakes who waits for the client to take more.
func (x *exchange) giveUp() { _ = x.control.SetWriteDeadline(past) }

// abandonBody wakes who waits for more of the client's body. Once it is being answered, client and service may talk as they like.
func (x *exchange) abandonBody() {
	if !x.body.answered.Load() {
		_ = x.control.SetReadDeadline(past)
	}
}

// relay copies the body. A short read means that we have caught up with the endpoint, so what was
// read goes out at once: event streams and long polls need no timer and no option.
func (x *exchange) relay(r *message.Response) (sent int64, fail *message.Failure) {
	if r.Body.Length() < 0 {
		_ = x.control.Flush() // a stream's head is news, though its first bytes may be long in coming; a fault shows at the first write
	}
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := r.Body.Read(buffer[:])
		if n > 0 {
			x.stall.begin(x.giveUp)
			_, werr := x.writer.Write(buffer[:n])
			x.stall.end()
			if werr != nil {
				return sent, &message.Failure{Side: message.Client, Step: message.Relaying, Err: werr}
			}
			sent += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF):
			return sent, nil
		case err != nil:
			return sent, &message.Failure{Side: message.Upstream, Step: message.Relaying, Err: err}
		case n < len(buffer):
			x.stall.begin(x.giveUp)
			ferr := x.control.Flush()
			x.stall.end()
			if ferr != nil {
				return sent, &message.Failure{Side: message.Client, Step: message.Relaying, Err: ferr}
			}
		}
	}
}

// Upgrade implements message.Exchange.
func (x *exchange) Upgrade(r *message.Response) (io.ReadWriteCloser, error) {
	if x.extended {
		return x.upgradeExtended(r)
	}
	x.term.end()
	conn, buffered, err := x.control.Hijack()
	if err != nil {
		return nil, err
	}
	x.answered = true
	header := http.Header{}
	fill(header, &r.Fields)
	head := &http.Response{StatusCode: r.Status, ProtoMajor: 1, ProtoMinor: 1, Header: header}
	if err := head.Write(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return hijacked{ReadWriteCloser: conn, early: buffered.Reader}, nil
}

// hijacked reads first what net/http had read ahead.
type hijacked struct {
	io.ReadWriteCloser
	early io.Reader // a bufio.Reader over the connection
}

func (h hijacked) Read(p []byte) (int, error) { return h.early.Read(p) }

// CloseWrite passes on a half-close where the connection knows it.
func (h hijacked) CloseWrite() error {
	if half, ok := h.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return h.Close()
}

// fill copies the texts: an endpoint's may be of a buffer that is another's after the exchange, and HPACK keeps what it has encoded
// for as long as the connection (RFC 7541, 2.3.2).
func fill(header http.Header, fields *message.Fields) {
	for _, field := range fields.All() {
		key := http.CanonicalHeaderKey(strings.Clone(field.Name))
		header[key] = append(header[key], strings.Clone(field.Value))
	}
}

func addAll(fields *message.Fields, header http.Header) {
	for name, values := range header {
		for _, value := range values {
			fields.Add(name, value)
		}
	}
}

// writeTrailers uses net/http's prefix, which needs no announcement. An announced one
// (the Trailer field was relayed) is found under its plain name.
func writeTrailers(header http.Header, trailers *message.Fields) {
	if trailers == nil {
		return
	}
	announced := strings.Join(header["Trailer"], ",")
	for _, field := range trailers.All() {
		if !message.MayTrail(field.Name) {
			continue
		}
		if message.Listed(announced, field.Name) {
			header.Add(strings.Clone(field.Name), strings.Clone(field.Value))
			continue
		}
		header.Add(http.TrailerPrefix+field.Name, strings.Clone(field.Value))
	}
}
