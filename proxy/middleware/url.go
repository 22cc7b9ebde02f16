package middleware

import (
	"net"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
)

// The client's own URL, which redirects are made of: with the path as it was sent, before modifiers have taken a part of it.

func originalURL(v *Visit) string {
	q := v.Exchange.Request()
	return schemeOf(q) + "://" + q.Host + originalURI(v)
}

// originalURI is the path and the query. A path that is none ("*" of OPTIONS) is the root's.
func originalURI(v *Visit) string {
	path := v.Path
	if !strings.HasPrefix(path, "/") {
		path = "/"
	}
	return withQuery(path, v.Exchange.Request())
}

// withQuery is a path with the request's query behind it.
func withQuery(path string, q *message.Request) string {
	if q.Query {
		return path + "?" + q.RawQuery
	}
	return path
}

// schemeOf is how the client came, as far as whoever is in front of us is believed.
func schemeOf(q *message.Request) string {
	if q.Scheme == "https" || q.Fields.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}

// hostname is a host without its port; IPv6 addresses keep their brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		return "[" + host + "]"
	}
	return host
}

// withPort puts a port behind a host, but the one that its scheme has anyway.
func withPort(host, scheme, port string) string {
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return host
	}
	return host + ":" + port
}
