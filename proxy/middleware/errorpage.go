package middleware

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// An errorPage replaces answers with some statuses by what another service says, under the status that there was. The
// service is asked without this or any other route's filters, so that a page of a page cannot be. If it does not answer, the
// client gets the first answer.
type errorPage struct{ rules.ErrorPage }

// Response implements Answerer.
func (p errorPage) Response(v *Visit, r *message.Response) *message.Response {
	if v.paged || !p.replaces(r.Status) {
		return r
	}
	page, fail := v.Router.Fetch(v, p.Service, p.request(v, r.Status))
	if fail != nil {
		return r
	}
	v.paged = true
	page.Status = r.Status
	keep(&page.Fields, &r.Fields)
	if r.Body != nil {
		discard(r.Body)
	}
	return page
}

func (p errorPage) replaces(status int) bool {
	for _, s := range p.Status {
		if s.First <= status && status <= s.Last {
			return true
		}
	}
	return false
}

// request is a GET for the page with the client's own fields but for those that ask for a part of something, or for it to
// have changed, or that describe a body: they were about another resource. The host is the client's, so that one service
// may have pages for many sites; Traefik 1.x said 0.0.0.0.
func (p errorPage) request(v *Visit, status int) *message.Request {
	from := v.Exchange.Request()
	q := &message.Request{
		Method: http.MethodGet, Scheme: from.Scheme, Host: from.Host, Proto: from.Proto, Fields: from.Fields.Clone(),
		Client: from.Client, ClientIP: from.ClientIP,
	}
	q.RawPath, q.RawQuery, q.Query = strings.Cut(p.target(from, v.Path, status), "?")
	if path, err := url.PathUnescape(q.RawPath); err == nil {
		q.Path = path
	} else {
		q.Path = q.RawPath
	}
	q.Fields.Keep(forPage)
	return q
}

func (p errorPage) target(q *message.Request, path string, status int) string {
	target := strings.ReplaceAll(p.Query, "{status}", strconv.Itoa(status))
	if strings.Contains(target, "{url}") {
		asked := q.Scheme + "://" + q.Host + path
		if q.Query {
			asked += "?" + q.RawQuery
		}
		target = strings.ReplaceAll(target, "{url}", url.QueryEscape(asked))
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return target
}

func forPage(name string) bool {
	for _, other := range [...]string{
		"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Expect", "Upgrade", "Connection",
		"Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range", "Transfer-Encoding", "Trailer", "Te",
	} {
		if message.SameName(name, other) {
			return false
		}
	}
	return true
}

// keep carries over the fields that a status is nothing without: how to log in, when to come again, what is allowed.
func keep(page, first *message.Fields) {
	for _, name := range [...]string{"Www-Authenticate", "Proxy-Authenticate", "Retry-After", "X-Retry-In", "Allow", "Location"} {
		if !first.Has(name) {
			continue
		}
		page.Del(name)
		first.Values(name, func(value string) bool {
			page.Add(name, strings.Clone(value)) // the first answer's memory goes with its body
			return true
		})
	}
}

// discard ends an answer that nobody wants. What of it is here already is read, so that its connection can be used again.
func discard(body message.Body) {
	here, ok := body.(interface{ Ready() bool })
	buffer := make([]byte, 4096)
	for total := 0; ok && here.Ready() && total < 64<<10; {
		n, err := body.Read(buffer)
		if err != nil {
			break
		}
		total += n
	}
	body.Close()
}
