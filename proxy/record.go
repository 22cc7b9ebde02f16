package proxy

import (
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
)

// A request that is logged has a record, which gathers on the way what is gone at the end. Without an access log there is
// none, and each of its places in serve.go costs a request a look at a nil pointer.

// begins makes one.
func (v *visit) begins(log *accesslog.Log, q *message.Request) {
	v.record = log.Begin(q, v.started)
	if v.entry.trusts(q.Peer()) {
		v.record.Forwarded = q.Fields.Get("X-Forwarded-For") // 1.x believes everybody's, and so do we unless told otherwise
	}
}

// came notes an answer before filters see it. They may put another body in its place, so that this one is counted.
func (v *visit) came(r *message.Response) {
	v.log().Origin(v.record, r)
	if r.Body != nil && (v.chain != nil || v.admitted != nil || len(v.entry.responses) > 0) {
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
	refused := v.heard(r)
	if v.route == nil {
		r.Verdict = "backend not found"
		if word := verdicts[refused].entry; word != "" {
			r.Verdict, r.Frontend = word, v.entry.options.Name
		}
		return
	}
	r.Frontend, r.Backend = v.route.Name, v.route.Service.Name
	if v.full {
		refused = "in-flight"
	}
	if r.Verdict = verdicts[refused].route; r.Verdict != "" {
		return
	}
	r.Frontend = strings.TrimPrefix(r.Frontend, "frontend-")
	if v.endpoint != nil {
		r.URL, r.Addr = v.endpoint.URL(), v.endpoint.Addr
	}
}

// heard is what filters have found out: the user, and the word of the one that answered in an endpoint's place.
func (v *visit) heard(r *accesslog.Record) (refused string) {
	if v.admitted != nil {
		r.User, refused = v.admitted.User, v.admitted.Refused
	}
	if v.filtered != nil {
		r.User, refused = v.filtered.User, v.filtered.Refused
	}
	return refused
}

// verdicts are what 1.7 says of requests that a filter of an entry point or of a route has answered, by the filter's word.
var verdicts = map[string]struct{ entry, route string }{
	middleware.RefusedAuth:      {"Auth for entrypoint ", "Auth for "},
	middleware.RefusedAllowList: {"ipwhitelister for entrypoint ", "ipwhitelister for "},
	middleware.RefusedRedirect:  {"entrypoint redirect for ", "frontend redirect for "},
	"rate-limit":                {"", "rate limit for "},
	"in-flight":                 {"", "connection limit for "},
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
