package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// seen is what crypto/tls makes of a client's first bytes; nil: it refuses them before anybody is asked.
func seen(b []byte) (told *tls.ClientHelloInfo) {
	config := &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		told = h
		return nil, errors.New("enough")
	}}
	_ = tls.Server(&deaf{Reader: bytes.NewReader(b)}, config).HandshakeContext(context.Background())
	return told
}

// deaf is a connection that says what it says, whatever it is told.
type deaf struct {
	net.Conn
	io.Reader
}

func (d *deaf) Read(b []byte) (int, error)       { return d.Reader.Read(b) }
func (d *deaf) Write(b []byte) (int, error)      { return len(b), nil }
func (d *deaf) Close() error                     { return nil }
func (d *deaf) SetDeadline(time.Time) error      { return nil }
func (d *deaf) SetReadDeadline(time.Time) error  { return nil }
func (d *deaf) SetWriteDeadline(time.Time) error { return nil }

// saidBy is a client's ClientHello as it goes over the wire.
func saidBy(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	var b bytes.Buffer
	_ = tls.Client(&recorder{Buffer: &b}, config).HandshakeContext(context.Background())
	return b.Bytes()
}

type recorder struct {
	deaf
	*bytes.Buffer
}

func (r *recorder) Read([]byte) (int, error)    { return 0, io.EOF }
func (r *recorder) Write(b []byte) (int, error) { return r.Buffer.Write(b) }

func hellos(t testing.TB) (all [][]byte) {
	for _, c := range []*tls.Config{
		{ServerName: "a.example.com"},
		{ServerName: "A.Example.com", NextProtos: []string{"h2", "http/1.1"}},
		{ServerName: "127.0.0.1"}, // which is not sent
		{InsecureSkipVerify: true},
		{ServerName: "b.example.com", MaxVersion: tls.VersionTLS12, NextProtos: []string{"mqtt"}},
		{ServerName: "c.example.com", MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}},
		{ServerName: "d.example.com", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
	} {
		all = append(all, saidBy(t, c))
	}
	return all
}

// agrees holds our reading of a ClientHello to crypto/tls's.
func agrees(t *testing.T, b []byte) {
	t.Helper()
	h, early, err := readHello(&deaf{Reader: bytes.NewReader(b)})
	if len(early) > maxHello || !bytes.HasPrefix(b, early) {
		t.Fatalf("%x: read %x", b, early)
	}
	theirs := seen(b)
	switch {
	case theirs == nil:
	case err != nil:
		t.Errorf("%x: refused (%v) where crypto/tls is told %q", b, err, theirs.ServerName)
	case !h.tls || h.serverName != theirs.ServerName || !slices.Equal(h.protocols, theirs.SupportedProtos):
		t.Errorf("%x: found %+v, crypto/tls %q %q", b, h, theirs.ServerName, theirs.SupportedProtos)
	}
}

func TestAClientHelloIsReadAsCryptoTLSReadsIt(t *testing.T) {
	for _, b := range hellos(t) {
		if seen(b) == nil {
			t.Fatalf("%x is no ClientHello", b)
		}
		agrees(t, b)
		agrees(t, append(slices.Clip(b), "and more"...))
		for i := range b { // whatever byte is wrong
			broken := slices.Clone(b)
			broken[i]++
			agrees(t, broken)
		}
	}
}

// manyRecords is a ClientHello of records of one byte, which never ends.
func manyRecords() []byte {
	b := []byte("\x16\x03\x01\x00\x04\x01\x00\x3f\xf0")
	for len(b) < maxHello+100 {
		b = append(b, "\x16\x03\x01\x00\x01\x00"...)
	}
	return b
}

func TestAClientHelloThatNeverEndsIsGivenUp(t *testing.T) {
	for skip := range 6 {
		b := manyRecords()
		b[4], b = byte(4+skip), slices.Insert(b, 9, make([]byte, skip)...) // so that records end at every place
		if _, _, err := readHello(&deaf{Reader: bytes.NewReader(b)}); !errors.Is(err, errHelloLong) {
			t.Errorf("%d: %v", skip, err)
		}
	}
}

func FuzzHello(f *testing.F) {
	for _, b := range hellos(f) {
		f.Add(b)
	}
	f.Add([]byte("\x16\x03\x01\x00\x04\x01\x00\x40\x01"))
	f.Add(manyRecords())
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(agrees)
}

func TestWhatIsNoTLSIsKnownByItsFirstByte(t *testing.T) {
	for _, text := range []string{"G", "\x80", "\x00\x00", "\x16\x20", "\x15\x03\x01"} {
		if h, need, err := parseHello([]byte(text)); h.tls || need != 0 || err != nil {
			t.Errorf("%q: %+v, %d, %v", text, h, need, err)
		}
	}
	if _, need, _ := parseHello(nil); need != 1 {
		t.Errorf("nothing needs %d", need)
	}
}
