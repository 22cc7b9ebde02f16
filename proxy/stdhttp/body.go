package stdhttp

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/appia-edge/appia/proxy/message"
)

// The two bodies of net/http as messages have them. Their trailers are net/http's, known after the end.

// requestBody is the client's content.
type requestBody struct {
	io.ReadCloser
	request  *http.Request
	control  *http.ResponseController
	trailers message.Fields
	read     atomic.Int64
	ended    atomic.Bool // written by whoever reads, the transport's goroutine mostly
	stall    stall       // likewise
	giveUp   func()      // ends a Read that waits; nil: it may wait for ever
	answered atomic.Bool // the answer has begun
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.giveUp != nil {
		b.stall.begin(b.giveUp)
		defer b.stall.end()
	}
	n, err := b.ReadCloser.Read(p)
	if total := b.read.Add(int64(n)); errors.Is(err, io.EOF) || total == b.request.ContentLength {
		b.ended.Store(true)
	}
	return n, err
}

// Received is how much has been read of it, for the access log.
func (b *requestBody) Received() int64 { return b.read.Load() }

// Interrupt has whoever reads give up waiting for the client. There is nothing to be read after it.
func (b *requestBody) Interrupt() {
	if b.request.ProtoMajor == 1 { // whose body cannot be closed while it is read
		_ = b.control.SetReadDeadline(past)
		return
	}
	_ = b.ReadCloser.Close()
}

func (b *requestBody) Length() int64 { return b.request.ContentLength }

func (b *requestBody) Trailers() *message.Fields {
	b.trailers.Reset()
	addAll(&b.trailers, b.request.Trailer)
	return &b.trailers
}

// responseBody is an endpoint's content.
type responseBody struct {
	io.ReadCloser
	answer   *http.Response
	request  *content // of the request; nil: it had none
	patience *patience
	trailers message.Fields
}

// Close ends the exchange. The reading of the request ends first: in HTTP/2, net/http closes no answer before it has read all of
// the request, which a client may never end whose call has been answered.
func (b *responseBody) Close() error {
	b.request.seal()
	err := b.ReadCloser.Close()
	b.patience.end()
	return err
}

func (b *responseBody) Length() int64 { return b.answer.ContentLength }

func (b *responseBody) Trailers() *message.Fields {
	b.trailers.Reset()
	addAll(&b.trailers, b.answer.Trailer)
	return &b.trailers
}

// buffers carry bodies; an array pointer keeps the pool from allocating.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
