package acme

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	caproblem "github.com/mholt/acmez/v3/acme"
)

// A challenge is answered by any router: what to say stands in the storage, put there by the one that orders.

// HTTPPath is where a CA looks for the answer of HTTP01, followed by the challenge's token.
const HTTPPath = "/.well-known/acme-challenge/"

// lookupTime is how long who asks for a challenge may keep us looking.
const lookupTime = 5 * time.Second

// Answer is what to say at HTTPPath for a host and a token; "": there is no such challenge.
func (m *Manager) Answer(ctx context.Context, host, token string) string {
	c, err := m.challenge(ctx, host)
	if err != nil || c.Type != string(HTTP01) || c.Token != token {
		return ""
	}
	return c.KeyAuthorization
}

// challenged is the certificate that shows a CA that a host is ours.
func (m *Manager) challenged(ctx context.Context, host string) (*tls.Certificate, error) {
	c, err := m.challenge(ctx, host)
	if err != nil {
		return nil, err
	}
	return acmez.TLSALPN01ChallengeCert(c)
}

var errBusy = errors.New("too many ask for challenges")

// challenge is what the storage has for a host. Everybody may ask, so that few at a time do.
func (m *Manager) challenge(ctx context.Context, host string) (c caproblem.Challenge, err error) {
	select {
	case m.lookups <- struct{}{}:
		defer func() { <-m.lookups }()
	default:
		return c, errBusy
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	host = certmagic.StorageKeys.Safe(host)
	if host == "" || strings.Contains(host, "/") {
		return c, fmt.Errorf("a challenge for %q", host)
	}
	text, err := m.options.Storage.Load(ctx, m.place+"/challenge_tokens/"+host+".json")
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}
