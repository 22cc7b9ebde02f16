package proxytest

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A Frame is one of WebSocket (RFC 6455, 5.2), or what a client should not send as one.
type Frame struct {
	Kind     byte // the opcode
	More     bool // it is not the last of its message
	Reserved byte // the three bits behind that, as a number
	Bare     bool // it is not masked, as a server's
	Data     []byte
}

// The kinds that RFC 6455 knows.
const (
	Continuation byte = 0x0
	Text         byte = 0x1
	Binary       byte = 0x2
	Hangup       byte = 0x8 // a close
	Ping         byte = 0x9
	Pong         byte = 0xa
)

// mask is each client's key, many times: long messages are masked by the page. It should be random, to keep browsers from being
// made to send bytes of somebody's choice.
var mask = bytes.Repeat([]byte{0x37, 0xfa, 0x21, 0x3d}, 1<<10)

// Bytes are the frame on the wire.
func (f Frame) Bytes() []byte {
	first, second := f.Kind|f.Reserved<<4|0x80, byte(0x80)
	if f.More {
		first &^= 0x80
	}
	if f.Bare {
		second = 0
	}
	b := make([]byte, 0, len(f.Data)+14)
	switch n := len(f.Data); {
	case n < 126:
		b = append(b, first, second|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, first, second|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, second|127), uint64(n))
	}
	if f.Bare {
		return append(b, f.Data...)
	}
	b = append(b, mask[:4]...)
	for page := range slices.Chunk(f.Data, len(mask)) {
		at := len(b)
		b = b[:at+len(page)]
		subtle.XORBytes(b[at:], page, mask)
	}
	return b
}

// ReadFrame reads a server's.
func ReadFrame(r io.Reader) (Frame, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return Frame{}, err
	}
	f := Frame{Kind: b[0] & 0xf, More: b[0]&0x80 == 0, Reserved: b[0] >> 4 & 7, Bare: b[1]&0x80 == 0}
	if !f.Bare {
		return f, fmt.Errorf("a server's frame is masked: %+v", f)
	}
	length := uint64(b[1])
	if size := map[uint64]int{126: 2, 127: 8}[length]; size > 0 {
		if _, err := io.ReadFull(r, b[8-size:]); err != nil {
			return f, err
		}
		clear(b[:8-size])
		length = binary.BigEndian.Uint64(b[:])
	}
	if length > 1<<30 {
		return f, fmt.Errorf("a frame of %d bytes", length)
	}
	f.Data = make([]byte, length)
	_, err := io.ReadFull(r, f.Data)
	return f, err
}

// String is short, for tests that fail.
func (f Frame) String() string {
	return fmt.Sprintf("{kind %x more %t reserved %d: %d bytes %.40q}", f.Kind, f.More, f.Reserved, len(f.Data), f.Data)
}

// Accepts is what a server that has understood a handshake's key says to it (RFC 6455, 4.2.2).
func Accepts(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
