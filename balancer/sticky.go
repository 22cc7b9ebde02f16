package balancer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// SetStickyKey replaces Options.StickyKey for a router that learns it only from the swarm. It is for the time before
// the first Grow: cookies given out under another key would be forgotten.
func (f *Fleet) SetStickyKey(key []byte) { f.options.StickyKey = key }

// Token is what a sticky cookie says instead of the endpoint's address: a keyed hash, the same on every
// router that has the same key, and no hint at addresses to those who have not.
func (g *Group) Token(e *Endpoint) string {
	if t := e.token.Load(); t != nil {
		return *t
	}
	t := token(g.fleet.options.StickyKey, e)
	e.token.Store(&t)
	return t
}

// token hashes what identifies the endpoint. 64 bits tell the endpoints of one group apart.
func token(key []byte, e *Endpoint) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(e.Task + "\n" + e.Scheme + "\n" + e.Addr))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Find is the endpoint that a cookie names, by token or by URL as Traefik 1.x wrote it; nil when there is
// none that may be used. Weight does not matter: at weight 0 a service gets no new sessions and keeps those it has.
func (g *Group) Find(token string) *Endpoint { return g.ring.Load().tokens[token] }

// tokens are those of all endpoints not known to be bad. An unprobed one counts: when the router restarts,
// sessions must not move to whichever endpoint answers its first probe soonest.
func (g *Group) tokens(desperate bool) map[string]*Endpoint {
	found := make(map[string]*Endpoint)
	for i := range g.sources {
		for _, m := range g.sources[i].members {
			if s := m.state(); s == Down || s == Ejected && !desperate {
				continue
			}
			found[g.Token(m.Endpoint)] = m.Endpoint
			found[m.url] = m.Endpoint
		}
	}
	return found
}
