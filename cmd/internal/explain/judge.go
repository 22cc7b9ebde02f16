package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// Filters are judged one by one: one whose answer depends on nothing but the request is made as the router makes it, and
// asked. Of the others, which count or ask somebody, it is said what it depends on.

// A Step is a filter beside the request.
type Step struct {
	EntryPoint string `json:"entryPoint,omitempty"` // whose filter it is; "": the route's
	Filter     string `json:"filter"`
	Outcome    string `json:"outcome"`            // "passes", "answers", "depends" or "not reached"
	Status     int    `json:"status,omitempty"`   // of the answer that it gives, or may give
	Location   string `json:"location,omitempty"` // of its redirect
	Why        string `json:"why,omitempty"`
}

// The outcomes of steps.
const (
	passes     = "passes"
	answers    = "answers"
	depends    = "depends"
	notReached = "not reached"
)

// A judge takes one request through filters.
type judge struct {
	world World
	q     *message.Request
	visit *middleware.Visit
	known bool   // the client's address is
	at    string // the entry point whose filters are asked; "": they are the route's
	steps []Step
	ended bool        // a filter has answered
	pages []errorPage // that see the answer, the first to take its place in front
}

type errorPage struct{ rules.ErrorPage }

// newJudge has the request as filters see it: without what this client may not say of itself.
func newJudge(w World, entry EntryPoint, r Request, u *url.URL, host string) *judge {
	q := &message.Request{Method: r.Method, Scheme: "http", Host: host, Path: u.Path, RawPath: u.EscapedPath(), RawQuery: u.RawQuery,
		Query: u.RawQuery != "" || u.ForceQuery, Client: netip.AddrPortFrom(r.Client, 0)}
	for name, values := range r.Header {
		for _, value := range values {
			if name != "Host" {
				q.Fields.Add(name, value)
			}
		}
	}
	switch {
	case u.Scheme != "https":
	case entry.TLS:
		q.Scheme = "https"
	case !q.Fields.Has("X-Forwarded-Proto"):
		q.Fields.Add("X-Forwarded-Proto", "https") // as whoever ends TLS in front of the router says
	}
	if !entry.trusts(r.Client) {
		q.Fields.Keep(func(name string) bool { return !message.TellsOfClient(name) })
	}
	message.RemoveHopByHop(&q.Fields)
	j := &judge{world: w, q: q, known: r.Client.IsValid()}
	j.visit = &middleware.Visit{Exchange: exchange{q}, Router: j, Entry: entry.Name, Path: q.RawPath}
	return j
}

// admit asks the entry point's filters.
func (j *judge) admit(e EntryPoint) {
	j.at = e.Name
	for _, f := range e.Filters {
		j.ask(f)
	}
	j.at = ""
}

// pass asks the route's.
func (j *judge) pass(r *rules.Route) {
	j.visit.Route = r
	all := r.Chain()
	for i, f := range all {
		if i < len(all)-len(r.Filters) { // it has rewritten the path already
			j.steps = append(j.steps, Step{Filter: rules.FilterText(f), Outcome: passes})
			continue
		}
		j.ask(f)
	}
}

// limit adds the service's own limit of connections.
func (j *judge) limit(m *rules.MaxConn) {
	if m != nil {
		j.ask(rules.InFlight{Key: m.Extractor, Amount: m.Amount})
	}
}

// ask takes the request to one filter.
func (j *judge) ask(f rules.Filter) {
	s := Step{EntryPoint: j.at, Filter: rules.FilterText(f), Outcome: notReached}
	if !j.ended {
		s = j.judge(f, s)
		j.ended = s.Outcome == answers
	}
	j.steps = append(j.steps, s)
}

