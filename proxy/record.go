package proxy

import (
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/message"
)

// A request that is logged has a record, which gathers on the way what is gone at the end. Without an access log there is
// none, and each of its places in serve.go costs a request a look at a nil pointer.

// begins makes one.
func (v *visit) begins(log *accesslog.Log, q *message.Request) {
	v.record = log.Begin(q, v.started)
	if v.entry.trusts(q.Client.Addr().Unmap().WithZone("")) {
		v.record.Forwarded = q.Fields.Get("X-Forwarded-For") // 1.x believes everybody's, and so do we unless told otherwise
	}
}

// came notes an answer before filters see it. They may put another body in its place, so that this one is counted.
func (v *visit) came(r *message.Response) {
	v.log().Origin(v.record, r)
	if r.Body != nil && (v.chain != nil || len(v.entry.responses) > 0) {
		v.counted = &counted{Body: r.Body}
		r.Body = v.counted
	}
}

// goes notes it when they have. A body that they left alone is sent as it came, by the engine's fast ways.
func (v *visit) goes(r *message.Response) {
	if v.counted != nil && r.Body == message.Body(v.counted) {
		r.Body, v.counted = v.counted.Body, nil
	}
	v.log().Answer(v.record, r)
}

// ends fills in the rest and has the line written.
func (v *visit) ends(took time.Duration) {
	r := v.record
	v.record = nil
	r.Took, r.Status, r.Sent, r.OriginSent, r.Retries = took, v.code(), v.sent, v.sent, v.retries
	if v.counted != nil {
		r.OriginSent = v.counted.n
	}
	if r.OriginStatus == 0 {
		r.OriginStatus = r.Status // of a client that has left, or a request that met a fault of ours
	}
	if !v.asked.IsZero() {
		r.OriginTook = took - v.asked.Sub(v.started)
	}
	v.place(r)
	v.log().End(r)
}

// forget gives back the record of a request that is not logged.
func (v *visit) forget() {
	if v.record != nil {
		v.log().Drop(v.record)
		v.record = nil
	}
}

func (v *visit) log() *accesslog.Log { return v.entry.proxy.options.AccessLog }

// place tells where the request went, in the words of Traefik 1.7.
func (v *visit) place(r *accesslog.Record) {
	refused := ""
	if v.filtered != nil {
		r.User, refused = v.filtered.User, v.filtered.Refused
	}
	if v.route == nil {
		r.Verdict = "backend not found"
		if word := verdicts[refused]; word != "" {
			r.Verdict, r.Frontend = entryVerdicts[refused], v.entry.options.Name
		}
		return
	}
	r.Frontend, r.Backend = v.route.Name, v.route.Service.Name
	if v.full {
		refused = "in-flight"
	}
	if r.Verdict = verdicts[refused]; r.Verdict != "" {
		return
	}
	r.Frontend = strings.TrimPrefix(r.Frontend, "frontend-")
	if v.endpoint != nil {
		r.URL, r.Addr = v.endpoint.URL(), v.endpoint.Addr
	}
}

// verdicts are what 1.7 says of requests that a filter of a route has answered, by the filter's kind.
var verdicts = map[string]string{
	"rate-limit": "rate limit for ", "in-flight": "connection limit for ",
	"basic-auth": "Auth for ", "digest-auth": "Auth for ", "forward-auth": "Auth for ",
	"allow-list": "ipwhitelister for ",
	"redirect":   "frontend redirect for ", "redirect-scheme": "frontend redirect for ", "redirect-entry-point": "frontend redirect for ",
}

// entryVerdicts are the same of an entry point.
var entryVerdicts = map[string]string{
	"basic-auth": "Auth for entrypoint ", "digest-auth": "Auth for entrypoint ", "forward-auth": "Auth for entrypoint ",
	"allow-list": "ipwhitelister for entrypoint ",
	"redirect":   "entrypoint redirect for ", "redirect-scheme": "entrypoint redirect for ", "redirect-entry-point": "entrypoint redirect for ",
}

// counted is a body with the number of bytes that were read of it.
type counted struct {
	message.Body
	n int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (n int, err error) {
	n, err = c.Body.Read(p)
	c.n += int64(n)
	return n, err
}
