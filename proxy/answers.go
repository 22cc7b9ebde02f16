package proxy

import (
	"fmt"
	"html"
	"net/http"
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
)

// The router's own answers, as Traefik 1.x words them; the one departure is 503 where it said 404 for
// a service that is known and has no running task.

func notFound() *message.Response {
	r := middleware.Answer(http.StatusNotFound, "404 page not found\n")
	r.Fields.Add("X-Content-Type-Options", "nosniff")
	return r
}

func failed(status int) *message.Response {
	r := middleware.Answer(status, http.StatusText(status))
	if status == http.StatusServiceUnavailable {
		r.Fields.Add("Retry-After", "1")
	}
	return r
}

func tooMany(limit int64) *message.Response {
	return middleware.Answer(http.StatusTooManyRequests, fmt.Sprintf("max connections reached: %d", limit))
}

// movedTo sends a client to the other form of a path's last slash; the small page is for GET alone.
func movedTo(path string, q *message.Request) *message.Response {
	location := path
	if q.Query {
		location += "?" + q.RawQuery
	}
	r := &message.Response{Status: http.StatusMovedPermanently}
	if q.Method == http.MethodGet {
		page := "<a href=\"" + html.EscapeString(location) + "\">Moved Permanently</a>.\n\n"
		r.Body = message.Text(page)
		r.Fields.Add("Content-Type", "text/html; charset=utf-8")
		r.Fields.Add("Content-Length", strconv.Itoa(len(page)))
	}
	r.Fields.Add("Location", location)
	return r
}
