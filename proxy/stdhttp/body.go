package stdhttp

import (
	"io"
	"net/http"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
)

// The two bodies of net/http as messages have them. Their trailers are net/http's, known after the end.

// requestBody is the client's content.
type requestBody struct {
	io.ReadCloser
	request  *http.Request
	received int64
	trailers message.Fields
}

func (b *requestBody) Read(p []byte) (n int, err error) {
	n, err = b.ReadCloser.Read(p)
	b.received += int64(n)
	return n, err
}

// Received is how much has been read of it, for the access log.
func (b *requestBody) Received() int64 { return b.received }

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
	trailers message.Fields
}

func (b *responseBody) Length() int64 { return b.answer.ContentLength }

func (b *responseBody) Trailers() *message.Fields {
	b.trailers.Reset()
	addAll(&b.trailers, b.answer.Trailer)
	return &b.trailers
}

// buffers carry bodies; an array pointer keeps the pool from allocating.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
