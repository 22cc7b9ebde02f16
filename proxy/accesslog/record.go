package accesslog

import (
	"net/netip"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A Record is what the log tells of one request. Its texts may be the engine's: they are good until the request ends.
type Record struct {
	Started   time.Time
	Took      time.Duration
	Client    netip.AddrPort
	ClientIP  string // as text, if the engine keeps it
	Forwarded string // the client's X-Forwarded-For, if it is to be believed
	User      string // whom authentication has found; "": nobody
	Host      string
	Method    string
	Path      string // the path alone
	RawQuery  string
	Query     bool // there was a question mark
	Proto     string
	Referer   string
	Agent     string

	Status       int   // as the client has it
	Sent         int64 // bytes of body that the client got
	OriginStatus int   // 0: nobody answered
	OriginSent   int64 // bytes of body before filters
	OriginTook   time.Duration
	Retries      int
	Count        uint64 // of requests since the start

	Verdict  string // what became of a request that no endpoint was asked for: "backend not found", "Auth for "
	Frontend string // behind the verdict, or alone
	Backend  string
	URL      string // the endpoint's
	Addr     string // its "host:port"

	body                        message.Body
	request, origin, downstream []byte // headers, in JSON
	sorted                      []message.Field
	line                        []byte
}

func (r *Record) begin(q *message.Request, started time.Time) {
	r.Started = started
	r.Client, r.ClientIP = q.Client, q.ClientIP
	r.Host, r.Method, r.Proto = q.Host, q.Method, q.Proto.String()
	r.Path, r.RawQuery, r.Query = q.RawPath, q.RawQuery, q.Query
	r.Referer, r.Agent = q.Fields.Get("Referer"), q.Fields.Get("User-Agent")
	r.body = q.Body // filters may put another in its place
}

// received is what was read of the request's body, if its engine counts.
func (r *Record) received() int64 {
	if b, ok := r.body.(interface{ Received() int64 }); ok {
		return b.Received()
	}
	return 0
}

// most is how much memory a record keeps for the next request, so that one with huge headers is not remembered for ever.
const most = 16 << 10

// reset keeps the memory and forgets what is in it: the engine's texts must not outlive the request.
func (r *Record) reset() {
	clear(r.sorted)
	*r = Record{request: kept(r.request), origin: kept(r.origin), downstream: kept(r.downstream), line: kept(r.line), sorted: r.sorted[:0]}
}

func kept(b []byte) []byte {
	if cap(b) > most {
		return nil
	}
	return b[:0]
}