func (j *judge) judge(f rules.Filter, s Step) Step {
	s.Outcome = passes
	switch f := f.(type) {
	case rules.AllowList:
		if !j.known && f.Depth == 0 && len(f.Excluded) == 0 {
			return s.depends(cmp.Or(f.RejectStatus, http.StatusForbidden), "on the client's address; --client says it")
		}
	case rules.BasicAuth:
		return j.basic(f, s)
	case rules.DigestAuth:
		if j.q.Fields.Has("Authorization") {
			return s.depends(http.StatusUnauthorized, "on the digest, which is of a nonce that the router gives")
		}
		f.UsersFile = ""
		return j.run(f, s)
	case rules.ForwardAuth:
		return s.depends(0, "on what "+address(f)+" answers")
	case rules.RateLimit:
		return s.depends(http.StatusTooManyRequests, "on how many requests of "+f.Key.String()+" there were lately")
	case rules.InFlight:
		return s.depends(http.StatusTooManyRequests, "on how many requests of "+f.Key.String()+" are served at the time")
	case rules.CircuitBreaker:
		return s.depends(cmp.Or(f.Status, http.StatusServiceUnavailable), "on how the service has answered lately")
	case rules.Buffering:
		if f.MaxRequest > 0 {
			return s.depends(http.StatusRequestEntityTooLarge, fmt.Sprintf("on the body, which may have %d bytes", f.MaxRequest))
		}
		return s
	case rules.Headers:
		if j.world.Hidden {
			return s.depends(0, "on values that the recording keeps to itself")
		}
	case rules.ErrorPage:
		j.pages = append([]errorPage{{f}}, j.pages...) // an answer meets the filters backwards
		return s
	case rules.Retry, rules.Compress, rules.ContentType, rules.ClientCert:
		return s // they never answer in an endpoint's place
	}
	return j.run(f, s)
}

// basic verifies a name and a password where nobody could guess them by it: a router's API is asked by anybody.
func (j *judge) basic(f rules.BasicAuth, s Step) Step {
	switch {
	case !j.q.Fields.Has("Authorization"):
		f.UsersFile = ""
		s.Why = "no name and password; -H Authorization gives them"
	case !j.world.Passwords:
		return s.depends(http.StatusUnauthorized, "on the name and the password, which are not verified here, lest they be guessed")
	case j.world.Hidden:
		return s.depends(http.StatusUnauthorized, "on the name and the password, and the recording keeps the users to itself")
	case f.UsersFile != "":
		return s.depends(http.StatusUnauthorized, "on "+f.UsersFile+", a file in the router's container")
	}
	return j.run(f, s)
}

// run makes the filter and asks it.
func (j *judge) run(f rules.Filter, s Step) Step {
	chain, err := middleware.NewStore(middleware.Options{}).EntryPoint(j.at, []rules.Filter{f})
	if err != nil {
		s.Outcome, s.Status, s.Why = answers, http.StatusServiceUnavailable, "the filter cannot be made: "+err.Error()
		return s
	}
	r := chain.Request(j.visit)
	if r == nil {
		s.Why = ""
		return s
	}
	s.Outcome, s.Status, s.Location = answers, r.Status, r.Fields.Get("Location")
	if s.Why == "" {
		s.Why = j.whyAnswered(f)
	}
	return s
}

// whyAnswered is what the request had that made a filter answer.
func (j *judge) whyAnswered(f rules.Filter) string {
	switch f := f.(type) {
	case rules.AllowList:
		if from := j.q.Fields.Joined("X-Forwarded-For"); f.AnyForwarded || f.Depth > 0 || len(f.Excluded) > 0 {
			return "no allowed address is where the list looks: X-Forwarded-For is " + orNone(from)
		}
		return "the client is " + j.q.Client.Addr().String()
	case rules.BasicAuth:
		return "no user has this name and this password"
	case rules.Closed:
		return "the route is closed, as its labels want a lock or another middleware that cannot be made"
	case rules.Headers:
		if j.visit.Refused == middleware.RefusedHeaders {
			return "the host is " + j.q.Host
		}
	}
	return ""
}

func (s Step) depends(status int, why string) Step {
	s.Outcome, s.Status, s.Why = depends, status, why
	return s
}

// address is whom a permission is asked of, without a name and a password.
func address(f rules.ForwardAuth) string {
	u, err := url.Parse(f.Address)
	if err != nil {
		return "its server"
	}
	return u.Scheme + "://" + u.Host
}

func orNone(text string) string {
	if text == "" {
		return "empty"
	}
	return text
}
