package stdhttp

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// A played connection has been sent something in pieces, and takes what is written.
type played struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (p *played) Read(b []byte) (int, error)       { return p.in.Read(b) }
func (p *played) Write(b []byte) (int, error)      { return p.out.Write(b) }
func (p *played) SetWriteDeadline(time.Time) error { return nil }

// pieces gives a text in reads of a given size.
type pieces struct {
	text string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

// said is what a client sends: two settings of one thing, then ones that a gate lets pass as they are.
func said(t testing.TB) (text, want string) {
	t.Helper()
	var b bytes.Buffer
	f := http2.NewFramer(&b, nil)
	b.WriteString(http2.ClientPreface)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	window, table := http2.SettingInitialWindowSize, http2.SettingHeaderTableSize
	must(f.WriteSettings(http2.Setting{ID: window, Val: 100}, http2.Setting{ID: table, Val: 4096}, http2.Setting{ID: window, Val: 1}))
	begun := b.Len()
	must(f.WriteSettings(http2.Setting{ID: window, Val: 2}))
	must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("fields"), EndHeaders: true}))
	must(f.WriteData(1, true, bytes.Repeat([]byte("content"), 100)))
	must(f.WritePing(false, [8]byte{1}))
	text = b.String()
	b.Reset()
	must(f.WriteSettings(http2.Setting{ID: 0xf000, Val: 100}, http2.Setting{ID: table, Val: 4096}, http2.Setting{ID: window, Val: 1}))
	return text, http2.ClientPreface + b.String() + text[begun:]
}

func TestAGateSeesTheSameFramesHoweverTheyCome(t *testing.T) {
	text, want := said(t)
	for size := 1; size <= len(text); size++ {
		conn := &played{in: &pieces{text, size}}
		g := Gate(conn, func(code string) { t.Errorf("in pieces of %d it is refused: %s", size, code) })
		got, err := io.ReadAll(g)
		if err != nil || string(got) != want {
			t.Fatalf("in pieces of %d: %v, %d bytes of %d", size, err, len(got), len(want))
		}
		if last := g.(*gate).last.Load(); last != 1 {
			t.Errorf("in pieces of %d the last stream is %d", size, last)
		}
		for p := text; len(p) > 0; { // and nothing changes on the way out
			n, _ := g.Write([]byte(p[:min(size, len(p))]))
			p = p[n:]
		}
		if conn.out.String() != text {
			t.Errorf("in pieces of %d something else is written", size)
		}
	}
}

// A client that reads nothing keeps whoever writes to it waiting, and nobody who reads.
func TestReadingDoesNotWaitForWriting(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	g := Gate(server, func(string) {})
	written := make(chan error, 1)
	go func() {
		_, err := g.Write([]byte("\x00\x00\x01\x00\x00\x00\x00\x00\x01x"))
		written <- err
	}()
	go func() {
		text, _ := said(t)
		_, _ = io.WriteString(client, text+strings.Repeat("\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08", 3))
	}()
	text, _ := said(t)
	if _, err := io.ReadFull(g, make([]byte, len(text)+3*13)); err != nil {
		t.Error(err)
	}
	g.Close()
	if err := <-written; err == nil {
		t.Error("it was written without a reader")
	}
}

// What the gate costs a request of HTTP/2: a frame of fields in, and one of fields and one of content out.
func BenchmarkAGateForARequest(b *testing.B) {
	head := "\x00\x00\x20\x01\x05\x00\x00\x00\x01" + strings.Repeat("f", 32)
	answer := []byte("\x00\x00\x20\x01\x04\x00\x00\x00\x01" + strings.Repeat("f", 32) + "\x00\x04\x00\x00\x01\x00\x00\x00\x01" + strings.Repeat("c", 1024))
	for name, gated := range map[string]bool{"gated": true, "bare": false} {
		b.Run(name, func(b *testing.B) {
			in := &pieces{size: len(head)}
			conn := &played{in: in}
			var c net.Conn = conn
			if gated {
				g := Gate(conn, func(code string) { b.Fatal(code) }).(*gate)
				g.preface = 0
				c = g
			}
			p := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				in.text = head
				_, _ = c.Read(p)
				_, _ = c.Write(answer)
				conn.out.Reset()
			}
		})
	}
}
