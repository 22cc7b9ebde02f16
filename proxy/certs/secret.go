package certs

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A Secret is what all routers of a swarm know and nobody else does, a docker secret mostly. Nothing is encrypted with it: each
// purpose has a key of its own that is derived from it, and tells nothing of the others.
type Secret []byte

// DefaultSecretFile is where a docker secret named appia appears.
const DefaultSecretFile = "/run/secrets/appia"

// shortestSecret has 128 bits, if they were drawn well.
const shortestSecret = 16

// Derive is the key for a purpose, the same on every router (RFC 5869).
func (s Secret) Derive(purpose string) [32]byte {
	key, err := hkdf.Key(sha256.New, s, nil, "appia "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are not too many
	}
	return [32]byte(key)
}

// ReadSecret reads a file; "" is the default place, which may be empty. White space at the ends does not count.
func ReadSecret(path string) (Secret, error) {
	file := path
	if file == "" {
		file = DefaultSecretFile
	}
	text, err := os.ReadFile(file)
	switch {
	case path == "" && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if text = bytes.TrimSpace(text); len(text) < shortestSecret {
		return nil, fmt.Errorf("%s: a secret has %d bytes at least; make one by: openssl rand -hex 32 | docker secret create appia -", file, shortestSecret)
	}
	return text, nil
}
