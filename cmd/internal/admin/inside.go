package admin

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy/message"
)

// Inside is pages on an entry point of the proxy, before its routes (proxy.Internal). The root is not among them, where 1.x
// leads to the dashboard: on an entry point that is somebody's page.
type Inside struct {
	server *Server
	pages  Pages
	serve  http.Handler
}

// Inside makes pages for an entry point.
func (s *Server) Inside(p Pages) *Inside { return &Inside{s, p, s.Handler(p)} }

// Open answers /ping and /ready, which nobody has to be let in for.
func (i *Inside) Open(q *message.Request) *message.Response {
	if !i.pages.Ping || !i.within(q, "/ping", "/ready") {
		return nil
	}
	return i.answer(q)
}

// Admitted answers the other pages.
func (i *Inside) Admitted(q *message.Request) *message.Response {
	switch {
	case i.pages.Metrics && i.within(q, "/metrics"):
	case i.pages.API && i.within(q, "/health", "/api"):
	case i.pages.API && !i.server.options.NoDashboard && i.within(q, "/dashboard"):
	case i.pages.API && i.server.options.Debug && i.within(q, "/debug/vars", "/debug/pprof"):
	default:
		return nil
	}
	return i.answer(q)
}

// within says whether a request is a GET of one of these or of what is below it. Other methods are for the routes, as in 1.x.
func (i *Inside) within(q *message.Request, pages ...string) bool {
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		return false
	}
	path, below := strings.CutPrefix(q.Path, i.server.prefix())
	if !below {
		return false
	}
	for _, page := range pages {
		if rest, found := strings.CutPrefix(path, page); found && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// answer asks the pages by net/http. Their answers are small, so that they may wait to be whole; texts of the engine's are
// copied, since net/http may keep them.
func (i *Inside) answer(q *message.Request) *message.Response {
	r := &http.Request{
		Method: strings.Clone(q.Method), Host: strings.Clone(q.Host), RemoteAddr: q.Client.String(), Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL: &url.URL{Path: strings.Clone(q.Path), RawQuery: strings.Clone(q.RawQuery)},
	}
	for _, f := range q.Fields.All() {
		r.Header.Add(strings.Clone(f.Name), strings.Clone(f.Value))
	}
	w := &page{header: http.Header{}}
	i.serve.ServeHTTP(w, r)
	return w.response()
}

// A page is what a handler writes.
type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *page) Header() http.Header { return p.header }

func (p *page) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

func (p *page) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

func (p *page) response() *message.Response {
	p.WriteHeader(http.StatusOK)
	body := message.Text(p.body.String())
	r := &message.Response{Status: p.status, Body: body}
	if p.header.Get("Content-Type") == "" && p.body.Len() > 0 {
		p.header.Set("Content-Type", http.DetectContentType(p.body.Bytes()))
	}
	if p.header.Get("Content-Length") == "" {
		p.header.Set("Content-Length", strconv.Itoa(p.body.Len()))
	}
	for name, values := range p.header {
		for _, value := range values {
			r.Fields.Add(name, value)
		}
	}
	return r
}
