package middleware

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A spool is a whole body: its first bytes in memory, the rest in a file that has no name any more, so that nothing is left
// of it whatever becomes of us. Any number of readers may read it, each from the start.
type spool struct {
	head     []byte
	file     *os.File // nil: all is in memory
	size     int64
	trailers message.Fields
}

var errTooLong = errors.New("the body is longer than it may be")

// inMemory is how much of a body is kept in memory where nobody says otherwise.
const inMemory = rules.DefaultMemory

// newSpool reads a body to its end. Up to mem bytes stay in memory; above limit, unless that is 0, it is errTooLong.
func newSpool(body message.Body, mem, limit int64) (*spool, error) {
	if mem <= 0 {
		mem = inMemory
	}
	if limit > 0 {
		mem = min(mem, limit)
	}
	s := &spool{}
	var head bytes.Buffer
	if n := body.Length(); n > 0 {
		head.Grow(int(min(n, mem, inMemory)))
	}
	n, err := io.Copy(&head, io.LimitReader(body, mem))
	s.head, s.size = head.Bytes(), n
	if err == nil && n == mem {
		err = s.overflow(body, limit)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	if t := body.Trailers(); t != nil {
		s.trailers = t.Owned()
	}
	return s, nil
}

// overflow puts into a file what memory had no room for, if there is more.
func (s *spool) overflow(body io.Reader, limit int64) error {
	var next [1]byte
	n, err := io.ReadFull(body, next[:])
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	case limit > 0 && s.size == limit:
		return errTooLong
	}
	if s.file, err = nameless(); err != nil {
		return err
	}
	if _, err := s.file.Write(next[:n]); err != nil {
		return err
	}
	rest := body
	if limit > 0 {
		rest = io.LimitReader(body, limit-s.size) // one byte too many, to see that there is one
	}
	m, err := io.Copy(s.file, rest)
	s.size += int64(n) + m
	if err == nil && limit > 0 && s.size > limit {
		return errTooLong
	}
	return err
}

// nameless is a new file without a name. An image from scratch has no folder for such files yet.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "appia-body-")
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(os.TempDir(), 0o700); err != nil {
			return nil, err
		}
		f, err = os.CreateTemp("", "appia-body-")
	}
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// isFile tells whether an error is of our own files, a full disk say, and not of the body.
func isFile(err error) bool {
	var file *fs.PathError
	return errors.As(err, &file)
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// body is the spool as a message's body. done is called when it is closed; nil: nobody is.
func (s *spool) body(done func()) message.Body {
	var from io.Reader = bytes.NewReader(s.head)
	if s.file != nil {
		from = io.MultiReader(from, io.NewSectionReader(s.file, 0, s.size-int64(len(s.head))))
	}
	return &spooled{Reader: from, spool: s, done: done}
}

// spooled is one reading of a spool.
type spooled struct {
	io.Reader
	spool *spool
	done  func()
}

// Length implements message.Body. Trailers need chunks, which are for bodies of unknown length.
func (b *spooled) Length() int64 {
	if b.spool.trailers.Len() > 0 {
		return -1
	}
	return b.spool.size
}

// Trailers implements message.Body.
func (b *spooled) Trailers() *message.Fields { return &b.spool.trailers }

// Close implements io.Closer.
func (b *spooled) Close() error {
	if b.done != nil {
		b.done()
		b.done = nil
	}
	return nil
}

// owned is a copy of fields whose strings outlive the engine's buffers.
