package middleware

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/appia-edge/appia/proxy/message"
)

// contentType guesses the type of answers that have none, from the bytes that come first. A stream is not held back
// beyond those.
type contentType struct{}

// sniffed is how much of a body net/http's guess looks at.
const sniffed = 512

// Response implements Answerer.
func (contentType) Response(_ *Visit, r *message.Response) *message.Response {
	if r.Body == nil || r.Body.Length() == 0 || r.Fields.Has("Content-Type") || r.Fields.Has("Content-Encoding") {
		return r
	}
	head := make([]byte, sniffed)
	n, err := r.Body.Read(head)
	if n > 0 {
		r.Fields.Add("Content-Type", http.DetectContentType(head[:n]))
	}
	r.Body = &begun{Body: r.Body, head: bytes.NewReader(head[:n]), err: err}
	return r
}

// begun is a body of which the first bytes were read.
type begun struct {
	message.Body
	head *bytes.Reader
	err  error // that came with the first bytes
}

// Read gives the first bytes alone, so that a stream flows as its sender lets it.
func (b *begun) Read(p []byte) (int, error) {
	n, err := b.head.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.Body.Read(p)
}
