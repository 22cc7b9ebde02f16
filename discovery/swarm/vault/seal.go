package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// A seal turns keys into names and values into what a config holds, and back. AES-GCM with the config's name as what is
// authenticated beside: a value cannot be passed for another's, nor for another version.
type seal struct {
	aead  cipher.AEAD
	names []byte // the key of names
}

func newSeal(key [32]byte) *seal {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are AES-256
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	names := hmac.New(sha256.New, key[:])
	names.Write([]byte("names of configs"))
	return &seal{aead: aead, names: names.Sum(nil)}
}

// The labels of configs, and what they say. They are for listing, and of leases for taking turns; nothing is believed for them.
const (
	labelKind   = "appia.vault"
	labelHolder = "appia.vault.holder"
	labelBeat   = "appia.vault.beat"
	kindValue   = "value"
	kindLease   = "lease"
)

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// name is what stands for a key in names of configs. It says nothing of the key to those without the secret.
func (s *seal) name(key string) string {
	sum := hmac.New(sha256.New, s.names)
	sum.Write([]byte(key))
	return "appia-" + letters.EncodeToString(sum.Sum(nil)[:15])
}

func versioned(name string, version uint64) string {
	return name + "-" + strconv.FormatUint(version, 10)
}

// versionOf is the version that a config's name tells, if it is of the key with that name.
func versionOf(config, name string) (uint64, bool) {
	text, ours := strings.CutPrefix(config, name+"-")
	version, err := strconv.ParseUint(text, 10, 64)
	return version, ours && err == nil
}

// close seals a value under the name of its config.
func (s *seal) close(config, key string, modified time.Time, data []byte) []byte {
	plain := binary.AppendUvarint(nil, uint64(len(key)))
	plain = append(plain, key...)
	plain = binary.BigEndian.AppendUint64(plain, uint64(modified.UnixNano()))
	plain = append(plain, data...)
	return s.aead.Seal(nil, nil, plain, []byte(config))
}

var errForged = errors.New("sealed with another key, or not by us")

func (s *seal) open(config string, sealed []byte) (key string, modified time.Time, data []byte, err error) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte(config))
	if err != nil {
		return "", time.Time{}, nil, errForged
	}
	length, n := binary.Uvarint(plain)
	if n <= 0 || length > uint64(len(plain)-n) || uint64(len(plain)-n)-length < 8 {
		return "", time.Time{}, nil, errForged
	}
	rest := plain[n:]
	key, rest = string(rest[:length]), rest[length:]
	return key, time.Unix(0, int64(binary.BigEndian.Uint64(rest))), rest[8:], nil
}

func newHolder() string { return strings.ToLower(rand.Text()) }
