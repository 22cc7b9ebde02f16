package middleware

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
)

// What of Headers hardens a site: who is answered at all, by which scheme, and what browsers are told.

// host is the host that the client asked for, which may stand in a field that somebody in front of us has set.
func (h headers) host(q *message.Request) string {
	for _, name := range h.HostsProxyHeaders {
		if host := q.Fields.Get(name); host != "" {
			return host
		}
	}
	return q.Host
}

// secure says whether the client came by TLS, to us or to somebody in front of us.
func (h headers) secure(q *message.Request) bool {
	if q.Scheme == "https" {
		return true
	}
	for _, p := range h.SSLProxyHeaders {
		if q.Fields.Get(p.Name) == p.Value && p.Value != "" {
			return true
		}
	}
	return false
}

// guard refuses other hosts, and redirects to https.
func (h headers) guard(v *Visit, host string) *message.Response {
	if h.IsDevelopment {
		return nil
	}
	if len(h.AllowedHosts) > 0 && !hostListed(h.AllowedHosts, host) {
		return Answer(http.StatusInternalServerError, "Bad Host\n")
	}
	secure := h.secure(v.Exchange.Request())
	to := cmp.Or(h.SSLHost, host)
	if h.SSLRedirect && !secure || h.SSLForceHost && to != host {
		v.Refused = RefusedRedirect
		return h.toHTTPS(v, to)
	}
	return nil
}

func hostListed(hosts []string, host string) bool {
	for _, allowed := range hosts {
		if strings.EqualFold(allowed, host) {
			return true
		}
	}
	return false
}

// toHTTPS keeps the path that the client sent. Traefik 1.x took the one that modifiers had left, and lost a prefix.
func (h headers) toHTTPS(v *Visit, host string) *message.Response {
	status := http.StatusMovedPermanently
	if h.SSLTemporaryRedirect {
		status = http.StatusTemporaryRedirect
	}
	return moved(status, "https://"+host+originalURI(v))
}

// harden tells browsers what they are not to do. An endpoint's own word is replaced.
func (h headers) harden(fields *message.Fields, secure bool) {
	set := func(name, value string) {
		if value != "" {
			fields.Set(name, value)
		}
	}
	if !h.IsDevelopment {
		set("Strict-Transport-Security", h.strictTransport(secure))
		if secure {
			set("Public-Key-Pins", h.PublicKey)
		}
	}
	set("X-Frame-Options", cmp.Or(h.CustomFrameOptionsValue, when(h.FrameDeny, "DENY")))
	set("X-Content-Type-Options", when(h.ContentTypeNosniff, "nosniff"))
	set("X-Xss-Protection", cmp.Or(h.CustomBrowserXSSValue, when(h.BrowserXSSFilter, "1; mode=block")))
	set("Content-Security-Policy", withNonce(h.ContentSecurityPolicy))
	set("Content-Security-Policy-Report-Only", withNonce(h.CSPReportOnly))
	set("Referrer-Policy", h.ReferrerPolicy)
	set("Permissions-Policy", h.PermissionsPolicy)
}

func when(on bool, value string) string {
	if on {
		return value
	}
	return ""
}

func (h headers) strictTransport(secure bool) string {
	if h.STSSeconds == 0 || !secure && !h.ForceSTSHeader {
		return ""
	}
	return "max-age=" + strconv.FormatInt(h.STSSeconds, 10) + when(h.STSIncludeSubdomains, "; includeSubDomains") + when(h.STSPreload, "; preload")
}

// withNonce fills in $NONCE, a new one for each answer.
func withNonce(policy string) string {
	if !strings.Contains(policy, "$NONCE") {
		return policy
	}
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	return strings.ReplaceAll(policy, "$NONCE", "'nonce-"+base64.StdEncoding.EncodeToString(nonce[:])+"'")
}
