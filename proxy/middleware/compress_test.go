package middleware

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/appia-edge/appia/proxy/message"
)

func response(contentType, body string) *message.Response {
	r := &message.Response{Status: 200, Body: message.Text(body)}
	r.Fields.Add("Content-Type", contentType)
	r.Fields.Add("Content-Length", "1")
	r.Fields.Add("ETag", `"abc"`)
	return r
}

func asking(accept string) *message.Request {
	q := &message.Request{Method: "GET"}
	if accept != "" {
		q.Fields.Add("Accept-Encoding", accept)
	}
	return q
}

func decode(t *testing.T, coding string, body io.Reader) string {
	t.Helper()
	var plain io.Reader
	var err error
	switch coding {
	case "gzip":
		plain, err = gzip.NewReader(body)
	case "br":
		plain = brotli.NewReader(body)
	case "zstd":
		plain, err = zstd.NewReader(body)
	default:
		plain = body
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestClientGetsTheCodingItLikesBest(t *testing.T) {
	text := strings.Repeat("all roads lead to Rome. ", 4000)
	for accept, want := range map[string]string{
		"gzip": "gzip", "gzip, br": "br", "gzip, deflate, br, zstd": "zstd", "gzip;q=1, br;q=0.5": "gzip",
		"br;q=0": "", "*": "zstd", "identity": "", "": "", "gzip;q=0, *;q=0.1, zstd;q=0": "br", "GZIP": "gzip",
	} {
		r := response("text/html; charset=utf-8", text)
		Compress(asking(accept), r)
		got := r.Fields.Get("Content-Encoding")
		if got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
		if decode(t, got, r.Body) != text {
			t.Errorf("Accept-Encoding %q: the text did not survive", accept)
		}
		if r.Fields.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary is %q", accept, r.Fields.Get("Vary"))
		}
		if want != "" && (r.Fields.Has("Content-Length") || r.Fields.Get("ETag") != `W/"abc"`) {
			t.Errorf("Accept-Encoding %q: fields %v", accept, r.Fields.All())
		}
		r.Body.Close()
	}
}

func TestWhatIsCompressedPartialOrAStreamIsLeftAlone(t *testing.T) {
	text := strings.Repeat("x", 2000)
	for name, change := range map[string]func(*message.Response){
		"events":        func(r *message.Response) { r.Fields.Set("Content-Type", "text/event-stream") },
		"events, utf-8": func(r *message.Response) { r.Fields.Set("Content-Type", "text/event-stream; charset=utf-8") },
		"picture":       func(r *message.Response) { r.Fields.Set("Content-Type", "image/png") },
		"grpc":          func(r *message.Response) { r.Fields.Set("Content-Type", "application/grpc+proto") },
		"encoded":       func(r *message.Response) { r.Fields.Set("Content-Encoding", "br") },
		"partial":       func(r *message.Response) { r.Status = 206 },
		"no-transform":  func(r *message.Response) { r.Fields.Set("Cache-Control", "public, no-transform") },
		"short":         func(r *message.Response) { r.Body = message.Text("short") },
		"no body":       func(r *message.Response) { r.Body = nil },
	} {
		r := response("text/plain", text)
		change(r)
		before := r.Fields.Get("Content-Encoding")
		Compress(asking("gzip, br, zstd"), r)
		if r.Fields.Get("Content-Encoding") != before || !r.Fields.Has("Content-Length") {
			t.Errorf("%s was encoded: %v", name, r.Fields.All())
		}
	}
}

// A pausing body gives one piece at each read and fails the test when it is asked for
// the next before the last one has come out at the other end.
type pausing struct {
	message.Body
	pieces []string
	out    *bytes.Buffer
	coding string
	t      *testing.T
	given  string
}

func (p *pausing) Read(b []byte) (int, error) {
	if p.given != "" && !strings.HasPrefix(decodeSoFar(p.coding, p.out.Bytes()), p.given) {
		p.t.Errorf("%s: the endpoint had sent %q, the client can read only %q", p.coding, p.given, decodeSoFar(p.coding, p.out.Bytes()))
	}
	if len(p.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.pieces[0])
	p.given += p.pieces[0]
	p.pieces = p.pieces[1:]
	return n, nil
}

func (p *pausing) Length() int64 { return -1 }
func (p *pausing) Close() error  { return nil }

func decodeSoFar(coding string, data []byte) string {
	var plain io.Reader
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return ""
		}
		plain = z
	case "br":
		plain = brotli.NewReader(bytes.NewReader(data))
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return ""
		}
		defer z.Close()
		plain = z
	}
	text, _ := io.ReadAll(plain)
	return string(text)
}

func TestCompressionNeverHoldsBackWhatTheEndpointFlushed(t *testing.T) {
	for _, coding := range []string{"gzip", "br", "zstd"} {
		var out bytes.Buffer
		r := response("application/json", "")
		r.Body = &pausing{pieces: []string{"{\"a\":1}\n", "{\"b\":2}\n", "{\"c\":3}\n"}, out: &out, coding: coding, t: t}
		Compress(asking(coding), r)
		if _, err := io.Copy(onlyWriter{&out}, onlyReader{r.Body}); err != nil {
			t.Fatal(err)
		}
		if got := decode(t, coding, &out); got != "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n" {
			t.Errorf("%s: got %q", coding, got)
		}
	}
}

type onlyWriter struct{ io.Writer }
type onlyReader struct{ io.Reader }

type failing struct{ message.Body }

func (failing) Read([]byte) (int, error) { return 0, errors.New("endpoint gone") }
func (failing) Length() int64            { return -1 }

func TestEndpointThatBreaksOffIsNotTakenForACompleteBody(t *testing.T) {
	r := response("text/plain", "")
	r.Body = failing{}
	Compress(asking("gzip"), r)
	if _, err := io.ReadAll(r.Body); err == nil {
		t.Error("the broken body ended as if whole")
	}
}
