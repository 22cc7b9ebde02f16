// Package middleware holds the filters that act on a request before it is forwarded and on the answer before it is sent.
//
// What a route asks for is a list of rules.Filter, plain values; a Store makes a Chain of them, and keeps what lives in filters
// when tables change. The package knows no engine and no socket of clients or endpoints.
package middleware

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// Below this many bytes, compression costs more than it saves; it is Traefik 1.x's bound.
const minCompress = 512

// A compressor encodes responses for clients that accept it.
type compressor struct {
	excluded, included []string
	least              int64
	codings            []*coding // in the order of preference
	otherwise          *coding   // for clients that say nothing; nil: none
}

// usual is what an entry point's compress option means.
var usual = &compressor{least: minCompress, codings: codings}

func newCompressor(f rules.Compress) (*compressor, error) {
	c := &compressor{excluded: mediaTypes(f.Excluded), included: mediaTypes(f.Included), least: int64(cmp.Or(f.MinBytes, minCompress)), codings: codings}
	var err error
	if len(f.Codings) > 0 {
		c.codings = nil
	}
	for _, name := range f.Codings {
		known, unknown := codingOf(name)
		c.codings, err = append(c.codings, known), errors.Join(err, unknown)
	}
	if f.Default != "" {
		var unknown error
		c.otherwise, unknown = codingOf(f.Default)
		err = errors.Join(err, unknown)
	}
	return c, err
}

func codingOf(name string) (*coding, error) {
	for _, c := range codings {
		if c.name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no content coding %q", name)
}

// Response implements Answerer.
func (c *compressor) Response(v *Visit, r *message.Response) *message.Response {
	c.encode(v.Exchange.Request(), r)
	return r
}

// Compress encodes a response for a client that accepts it (an entry point's compress option). It never holds back
// what an endpoint has flushed, and leaves alone what is compressed already, partial, or a stream of events.
func Compress(q *message.Request, r *message.Response) { usual.encode(q, r) }

func (c *compressor) encode(q *message.Request, r *message.Response) {
	if r.Body == nil || !compressible(r) || !c.wants(r.Fields.Get("Content-Type")) {
		return
	}
	addVary(&r.Fields)
	coding := c.negotiate(&q.Fields)
	if coding == nil || q.Method == "HEAD" || length(r) >= 0 && length(r) < c.least {
		return
	}
	r.Fields.Set("Content-Encoding", coding.name)
	r.Fields.Del("Content-Length")
	r.Fields.Del("Accept-Ranges")
	weaken(&r.Fields)
	r.Body = newEncoded(r.Body, coding)
}

func compressible(r *message.Response) bool {
	switch {
	case r.Status < 200, r.Status == 204, r.Status == 206, r.Status == 304:
		return false
	case r.Fields.Get("Content-Encoding") != "", message.Listed(r.Fields.Joined("Cache-Control"), "no-transform"):
		return false
	}
	return true
}

// wants says whether a type gains by it, unless its author has said which do.
func (c *compressor) wants(contentType string) bool {
	switch kind := mediaType(contentType); {
	case slices.Contains(c.excluded, kind):
		return false
	case len(c.included) > 0:
		return slices.Contains(c.included, kind)
	}
	return compressibleType(contentType)
}

func mediaTypes(contentTypes []string) []string {
	kinds := make([]string, len(contentTypes))
	for i, t := range contentTypes {
		kinds[i] = mediaType(t)
	}
	return kinds
}

func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return strings.ToLower(contentType)
	}
	return kind
}

// compressibleType leaves out what is compressed by its nature, and streams whose readers wait for each event.
func compressibleType(contentType string) bool {
	kind := mediaType(contentType)
	family, _, _ := strings.Cut(kind, "/")
	switch {
	case kind == "image/svg+xml", kind == "image/bmp", kind == "image/x-icon", kind == "font/ttf", kind == "font/otf":
		return true
	case family == "image", family == "video", family == "audio", family == "font":
		return false
	case strings.HasPrefix(kind, "application/grpc"):
		return false
	}
	return !packed[kind]
}

var packed = map[string]bool{
	"text/event-stream": true, "application/zip": true, "application/gzip": true, "application/x-gzip": true,
	"application/zstd": true, "application/x-7z-compressed": true, "application/x-rar-compressed": true,
	"application/vnd.rar": true, "application/x-bzip2": true, "application/x-xz": true, "application/pdf": true,
	"application/epub+zip": true, "application/java-archive": true,
}

