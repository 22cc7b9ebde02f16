// Package message is the HTTP message, whatever the wire.
//
// Engines (net/http, our own HTTP/1.1) translate between bytes and these types at their edges; routing, balancing,
// filters, retry, the log and the counters are written once, against them. The package knows no socket, no TLS
// and no engine.
package message

import (
	"context"
	"io"
	"net/netip"
	"time"
)

// An Exchange is one request and its answer, as the engine that reads from the client offers it.
// It belongs to one goroutine. Send or Upgrade is called once; Inform any number of times before.
type Exchange interface {
	// Request is the client's request. Its strings may alias the engine's buffers: they are good until the exchange ends.
	Request() *Request
	// Context ends when the client goes away or the exchange is over.
	Context() context.Context
	// Inform passes on an interim response (RFC 9110, 15.2) other than 100 and 101, which engines answer themselves.
	Inform(*Response) error
	// Send answers with a final response and streams its body to the end. It closes the body.
	// It returns the bytes of body sent; a failure says which side broke.
	Send(*Response) (int64, *Failure)
	// Upgrade answers 101 and hands over the client's connection. Closing it is the caller's duty.
	Upgrade(*Response) (io.ReadWriteCloser, error)
}

// A Request is what a client asks.
type Request struct {
	Method   string
	Scheme   string // "http" or "https": how the client came to us
	Host     string // the authority as received, port included
	Path     string // percent-decoded
	RawPath  string // as received, escapes kept
	RawQuery string // without the question mark
	Query    bool   // there was a question mark, be it with nothing behind it
	Proto    Proto
	Fields   Fields // Host excluded
	Body     Body   // nil: the request has none
	Client   netip.AddrPort
	ClientIP string // Client's address as text, if the engine keeps it
	Upgrade  string // the protocol asked for by Connection: upgrade, "" for none
	Trailer  string // the names that are to come behind the content, as far as the client announced them
	// Patience is for the head of the answer, whatever endpoints are given otherwise; 0: that.
	Patience time.Duration
	TLS      *TLS // what is known of the client's end of a TLS connection; nil without
}

// A TLS is what a handshake told of the client, the same for all requests of its connection.
type TLS struct {
	Certificates [][]byte // the client's chain, verified, its own first, as DER; none: it showed none
}

// A Response is an answer, from an endpoint or of our own.
type Response struct {
	Status int
	Fields Fields
	Body   Body // nil: none
	// Upgraded is the endpoint's side of the connection after a 101.
	Upgraded io.ReadWriteCloser
}

// A Body is a message's content, read once and closed by whoever read it.
type Body interface {
	io.ReadCloser
	// Length is the number of bytes, or -1 when only the end will tell.
	Length() int64
	// Trailers are the fields behind the content; complete once Read returned io.EOF. Nil: none.
	Trailers() *Fields
}

// A Held is a body that may be there already.
type Held interface {
	// Held is the whole body, if it has come and nothing of it was read; reading it gives the same. It is not to be changed, and
	// good until it is read or the exchange ends.
	Held() (text []byte, whole bool)
}

// Proto is the version of HTTP that a client speaks.
type Proto uint8

// The versions an Exchange may come by.
const (
	HTTP11 Proto = iota
	HTTP10
	HTTP2
	HTTP3
)

// String is the version as a log writes it, "HTTP/1.1".
func (p Proto) String() string {
	return [...]string{"HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/3.0"}[p]
}
