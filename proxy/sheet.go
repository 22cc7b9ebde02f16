package proxy

import (
	"bytes"

	"github.com/appia-edge/appia/proxy/message"
)

// A sheet is a message's text as a body, for a message that could not be sent on from where it came in. Nobody changes the text,
// so that copies of it are this one.
type sheet struct {
	bytes.Reader
	size int64
}

func newSheet(text []byte) *sheet {
	s := &sheet{size: int64(len(text))}
	s.Reset(text)
	return s
}

// Length implements message.Body.
func (s *sheet) Length() int64 { return s.size }

// Trailers implements message.Body.
func (s *sheet) Trailers() *message.Fields { return nil }

// Close implements io.Closer.
func (s *sheet) Close() error { return nil }
