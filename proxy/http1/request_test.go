package http1

import (
	"slices"
	"strings"
	"testing"

	"github.com/appia-edge/appia/proxy/message"
)

// read parses text as a server would that gets it whole.
func read(text string) (*message.Request, *head, int, *fault) {
	q := new(message.Request)
	h := &head{fields: &q.Fields, server: true}
	l := Defaults()
	end, f := readRequest([]byte(text), q, h, &l)
	return q, h, end, f
}

func TestRequestHeadIsTakenAsItWasWritten(t *testing.T) {
	q, h, end, f := read("PoST /a%20b//c?x=1&y=%zz HTTP/1.1\r\nhOST: a.com:81\r\nx-Odd:\t v \r\nX-ODD: w\r\nEmpty:\r\nContent-Length: 007\r\n\r\nbody")
	if f != nil || end == 0 {
		t.Fatal(f)
	}
	want := []message.Field{{Name: "x-Odd", Value: "v"}, {Name: "X-ODD", Value: "w"}, {Name: "Empty"}, {Name: "Content-Length", Value: "007"}}
	if q.Method != "PoST" || q.Host != "a.com:81" || q.Path != "/a b//c" || q.RawPath != "/a%20b//c" || q.RawQuery != "x=1&y=%zz" || !q.Query ||
		!slices.Equal(q.Fields.All(), want) || h.length != 7 || q.Proto != message.HTTP11 {
		t.Errorf("got %+v %+v", q, h)
	}
}

func TestTargetForms(t *testing.T) {
	for _, row := range []struct{ line, path, query string }{
		{"GET / HTTP/1.1", "/", ""},
		{"GET /? HTTP/1.1", "/", ""},
		{"GET http://x HTTP/1.1", "/", ""},
		{"GET HTTP://X/p?q HTTP/1.1", "/p", "q"},
		{"GET https://x?q HTTP/1.1", "/", "q"},
		{"OPTIONS * HTTP/1.1", "*", ""},
	} {
		q, _, _, f := read(row.line + "\r\nHost: x\r\n\r\n")
		if f != nil || q.RawPath != row.path || q.RawQuery != row.query || q.Host != "x" {
			t.Errorf("%s: %v, %+v", row.line, f, q)
		}
	}
	if q, _, _, f := read("GET http://old/ HTTP/1.0\r\n\r\n"); f != nil || q.Host != "old" {
		t.Errorf("absolute-form of HTTP/1.0: %v %+v", f, q)
	}
}

// refusals is every way to be refused, with its code.
var refusals = []struct {
	code string
	text string
}{
	{"start-line", "GET / HTTP/1.1 \r\n\r\n"},
	{"start-line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", "GET /\r\n\r\n"},
	{"start-line", "GET / http/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", " GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", "G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", "GET / HTTP/1.1\rHost: x\r\n\r\n"},
	{"start-line", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"start-line", "\x16\x03\x01\x02"},
	{"start-line", "GET / HTTP/11\r\nHost: x\r\n\r\n"},
	{"version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
	{"version", "GET / HTTP/1.2\r\nHost: x\r\n\r\n"},
	{"version", "GET / HTTP/0.9\r\nHost: x\r\n\r\n"},
	{"connect", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"},
	{"target", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET x HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target", "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target-too-long", "GET /" + strings.Repeat("a", 16<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"target-too-long", "GET /" + strings.Repeat("a", 17<<10)},
	{"host-missing", "GET / HTTP/1.1\r\n\r\n"},
	{"host-several", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
	{"host-several", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: x:8a\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: x:1:2\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
	{"host", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
	{"host", "GET http://u@x/ HTTP/1.1\r\nHost: u@x\r\n\r\n"},
	{"host-differs-from-target", "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"host-differs-from-target", "GET http://x:80/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"bare-lf", "GET / HTTP/1.1\nHost: x\n\n"},
	{"bare-lf", "GET / HTTP/1.1\r\nHost: x\n\r\n"},
	{"bare-lf", "GET / HTTP/1.1\r\nHost: x\r\n\n"},
	{"bare-lf", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\nN\x00: y\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length\v: 1\r\n\r\n"},
	{"field-name", "GET / HTTP/1.1\r\nHost: x\r\n\x80: y\r\n\r\n"},
	{"obs-fold", "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n"},
	{"obs-fold", "GET / HTTP/1.1\r\n\tHost: x\r\n\r\n"},
	{"field-value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n"},
	{"field-value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n"},
	{"field-value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n"},
	{"field-value", "GET / HTTP/1.1\r\nHost: x\r\nA: 12345678901\x7f\r\n\r\n"},
	{"field-value", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"},
	{"fields-too-many", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 128) + "\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -0\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5 5\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"},
	{"content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999\r\n\r\n"},
	{"content-length-several", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n"},
	{"content-length-several", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"},
	{"content-length-with-transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"content-length-with-transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n"},
	{"transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"transfer-encoding-in-1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"expectation", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: wonders\r\n\r\n"},
}

func TestWhatLeavesRoomForTwoOpinionsIsRefused(t *testing.T) {
	for _, row := range refusals {
		_, _, _, f := read(row.text)
		if f == nil || f.code != row.code {
			t.Errorf("%.80q: got %v, want %s", row.text, f, row.code)
		}
	}
}

func TestUnfinishedHeadIsWaitedForAtEveryByte(t *testing.T) {
	const text = "\r\nPOST http://a/b HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 1\r\n\r\n"
	for n := range len(text) {
		if _, _, end, f := read(text[:n]); end != 0 || f != nil {
			t.Fatalf("%q: end %d, %v", text[:n], end, f)
		}
		if n > 2 && mayEnd([]byte(text[:n]), n-1) && n < len(text)-1 {
			t.Errorf("%q may end", text[:n])
		}
	}
	if !mayEnd([]byte(text), len(text)-1) {
		t.Error("the end was not seen")
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	text := []byte("GET /path?query HTTP/1.1\r\nHost: a.com\r\nUser-Agent: x\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n")
	q := new(message.Request)
	h := &head{fields: &q.Fields, server: true}
	l := Defaults()
	if n := testing.AllocsPerRun(100, func() { readRequest(text, q, h, &l) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
