package http1

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/appia-edge/appia/proxy/message"
)

// textConn is a connection that only reads.
type textConn struct {
	net.Conn
	io.Reader
}

func (c textConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// decode reads chunked content off a connection that says text.
func decode(r io.Reader) (string, *message.Fields, error) {
	sock := newSocket(textConn{Reader: r})
	var c content
	c.begin(&stream{sock: &sock}, chunked, -1, nil)
	body, err := io.ReadAll(&c)
	return string(body), c.Trailers(), err
}

func TestChunksAreDecodedHoweverTheyCome(t *testing.T) {
	text := "5\r\nhello\r\n00c;a;b=c;d=\"e \\\" f\"\r\n, wide world\r\n" + "A\r\n0123456789\r\n" + "0\r\nX-Sum: 1\r\nx-other: 2\r\n\r\nrest"
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "by bytes": iotest.OneByteReader(strings.NewReader(text)), "halves": iotest.HalfReader(strings.NewReader(text)),
	} {
		body, trailers, err := decode(r)
		if err != nil || body != "hello, wide world0123456789" || trailers.Get("X-Sum") != "1" || trailers.Len() != 2 {
			t.Errorf("%s: %q %v %v", name, body, trailers, err)
		}
	}
	long := strings.Repeat("x", 300_000)
	if body, _, err := decode(strings.NewReader("493e0\r\n" + long + "\r\n0\r\n\r\n")); err != nil || body != long {
		t.Errorf("a long chunk: %d bytes, %v", len(body), err)
	}
}

func TestBrokenChunksAreRefused(t *testing.T) {
	for _, row := range []struct{ code, text string }{
		{"chunk-size", "zz\r\nhello\r\n0\r\n\r\n"},
		{"chunk-size", "\r\nhello\r\n0\r\n\r\n"},
		{"chunk-size", " 5\r\nhello\r\n0\r\n\r\n"},
		{"chunk-size", "+5\r\nhello\r\n0\r\n\r\n"},
		{"chunk-size", "-5\r\nhello\r\n0\r\n\r\n"},
		{"chunk-size", "5\nhello\r\n0\r\n\r\n"},
		{"chunk-size", "1234567890abcdef\r\n"},
		{"chunk-extension", "0x5\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5 \r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5;\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5 ;a\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5;a=\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5;a=\"b\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"},
		{"chunk-extension", "5;" + strings.Repeat("a", 300) + "\r\nhello\r\n0\r\n\r\n"},
		{"chunk-end", "5\r\nhello5\r\nhello\r\n0\r\n\r\n"},
		{"chunk-end", "5\r\nhello\n0\r\n\r\n"},
		{"chunk-end", "5\r\nhello\rx0\r\n\r\n"},
		{"bare-lf", "0\r\n\n"},
		{"bare-lf", "0\r\nA: b\n\r\n"},
		{"field-name", "0\r\nGET / HTTP/1.1\r\n\r\n"},
		{"trailer", "0\r\nContent-Length: 5\r\n\r\n"},
		{"trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"trailer", "0\r\nHost: x\r\n\r\n"},
		{"trailer-too-long", "0\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 20) + "\r\n"},
		{errCut.Error(), "5\r\nhel"},
		{errCut.Error(), "5\r\nhello\r\n"},
		{errCut.Error(), "5\r\nhello\r\n0\r\n"},
	} {
		if _, _, err := decode(strings.NewReader(row.text)); err == nil || err.Error() != row.code {
			t.Errorf("%.60q: got %v, want %s", row.text, err, row.code)
		}
		if _, _, err := decode(iotest.OneByteReader(strings.NewReader(row.text))); err == nil || err.Error() != row.code {
			t.Errorf("%.60q by bytes: got %v, want %s", row.text, err, row.code)
		}
	}
}
