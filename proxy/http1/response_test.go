package http1

import (
	"testing"

	"github.com/appia-edge/appia/proxy/message"
)

func TestResponseHeadsAreReadAsStrictlyAsRequests(t *testing.T) {
	for _, row := range []struct {
		text string
		code string // "" for a good one
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", ""},
		{"HTTP/1.1 200\r\nA: b\r\n\r\n", ""},
		{"HTTP/1.1 200 \r\n\r\n", ""},
		{"HTTP/1.0 299 Some r\xe9ason\r\nHost: x\r\nHost: y\r\n\r\n", ""},
		{"HTTP/1.1 200 OK\n\n", "bare-lf"},
		{"HTTP/1.1 200 OK\r\nA: b\n\r\n", "bare-lf"},
		{"HTTP/1.1  200 OK\r\n\r\n", "start-line"},
		{"HTTP/1.1 20 OK\r\n\r\n", "start-line"},
		{"HTTP/1.1 2000 OK\r\n\r\n", "start-line"},
		{"HTTP/1.1 007 Bond\r\n\r\n", "status"},
		{"HTTP/1.1 2x0 OK\r\n\r\n", "status"},
		{"HTTP/1.1 200 O\x00K\r\n\r\n", "status"},
		{"HTTP/2.0 200 OK\r\n\r\n", "version"},
		{"http/1.1 200 OK\r\n\r\n", "version"},
		{"ICY 200 OK\r\n\r\n", "start-line"},
		{"hello, I am no web server\r\n\r\n", "start-line"},
		{"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", "field-name"},
		{"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "obs-fold"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "content-length-several"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "content-length-with-transfer-encoding"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer-encoding"},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-in-1.0"},
	} {
		var fields message.Fields
		var s status
		l := Defaults()
		end, f := readResponse([]byte(row.text), &s, &head{fields: &fields}, &l)
		if row.code == "" && (f != nil || end != len(row.text)) || row.code != "" && (f == nil || f.code != row.code) {
			t.Errorf("%q: end %d, %v; want %q", row.text, end, f, row.code)
		}
	}
}
