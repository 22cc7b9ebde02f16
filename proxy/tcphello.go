package proxy

import (
	"encoding/binary"
	"errors"
	"io"
	"net"

	"golang.org/x/crypto/cryptobyte"
)

// A hello is what a client's first bytes tell of where it wants to go: by TLS's ClientHello (RFC 8446, 4.1.2), which is read
// and passed on untouched. Of a client with Encrypted Client Hello it tells the name that is not secret.
type hello struct {
	tls        bool
	serverName string   // "": it names none
	protocols  []string // of ALPN, in the order of its preference
}

// maxHello bounds a ClientHello, with what is around it. Browsers' are below two KiB.
const maxHello = 16 << 10

// What is wrong with a ClientHello.
var (
	errHelloLong = errors.New("the ClientHello is longer than it may be")
	errHelloForm = errors.New("the first record is one of TLS and holds no ClientHello")
)

// readHello reads a client's first bytes until they have told where to. They are returned with whatever was found.
func readHello(conn net.Conn) (h hello, early []byte, err error) {
	early = make([]byte, 0, 2<<10)
	for {
		found, need, err := parseHello(early)
		if err != nil || need == 0 {
			return found, early, err
		}
		if cap(early) < need {
			early = append(make([]byte, 0, min(2*need, maxHello)), early...)
		}
		n, err := conn.Read(early[len(early):cap(early)])
		early = early[:len(early)+n]
		if err != nil && (n == 0 || err != io.EOF) {
			return hello{}, early, err
		}
	}
}

const (
	recordHead  = 5
	longestBody = 1 << 14 // of a record in clear
	handshakes  = 22      // the type of records that hold the handshake
	clientHello = 1
	noVersion   = 0x10 // a record's is to be ignored (RFC 8446, 5.1), and yet not what text would have in its place
)

// parseHello looks at what there is of a client's first bytes. need is how many there must be to know more; 0: all is known.
// The message may be cut into records in any way (RFC 8446, 5.1).
func parseHello(b []byte) (h hello, need int, err error) {
	switch {
	case len(b) == 0:
		return h, 1, nil
	case b[0] != handshakes, len(b) > 1 && b[1] >= noVersion:
		return h, 0, nil
	}
	h.tls = true
	var message []byte
	for at := 0; ; {
		switch {
		case at+recordHead > maxHello:
			return h, 0, errHelloLong
		case len(b) < at+recordHead:
			return h, at + recordHead, nil
		}
		size := int(binary.BigEndian.Uint16(b[at+3:]))
		end := at + recordHead + size
		switch {
		case b[at] != handshakes, b[at+1] >= noVersion, size == 0, size > longestBody:
			return h, 0, errHelloForm
		case end > maxHello:
			return h, 0, errHelloLong
		case len(b) < end:
			return h, end, nil
		}
		message = append(message, b[at+recordHead:end]...)
		at = end
		if len(message) < 4 {
			continue
		}
		if message[0] != clientHello {
			return h, 0, errHelloForm
		}
		switch length := 4 + int(message[1])<<16 + int(message[2])<<8 + int(message[3]); {
		case length > maxHello:
			return h, 0, errHelloLong
		case len(message) >= length:
			if !h.read(message[4:length]) {
				err = errHelloForm
			}
			return h, 0, err
		}
	}
}

// read takes a ClientHello apart; false: it is none.
func (h *hello) read(s cryptobyte.String) bool {
	var session, suites, compressions, extensions cryptobyte.String
	if !s.Skip(2+32) || !s.ReadUint8LengthPrefixed(&session) || !s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&compressions) {
		return false
	}
	if s.Empty() {
		return true // TLS 1.2 has hellos without extensions
	}
	if !s.ReadUint16LengthPrefixed(&extensions) || !s.Empty() {
		return false
	}
	for !extensions.Empty() {
		var kind uint16
		var content cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&content) || !h.extension(kind, content) {
			return false
		}
	}
	return true
}

// The extensions that matter here.
const (
	serverNames   = 0  // RFC 6066, 3
	protocolNames = 16 // RFC 7301
)

func (h *hello) extension(kind uint16, s cryptobyte.String) bool {
	var list cryptobyte.String
	switch kind {
	case serverNames:
		if !s.ReadUint16LengthPrefixed(&list) || list.Empty() {
			return false
		}
		return h.names(list)
	case protocolNames:
		if !s.ReadUint16LengthPrefixed(&list) || list.Empty() {
			return false
		}
		for !list.Empty() {
			var name cryptobyte.String
			if !list.ReadUint8LengthPrefixed(&name) || name.Empty() {
				return false
			}
			h.protocols = append(h.protocols, string(name))
		}
	}
	return true
}

// names reads the one name of a host that there may be.
func (h *hello) names(list cryptobyte.String) bool {
	for !list.Empty() {
		var kind uint8
		var name cryptobyte.String
		if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) || name.Empty() {
			return false
		}
		if kind != 0 {
			continue
		}
		if h.serverName != "" {
			return false
		}
		h.serverName = string(name)
	}
	return true
}
