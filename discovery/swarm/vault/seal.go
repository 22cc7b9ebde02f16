package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
)

// A sealer turns records into the names and data of configs, and back. The name is an HMAC of the key, so that `docker config ls` tells
// no host name, and a version. The data is AES-GCM's, and authenticates the config's name: under another name, as another key's
// or another version's, it does not open.
type sealer struct {
	aead  cipher.AEAD // with 96 random bits of nonce: enough for 2^32 versions in all
	namer []byte
	head  []byte // a byte of format and a print of the key, which tells another secret from a forgery
	vault string
}

const (
	format    = 1
	printSize = 8
	idSize    = 32 // of the name's part that stands for the key: 128 bits in hexadecimal
)

func newSealer(key [32]byte, vault string) *sealer {
	block, err := aes.NewCipher(derive(key, "seal", 32))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block that GCM needs
	}
	return &sealer{aead: aead, namer: derive(key, "name", 32), head: append([]byte{format}, derive(key, "print", printSize)...), vault: vault}
}

// derive makes a key of one purpose (RFC 5869).
func derive(key [32]byte, purpose string, size int) []byte {
	derived, err := hkdf.Expand(sha256.New, key[:], "appia vault "+purpose, size)
	if err != nil {
		panic(err) // so few bytes are never too many
	}
	return derived
}

// A kind says what a config is.
type kind byte

const (
	value kind = 'v'
	gone  kind = 'd' // the key was deleted
	lease kind = 'l'
)

// A record is what a config holds.
type record struct {
	kind kind
	key  string // a lock's name, of a lease
	when time.Time
	body []byte
}

// id is the part of a config's name that stands for a key. Locks have names of their own.
func (s *sealer) id(k kind, key string) string {
	if k == gone {
		k = value
	}
	mac := hmac.New(sha256.New, s.namer)
	mac.Write([]byte{byte(k)})
	mac.Write([]byte(s.vault))
	mac.Write([]byte{0})
	mac.Write([]byte(key))
	return hex.EncodeToString(mac.Sum(nil)[:idSize/2])
}

// configName has 64 characters at most, as swarm wants it.
func configName(id string, version int64) string {
	return swarm.OwnConfigs + id + "-" + strconv.FormatInt(version, 10)
}

// parseName is the reverse. Versions count from 1.
func parseName(name string) (id string, version int64, ok bool) {
	rest, ok := strings.CutPrefix(name, swarm.OwnConfigs)
	id, number, found := strings.Cut(rest, "-")
	version, err := strconv.ParseInt(number, 10, 64)
	return id, version, ok && found && len(id) == idSize && err == nil && version > 0 && configName(id, version) == name
}

func (s *sealer) close(r *record, name string) []byte {
	plain := binary.BigEndian.AppendUint64([]byte{byte(r.kind)}, uint64(r.when.UnixMilli()))
	plain = binary.AppendUvarint(plain, uint64(len(r.key)))
	plain = append(append(plain, r.key...), r.body...)
	return s.aead.Seal(slices.Clone(s.head), nil, plain, s.additional(name))
}

func (s *sealer) additional(name string) []byte {
	return slices.Concat(s.head, []byte(name))
}

var (
	errForeign = errors.New("it is of another secret, or none of ours: give all routers the secret that it was made with")
	errForged  = errors.New("it was tampered with")
)

// open is the record of a config, or errForeign or errForged.
func (s *sealer) open(name string, data []byte) (record, error) {
	if len(data) < len(s.head) || !hmac.Equal(data[:len(s.head)], s.head) {
		return record{}, errForeign
	}
	plain, err := s.aead.Open(nil, nil, data[len(s.head):], s.additional(name))
	if err != nil {
		return record{}, errForged
	}
	return s.parse(name, plain)
}

func (s *sealer) parse(name string, plain []byte) (record, error) {
	if len(plain) < 9 {
		return record{}, errForged
	}
	r := record{kind: kind(plain[0]), when: time.UnixMilli(int64(binary.BigEndian.Uint64(plain[1:])))}
	rest := plain[9:]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return record{}, errForged
	}
	r.key, r.body = string(rest[n:n+int(size)]), rest[n+int(size):]
	if id, _, ok := parseName(name); !ok || id != s.id(r.kind, r.key) {
		return record{}, errForged
	}
	return r, nil
}
