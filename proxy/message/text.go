package message

import (
	"io"
	"strings"
)

// Text is a body of a few words, such as the router's own answers have.
func Text(s string) Body { return &text{Reader: strings.NewReader(s), size: int64(len(s))} }

type text struct {
	io.Reader
	size int64
}

func (t *text) Close() error      { return nil }
func (t *text) Length() int64     { return t.size }
func (t *text) Trailers() *Fields { return nil }

// IsText reports whether a body was made by Text.
func IsText(b Body) bool {
	_, is := b.(*text)
	return is
}
