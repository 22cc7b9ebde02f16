package http3

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/quic-go/quic-go"
)

// A mark makes connection ids by which a process knows its own connections (RFC 9000, 5.1): those of another on the same port
// have another mark. An id begins with a byte that all routers have in common, and the mark.
type mark uint16

const (
	ofRouters = 0xa9
	idLength  = 10 // clients mostly begin with ids of 8
)

func newMark() mark {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return mark(binary.BigEndian.Uint16(b[:]))
}

// GenerateConnectionID implements quic.ConnectionIDGenerator.
func (m mark) GenerateConnectionID() (quic.ConnectionID, error) {
	var id [idLength]byte
	id[0] = ofRouters
	binary.BigEndian.PutUint16(id[1:], uint16(m))
	_, err := rand.Read(id[3:])
	return quic.ConnectionIDFromBytes(id[:]), err
}

// ConnectionIDLen implements quic.ConnectionIDGenerator.
func (m mark) ConnectionIDLen() int { return idLength }