func length(r *message.Response) int64 { return r.Body.Length() }

func addVary(fields *message.Fields) {
	if vary := fields.Joined("Vary"); !message.Listed(vary, "Accept-Encoding") && !message.Listed(vary, "*") {
		fields.Add("Vary", "Accept-Encoding")
	}
}

// weaken: a strong ETag promises the same bytes, which encoded content is not (RFC 9110, 8.8.1).
func weaken(fields *message.Fields) {
	if tag := fields.Get("Etag"); strings.HasPrefix(tag, `"`) {
		fields.Set("Etag", "W/"+tag)
	}
}

// A coding is a content coding with the encoders that are free to be used again.
type coding struct {
	name string
	pool sync.Pool
}

// encoder is what the three libraries have in common.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// In the order of preference among what a client likes equally: zstd costs the least for what it saves.
var codings = []*coding{
	{name: "zstd", pool: sync.Pool{New: func() any {
		// One goroutine and a small window: a response is short and there are many.
		e, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10), zstd.WithEncoderLevel(zstd.SpeedFastest))
		return e
	}}},
	{name: "br", pool: sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 4) }}},
	{name: "gzip", pool: sync.Pool{New: func() any { return gzip.NewWriter(nil) }}},
}

// negotiate picks the coding that the client likes best (RFC 9110, 12.5.3); nil for none.
func (c *compressor) negotiate(fields *message.Fields) *coding {
	accept := fields.Joined("Accept-Encoding")
	if accept == "" && !fields.Has("Accept-Encoding") {
		return c.otherwise
	}
	var best *coding
	bestQ := 0.0
	for _, c := range c.codings {
		if q := quality(accept, c.name); q > bestQ {
			best, bestQ = c, q
		}
	}
	return best
}

func quality(accept, name string) float64 {
	found := 0.0
	for part := range strings.SplitSeq(accept, ",") {
		token, params, _ := strings.Cut(part, ";")
		token = strings.TrimSpace(token)
		if token != "*" && !strings.EqualFold(token, name) {
			continue
		}
		q := 1.0
		if key, value, ok := strings.Cut(strings.TrimSpace(params), "="); ok && strings.EqualFold(key, "q") {
			q, _ = strconv.ParseFloat(value, 64)
		}
		if token != "*" {
			return q
		}
		found = q
	}
	return found
}

// encoded is a body that is encoded as it is read. A read that comes up short means that the endpoint has nothing
// more for now, so that the encoder is flushed and the client sees all there is.
type encoded struct {
	source  message.Body
	coding  *coding
	encoder encoder
	out     bytes.Buffer
	buffer  [8 << 10]byte
	left    int64 // of a known length; what is complete needs no flush
	err     error
}

func newEncoded(source message.Body, c *coding) *encoded {
	e := &encoded{source: source, coding: c, encoder: c.pool.Get().(encoder), left: source.Length()}
	e.encoder.Reset(&e.out)
	return e
}

func (e *encoded) Read(p []byte) (int, error) {
	for e.out.Len() == 0 && e.err == nil {
		e.step()
	}
	if e.out.Len() > 0 {
		return e.out.Read(p)
	}
	return 0, e.err
}

// step moves one read's worth through the encoder.
func (e *encoded) step() {
	n, err := e.source.Read(e.buffer[:])
	e.left -= int64(n)
	if n > 0 {
		_, e.err = e.encoder.Write(e.buffer[:n])
	}
	switch {
	case e.err != nil:
	case errors.Is(err, io.EOF):
		if e.err = e.encoder.Close(); e.err == nil {
			e.err = io.EOF
		}
	case err != nil:
		e.err = err
	case n < len(e.buffer) && e.left != 0:
		e.err = e.encoder.Flush()
	}
}

// Close gives the encoder back and closes the source.
func (e *encoded) Close() error {
	if e.encoder != nil {
		e.encoder.Reset(nil)
		e.coding.pool.Put(e.encoder)
		e.encoder = nil
	}
	return e.source.Close()
}

func (e *encoded) Length() int64             { return -1 }
func (e *encoded) Trailers() *message.Fields { return e.source.Trailers() }
