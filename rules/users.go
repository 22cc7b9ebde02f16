package rules

import (
	"errors"
	"regexp"
	"strings"
)

// A User of basic or digest authentication, as a line of a file of users tells it. Nothing of it may be shown.
type User struct {
	Name  string
	Realm string // of digest authentication
	Hash  string // of the password, or digest authentication's HA1
}

// What is wrong with a line of users. The texts hold nothing of the line.
var (
	ErrUserForm   = errors.New("not of the form name:hash")
	ErrDigestForm = errors.New("not of the form name:realm:HA1")
	ErrHash       = errors.New("its hash is of no known kind (apr1, {SHA}, bcrypt, sha256-crypt, sha512-crypt)")
	ErrHashCut    = errors.New("its hash is not whole; in a stack file double each $ of it")
	ErrHashDouble = errors.New("each $ of the hash is doubled, which is for stack files alone; write it once")
	ErrHA1        = errors.New("its last part is not the 32 hexadecimal digits of MD5(name:realm:password)")
)

// ParseBasicUser reads a line of htpasswd. A user whose hash cannot be read is there, with an error: no password fits it.
func ParseBasicUser(line string) (User, error) {
	if strings.Count(line, ":") != 1 {
		return User{}, ErrUserForm
	}
	name, hash, _ := strings.Cut(line, ":")
	if name == "" {
		return User{}, ErrUserForm
	}
	return User{Name: name, Hash: hash}, checkHash(hash)
}

// hashes are the forms of htpasswd's and crypt's digests, whole ones only.
var hashes = regexp.MustCompile(`^(?:` +
	`\$(?:apr1|1)\$[^$]*\$[./0-9A-Za-z]{22}` +
	`|\{SHA\}[+/0-9A-Za-z]{27}=` +
	`|\$2[abxy]\$(?:0[4-9]|1\d|2\d|3[01])\$[./0-9A-Za-z]{53}` +
	`|\$5\$(?:rounds=[1-9]\d{3,8}\$)?[^$]{0,16}\$[./0-9A-Za-z]{43}` +
	`|\$6\$(?:rounds=[1-9]\d{3,8}\$)?[^$]{0,16}\$[./0-9A-Za-z]{86}` +
	`)$`)

// checkHash tells a hash that lost what compose took for variables, "$apr1" and "$salt", from one of another kind.
func checkHash(hash string) error {
	switch {
	case hashes.MatchString(hash):
		return nil
	case hashes.MatchString(strings.ReplaceAll(hash, "$$", "$")):
		return ErrHashDouble
	case len(hash) < 13 || strings.HasPrefix(hash, "$") || strings.HasPrefix(hash, "/") || strings.HasPrefix(hash, "."):
		return ErrHashCut
	}
	return ErrHash
}

var ha1 = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// ParseDigestUser reads a line of htdigest.
func ParseDigestUser(line string) (User, error) {
	parts := strings.Split(line, ":")
	switch {
	case len(parts) != 3 || parts[0] == "":
		return User{}, ErrDigestForm
	case !ha1.MatchString(parts[2]):
		return User{}, ErrHA1
	}
	return User{parts[0], parts[1], strings.ToLower(parts[2])}, nil
}
