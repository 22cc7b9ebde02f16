package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/appia-edge/appia/proxy/message"
)

// The oracle of these fuzzers is net/http: what it refuses, we refuse, and what both take means the same to both.

func FuzzRequestHead(f *testing.F) {
	for _, row := range refusals {
		f.Add([]byte(row.text))
	}
	f.Add([]byte("GET /a?b HTTP/1.1\r\nHost: x\r\nA:b\r\nConnection: close, upgrade\r\nUpgrade: y\r\n\r\n"))
	f.Add([]byte("\r\nPOST http://x/ HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"))
	f.Fuzz(func(t *testing.T, text []byte) {
		q, h, end, fault := read(string(text))
		if fault != nil || end == 0 {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\r\n")))))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", text, err)
		}
		if r.Method != q.Method || !strings.EqualFold(r.Host, q.Host) || r.RequestURI != "*" && r.URL.Path != q.Path && r.URL.Path != "" || r.URL.RawQuery != q.RawQuery {
			t.Fatalf("%q: net/http reads %s %s %q, we %s %s %q", text, r.Method, r.Host, r.URL.Path, q.Method, q.Host, q.Path)
		}
		if (len(r.TransferEncoding) > 0) != h.chunked || !h.chunked && max(h.length, 0) != r.ContentLength {
			t.Fatalf("%q: net/http sees a length of %d %v, we %d %v", text, r.ContentLength, r.TransferEncoding, h.length, h.chunked)
		}
		// What we forward is read back as what we read.
		q.Body = nil
		again := new(message.Request)
		l := Defaults()
		forwarded := appendRequest(nil, q)
		if end, fault := readRequest(forwarded, again, &head{fields: &again.Fields, server: true}, &l); q.Host != "" && (end != len(forwarded) || fault != nil || again.RawPath != q.RawPath || again.Host != q.Host) {
			t.Fatalf("%q was forwarded as %q: %v", text, forwarded, fault)
		}
	})
}

func FuzzResponseHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 500 x\r\nConnection: keep-alive\r\nA:\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var fields message.Fields
		var s status
		h := head{fields: &fields}
		l := Defaults()
		end, fault := readResponse(text, &s, &h, &l)
		if fault != nil || end == 0 {
			return
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", text, err)
		}
		if r.StatusCode != s.code || !message.Bodyless("GET", s.code) && ((len(r.TransferEncoding) > 0) != h.chunked || !h.chunked && h.length != r.ContentLength) {
			t.Fatalf("%q: net/http reads %d, length %d %v, we %d, %d %v", text, r.StatusCode, r.ContentLength, r.TransferEncoding, s.code, h.length, h.chunked)
		}
	})
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("5;a=b\r\nhello\r\n00\r\nA: b\r\n\r\nrest"))
	f.Add([]byte("fffffffffffffff\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		body, _, err := decode(bytes.NewReader(text))
		slow, _, slowErr := decode(iotest.OneByteReader(bytes.NewReader(text)))
		if (err == nil) != (slowErr == nil) || err == nil && body != slow {
			t.Fatalf("%q: whole %q %v, by bytes %q %v", text, body, err, slow, slowErr)
		}
		if err != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes.NewReader(text))))
		if err != nil {
			t.Fatal(err)
		}
		if theirs, err := io.ReadAll(r.Body); err != nil || string(theirs) != body {
			t.Fatalf("%q: net/http reads %q %v, we %q", text, theirs, err, body)
		}
	})
}
