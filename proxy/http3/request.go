package http3

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// serve hands on one request as other versions of HTTP would have it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := clientOf(r.Context())
	c.begin()
	defer c.done()
	p := &paced{ResponseWriter: w, control: http.NewResponseController(w), server: s, client: c}
	if status, code := s.excess(r); code != "" {
		s.options.Refuse(code, c.addr)
		http.Error(w, http.StatusText(status), status)
		return
	}
	delete(r.Header, "Host") // it says what :authority does, or the request would not be here
	r.Body = &body{ReadCloser: r.Body, answer: p}
	if r.Method == http.MethodConnect && r.Proto != "HTTP/3.0" {
		r.Header[":protocol"], r.Proto = []string{r.Proto}, "HTTP/3.0" // as net/http has it (RFC 9220)
	}
	if r.Header.Get("Expect") == "100-continue" {
		w.WriteHeader(http.StatusContinue)
	}
	if r.ContentLength < 0 && mostlyEmpty(r.Method) && !p.look(r) {
		panic(http.ErrAbortHandler)
	}
	s.options.Handler.ServeHTTP(p, r)
	if r.Method == http.MethodHead { // else the answer would be said to have no content where the service does not say how much
		_ = p.FlushError()
	}
}

// excess says what is too much of a request's head.
func (s *Server) excess(r *http.Request) (status int, code string) {
	if s.options.TargetBytes > 0 && len(r.RequestURI) > s.options.TargetBytes {
		return http.StatusRequestURITooLong, "target-too-long"
	}
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	if s.options.Fields > 0 && lines > s.options.Fields {
		return http.StatusRequestHeaderFieldsTooLarge, "fields-too-many"
	}
	return 0, ""
}

// mostlyEmpty tells whether requests of a method hardly ever have content.
func mostlyEmpty(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete, http.MethodTrace:
		return true
	}
	return false
}

// look finds out whether a request that does not say so has content: its stream may have ended with its head, of which quic-go
// does not tell. With content it could not be sent twice, and would go on in chunks. False: the client has gone.
func (p *paced) look(r *http.Request) bool {
	_ = p.control.SetReadDeadline(time.Now().Add(p.server.options.Head))
	b := r.Body.(*body)
	var first [1]byte
	n, err := b.ReadCloser.Read(first[:])
	_ = p.control.SetReadDeadline(time.Time{})
	switch {
	case n > 0:
		b.early = bytes.NewReader(first[:n])
	case errors.Is(err, io.EOF):
		r.ContentLength, r.Body = 0, http.NoBody
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.server.options.Refuse("body-timeout", p.client.addr)
		return false
	default:
		return false
	}
	return true
}

// paced is an answer that the client has to take at some pace.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
	server  *Server
	client  *client

	mu    sync.Mutex
	begun bool // the answer
	bound bool // somebody else has said when it has to end
}

// WriteHeader implements http.ResponseWriter.
func (p *paced) WriteHeader(status int) {
	if status >= http.StatusOK {
		p.begin()
	}
	p.wait()
	p.ResponseWriter.WriteHeader(status)
}

// begin lets a client take its time with its request: it may wait for what the service says to it.
func (p *paced) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = true
	_ = p.control.SetReadDeadline(time.Time{})
}

// wait gives the client its time to take the next piece.
func (p *paced) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.server.options.Write; limit > 0 && !p.bound {
		_ = p.control.SetWriteDeadline(time.Now().Add(limit))
	}
}

// Write implements io.Writer.
func (p *paced) Write(b []byte) (int, error) {
	p.wait()
	n, err := p.ResponseWriter.Write(b)
	p.note(err)
	return n, err
}

// FlushError is Flush of http.ResponseController.
func (p *paced) FlushError() error {
	p.wait()
	err := p.control.Flush()
	p.note(err)
	return err
}

func (p *paced) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && !p.bound {
		p.bound = true
		p.server.options.Refuse("write-timeout", p.client.addr)
	}
}

// SetWriteDeadline is that of http.ResponseController.
func (p *paced) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bound = true
	return p.control.SetWriteDeadline(t)
}

// body is a request's, which has to come at some pace until the answer begins.
type body struct {
	io.ReadCloser
	answer *paced
	early  *bytes.Reader // what was read too early; nil: nothing
}

// Read implements io.Reader.
func (b *body) Read(buffer []byte) (int, error) {
	if b.early != nil && b.early.Len() > 0 {
		return b.early.Read(buffer)
	}
	b.answer.expect()
	n, err := b.ReadCloser.Read(buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.answer.server.options.Refuse("body-timeout", b.answer.client.addr)
	}
	return n, err
}

func (p *paced) expect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.server.options.Body; limit > 0 && !p.begun {
		_ = p.control.SetReadDeadline(time.Now().Add(limit))
	}
}
