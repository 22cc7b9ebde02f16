package middleware

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A digestAuth asks for a name and a digest (RFC 7616, MD5 with qop=auth). Its nonces carry their own proof: a time and a
// seal, by a key that comes from the users themselves. So every router with the same users believes the nonces of the
// others, and none keeps a table of them.
type digestAuth struct {
	rules.DigestAuth
	users  *users
	now    func() time.Time
	counts *nonceCounts
}

// nonceLife is how long a nonce is good. A browser whose nonce has run out is given a new one and asks nobody.
const nonceLife = 5 * time.Minute

func newDigestAuth(f rules.DigestAuth, o Options) (*digestAuth, error) {
	f.Realm = cmp.Or(f.Realm, "traefik")
	users, err := newUsers(f.Users, f.UsersFile, rules.ParseDigestUser, o.Now)
	if err != nil {
		return nil, err
	}
	return &digestAuth{f, users, o.Now, &nonceCounts{counts: map[string]*nonceCount{}}}, nil
}

// Request implements Asker.
func (a *digestAuth) Request(v *Visit) *message.Response {
	known := a.users.all()
	key := known.nonceKey(a.Realm)
	name, verdict := a.judge(v, known, key)
	if verdict != admitted {
		v.Refused = RefusedAuth
		return unauthorized(a.challenge(key, verdict == stale))
	}
	authenticated(v, name, a.HeaderField, a.RemoveHeader)
	return nil
}

// A verdict on a client's answer to a challenge.
type verdict uint8

const (
	refused  verdict = iota
	stale            // the digest is right and its nonce is old or used: the client may answer a new one without its user
	admitted         // all is right
)

func (a *digestAuth) challenge(key []byte, isStale bool) string {
	text := "Digest realm=" + quoted(a.Realm) + `, nonce="` + a.nonce(key) + `", algorithm=MD5, qop="auth"`
	if isStale {
		text += ", stale=true"
	}
	return text
}

func (a *digestAuth) judge(v *Visit, known *directory, key []byte) (string, verdict) {
	q := v.Exchange.Request()
	params := digestParams(q.Fields.Get("Authorization"))
	user, exists := known.byName[params["username"]]
	count, err := strconv.ParseUint(params["nc"], 16, 32)
	if err != nil || len(params["nc"]) != 8 || params["realm"] != a.Realm || params["qop"] != "auth" ||
		!strings.EqualFold(cmp.Or(params["algorithm"], "MD5"), "MD5") || !sameTarget(params["uri"], v) {
		return "", refused
	}
	right := digest(user.Hash, params["nonce"], params["nc"], params["cnonce"], "auth", digest(q.Method, params["uri"]))
	if subtle.ConstantTimeCompare([]byte(right), []byte(strings.ToLower(params["response"]))) != 1 || !exists || user.Realm != a.Realm {
		return "", refused
	}
	given, sealed := openNonce(key, params["nonce"])
	age := a.now().Sub(given)
	switch {
	case !sealed:
		return "", stale // of a router with other users, or of one before a change
	case age > nonceLife || age < -nonceLife:
		return "", stale
	case !a.counts.take(params["nonce"], count, given, a.now()):
		return "", stale
	}
	return user.Name, admitted
}

// sameTarget compares the digest's target with the request's, as the client sent it: modifiers take nothing from it.
func sameTarget(uri string, v *Visit) bool {
	own := withQuery(v.Path, v.Exchange.Request())
	if uri == own {
		return true
	}
	absolute, err := url.Parse(uri)
	return err == nil && absolute.Host != "" && strings.EqualFold(absolute.Host, v.Exchange.Request().Host) && absolute.RequestURI() == own
}

func digest(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}

// digestParams are a digest's parameters, names in lower case; nil for what is none.
func digestParams(authorization string) map[string]string {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if !message.SameName(scheme, "Digest") {
		return nil
	}
	params := map[string]string{}
	for rest = strings.TrimLeft(rest, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil
		}
		var value string
		if value, rest, ok = paramValue(strings.TrimLeft(after, " \t")); !ok {
			return nil
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := params[name]; twice {
			return nil
		}
		params[name] = value
	}
	return params
}

// paramValue takes a token or a quoted-string off the front.
func paramValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		return strings.TrimSpace(value), rest, true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			i++
			if i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// nonceKey is the same wherever the users are the same, and unknown to whoever does not know all of them.
func (d *directory) nonceKey(realm string) []byte {
	h := hmac.New(sha256.New, d.sum[:])
	h.Write([]byte("nonces of digest authentication for " + realm))
	return h.Sum(nil)
}

// A nonce is a time, a random number and a seal on both.
const (
	nonceHead = 8 + 8
	nonceSize = nonceHead + 16
)

func (a *digestAuth) nonce(key []byte) string {
	var b [nonceHead]byte
	binary.BigEndian.PutUint64(b[:8], uint64(a.now().UnixMilli()))
	rand.Read(b[8:]) // never fails
	return base64.RawURLEncoding.EncodeToString(append(b[:], seal(key, b[:])...))
}

func seal(key, head []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(head)
	return h.Sum(nil)[:nonceSize-nonceHead]
}

func openNonce(key []byte, nonce string) (given time.Time, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != nonceSize || !hmac.Equal(b[nonceHead:], seal(key, b[:nonceHead])) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))), true
}

// nonceCounts are the counts that clients have used with each nonce: a request that is played back has one that is taken.
// Each router knows of those that came to it. Requests of one client overtake each other, so that the last 64 counts are
// told apart.
type nonceCounts struct {
	mu     sync.Mutex
	counts map[string]*nonceCount
}

type nonceCount struct {
	given   time.Time
	highest uint64
	used    uint64 // bit n: highest-n
}

// mostNonces bounds the memory of a filter. A nonce is only remembered for a right digest: strangers cannot fill it.
const mostNonces = 16384

// take uses a count; false if it was used, or is older than can be told.
func (n *nonceCounts) take(nonce string, count uint64, given, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.counts[nonce]
	if c == nil {
		n.makeRoom(now)
		c = &nonceCount{given: given}
		n.counts[strings.Clone(nonce)] = c // the engine's buffer is not ours to keep
	}
	switch {
	case count == 0:
		return false
	case count > c.highest:
		c.used = c.used<<(count-c.highest) | 1
		c.highest = count
		return true
	case c.highest-count >= 64 || c.used&(1<<(c.highest-count)) != 0:
		return false
	}
	c.used |= 1 << (c.highest - count)
	return true
}

// makeRoom forgets nonces that have run out, and any other if there are none.
func (n *nonceCounts) makeRoom(now time.Time) {
	if len(n.counts) < mostNonces {
		return
	}
	for nonce, c := range n.counts {
		if now.Sub(c.given) > nonceLife {
			delete(n.counts, nonce)
		}
	}
	for nonce := range n.counts {
		if len(n.counts) < mostNonces {
			return
		}
		delete(n.counts, nonce)
	}
}
