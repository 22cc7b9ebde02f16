package proxy

import (
	"net/http"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// stuckTo is the endpoint that the client's cookie names; nil when there is no cookie, or its endpoint is gone.
func (v *visit) stuckTo() *balancer.Endpoint {
	value, ok := cookie(&v.exchange.Request().Fields, v.service.Sticky.Cookie)
	if !ok {
		return nil
	}
	return v.group.Find(value)
}

// remember gives a client its cookie when the endpoint is not the one that its cookie names.
func (v *visit) remember(e *balancer.Endpoint, r *message.Response) {
	for _, leader := range v.above {
		if leader.cookie != "" {
			r.Fields.Add("Set-Cookie", leader.cookie)
		}
	}
	sticky := v.service.Sticky
	if sticky == nil {
		return
	}
	value, ok := cookie(&v.exchange.Request().Fields, sticky.Cookie)
	if ok && v.group.Find(value) == e {
		return
	}
	r.Fields.Add("Set-Cookie", stickyCookie(sticky, v.group.Token(e)))
}

func stickyCookie(s *rules.Sticky, token string) string {
	c := http.Cookie{Name: s.Cookie, Value: token, Path: "/", Secure: s.Secure, HttpOnly: s.HTTPOnly}
	switch s.SameSite {
	case "none":
		c.SameSite = http.SameSiteNoneMode
	case "lax":
		c.SameSite = http.SameSiteLaxMode
	case "strict":
		c.SameSite = http.SameSiteStrictMode
	}
	return c.String()
}

// cookie finds a cookie by its name. One cookie that is not well formed does not hide the others.
func cookie(fields *message.Fields, name string) (value string, found bool) {
	fields.Values("Cookie", func(line string) bool {
		request := http.Request{Header: http.Header{"Cookie": {line}}}
		if c, err := request.Cookie(name); err == nil {
			value, found = c.Value, true
		}
		return !found
	})
	return value, found
}
