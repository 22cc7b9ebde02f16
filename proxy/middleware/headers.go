package middleware

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A headers filter sets and deletes fields of requests and responses, answers preflight requests, and keeps clients away
// from hosts and schemes that are not the site's (security.go).
type headers struct{ rules.Headers }

func newHeaders(f rules.Headers) headers {
	ours := func(p rules.Pair) bool { return framing(p.Name) }
	f.Request = slices.DeleteFunc(slices.Clone(f.Request), ours)
	f.Response = slices.DeleteFunc(slices.Clone(f.Response), ours)
	return headers{f}
}

// Request implements Asker.
func (h headers) Request(v *Visit) *message.Response {
	q := v.Exchange.Request()
	if r := h.preflight(q); r != nil {
		return r
	}
	setFields(&q.Fields, h.Headers.Request) // first, so that what hardens sees them, as in Traefik 1.x
	host := h.host(q)
	for _, p := range h.Headers.Request {
		if message.SameName(p.Name, "Host") && p.Value != "" {
			q.Fields.Del("Host")
			q.Host = p.Value
		}
	}
	r := h.guard(v, host)
	if r != nil && v.Refused == "" {
		v.Refused = RefusedHeaders
	}
	return r
}

// setFields sets pairs in their order; an empty value deletes.
func setFields(fields *message.Fields, pairs []rules.Pair) {
	for _, p := range pairs {
		if p.Value == "" {
			fields.Del(p.Name)
			continue
		}
		fields.Set(p.Name, p.Value)
	}
}

// Response implements Answerer.
func (h headers) Response(v *Visit, r *message.Response) *message.Response {
	if !v.Forwarded && !h.Always {
		return r
	}
	q := v.Exchange.Request()
	h.harden(&r.Fields, h.secure(q))
	setFields(&r.Fields, h.Headers.Response)
	h.share(q, &r.Fields)
	return r
}

// Switch implements Switcher: a 101 has what any answer of an endpoint has.
func (h headers) Switch(v *Visit, r *message.Response) { h.Response(v, r) }

// preflight answers the question of a browser whether a page of another origin may send a request.
func (h headers) preflight(q *message.Request) *message.Response {
	origin := q.Fields.Get("Origin")
	if h.CORS == nil || q.Method != http.MethodOptions || origin == "" || q.Fields.Get("Access-Control-Request-Method") == "" {
		return nil
	}
	r := Answer(http.StatusOK, "")
	if h.CORS.AllowCredentials {
		r.Fields.Add("Access-Control-Allow-Credentials", "true")
	}
	addList(&r.Fields, "Access-Control-Allow-Headers", h.CORS.AllowHeaders)
	addList(&r.Fields, "Access-Control-Allow-Methods", h.CORS.AllowMethods)
	if allowed := allowedOrigin(h.CORS, origin); allowed != "" {
		r.Fields.Add("Access-Control-Allow-Origin", allowed)
	}
	r.Fields.Add("Access-Control-Max-Age", strconv.FormatInt(h.CORS.MaxAge, 10))
	h.vary(&r.Fields)
	return r
}

func addList(fields *message.Fields, name string, values []string) {
	if len(values) > 0 {
		fields.Add(name, strings.Join(values, ","))
	}
}

// allowedOrigin is what Access-Control-Allow-Origin says to an origin, or "".
func allowedOrigin(c *rules.CORS, origin string) string {
	for _, allowed := range c.AllowOrigins {
		if allowed == "*" || allowed == origin {
			return allowed
		}
	}
	for _, like := range c.AllowOriginsLike {
		if like.MatchString(origin) {
			return origin
		}
	}
	return ""
}

// share tells a browser that a page of another origin may read the answer.
func (h headers) share(q *message.Request, fields *message.Fields) {
	if h.CORS == nil {
		return
	}
	if allowed := allowedOrigin(h.CORS, q.Fields.Get("Origin")); q.Fields.Has("Origin") && allowed != "" {
		fields.Set("Access-Control-Allow-Origin", allowed)
	}
	if h.CORS.AllowCredentials {
		fields.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(h.CORS.ExposeHeaders) > 0 {
		fields.Set("Access-Control-Expose-Headers", strings.Join(h.CORS.ExposeHeaders, ","))
	}
	h.vary(fields)
}

func (h headers) vary(fields *message.Fields) {
	if h.CORS.AddVary && !message.Listed(fields.Joined("Vary"), "Origin") {
		fields.Add("Vary", "Origin")
	}
}
