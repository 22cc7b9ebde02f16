package middleware

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"github.com/tg123/go-htpasswd"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A basicAuth asks for a name and a password (RFC 7617). Slow hashes are slow on purpose, so that passwords that were right
// are remembered, and only a few are hashed at a time: whoever guesses does not get the whole machine.
type basicAuth struct {
	rules.BasicAuth
	users   *users
	hashing chan struct{} // a place for each hash that may be computed at a time
	right   *remembered
}

func newBasicAuth(f rules.BasicAuth, o Options) (*basicAuth, error) {
	f.Realm = cmp.Or(f.Realm, "traefik")
	users, err := newUsers(f.Users, f.UsersFile, rules.ParseBasicUser, o.Now)
	if err != nil {
		return nil, err
	}
	return &basicAuth{f, users, o.hashing, newRemembered()}, nil
}

// Request implements Asker.
func (a *basicAuth) Request(v *Visit) *message.Response {
	q := v.Exchange.Request()
	name, password, ok := basicCredentials(q.Fields.Get("Authorization"))
	if !ok || !a.knows(v.Exchange.Context, name, password) {
		v.Refused = RefusedAuth
		return unauthorized("Basic realm=" + quoted(a.Realm))
	}
	authenticated(v, name, a.HeaderField, a.RemoveHeader)
	return nil
}

// authenticated passes on who it is.
func authenticated(v *Visit, name, field string, removeHeader bool) {
	fields := &v.Exchange.Request().Fields
	v.User = name
	if field != "" {
		say(fields, field, name)
	}
	if removeHeader {
		fields.Del("Authorization")
	}
}

func unauthorized(challenge string) *message.Response {
	r := Answer(http.StatusUnauthorized, "401 Unauthorized\n")
	r.Fields.Set("Content-Type", "text/plain")
	r.Fields.Add("WWW-Authenticate", challenge)
	return r
}

// quoted is a text as a quoted-string (RFC 9110, 5.6.4).
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func basicCredentials(authorization string) (name, password string, ok bool) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if !message.SameName(scheme, "Basic") {
		return "", "", false
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(text), ":")
}

// knows takes as long for a name that nobody has as for one with a wrong password.
func (a *basicAuth) knows(ctx func() context.Context, name, password string) bool {
	known := a.users.all()
	user, exists := known.byName[name]
	if !exists {
		user = known.anyone()
	}
	key := a.right.key(name, password, user.Hash)
	if exists && a.right.has(key) {
		return true
	}
	select {
	case a.hashing <- struct{}{}:
	case <-ctx().Done():
		return false
	}
	defer func() { <-a.hashing }()
	if !matches(user.Hash, password) || !exists {
		return false
	}
	a.right.add(key)
	return true
}

// anyone is some user, for the price of whose hash a name that nobody has is refused.
func (d *directory) anyone() rules.User {
	for _, user := range d.byName {
		return user
	}
	return rules.User{}
}

// matches compares a password with a hash of any kind that ParseBasicUser lets through.
func matches(hash, password string) bool {
	if _, err := rules.ParseBasicUser("user:" + hash); err != nil {
		return false
	}
	for _, kind := range []htpasswd.PasswdParser{htpasswd.AcceptMd5, htpasswd.AcceptSha, htpasswd.AcceptBcrypt, htpasswd.AcceptCryptSha} {
		if encoded, err := kind(hash); err == nil && encoded != nil {
			return encoded.MatchesPassword(password)
		}
	}
	return false
}

// remembered are marks of names with their right passwords. A mark is worth nothing outside of the process.
type remembered struct {
	secret [32]byte
	mu     sync.Mutex
	marks  map[mark]struct{}
}

type mark [sha256.Size]byte

// mostRemembered bounds the memory of a filter.
const mostRemembered = 4096

func newRemembered() *remembered {
	r := &remembered{marks: map[mark]struct{}{}}
	rand.Read(r.secret[:]) // never fails
	return r
}

// key goes by the hash too: a password that was changed is forgotten.
func (r *remembered) key(name, password, hash string) (m mark) {
	h := hmac.New(sha256.New, r.secret[:])
	for _, part := range []string{name, password, hash} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	h.Sum(m[:0])
	return m
}

func (r *remembered) has(m mark) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.marks[m]
	return ok
}

// add makes room by forgetting any other.
func (r *remembered) add(m mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old := range r.marks {
		if len(r.marks) < mostRemembered {
			break
		}
		delete(r.marks, old)
	}
	r.marks[m] = struct{}{}
}
