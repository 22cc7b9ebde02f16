package middleware

import (
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A Chain is a route's or an entry point's filters, ready to run. A request passes them in their order and its answer in
// the opposite one, but only those that the request has passed. It is immutable and serves any number of requests at once.
type Chain struct {
	filters []link
	retry   *rules.Retry
}

// A link is one filter's parts; most have one or two of the three.
type link struct {
	asker    Asker
	answerer Answerer
	switcher Switcher
	doner    Doner
}

// An Asker sees the request before it is forwarded. An answer of its own ends the request's way.
type Asker interface {
	Request(v *Visit) *message.Response
}

// An Answerer sees the head of the answer, an endpoint's or the router's own, and may change it or put another in its
// place; then it closes the body of the one it was given.
type Answerer interface {
	Response(v *Visit, r *message.Response) *message.Response
}

// A Switcher sees the head of a 101 too, behind which the bytes are no answer's. It may change its fields; nobody may put
// another answer in its place.
type Switcher interface {
	Switch(v *Visit, r *message.Response)
}

// A Doner hears of the end of each request that its Request let pass, whatever became of it.
type Doner interface {
	Done(v *Visit)
}

// A Visit is one request on its way through filters: what they may know of it, and what they leave for those behind.
type Visit struct {
	Exchange  message.Exchange
	Router    Router
	Route     *rules.Route // nil in an entry point's filters
	Entry     string       // the entry point's name
	Path      string       // raw, as the client sent it: before modifiers and filters
	User      string       // whom authentication has found
	Refused   string       // what answered in the endpoint's place, as Traefik 1.7's access log has it: one of the words below
	Forwarded bool         // the answer is an endpoint's, not our own
	// Failure is why a filter could not do its work, for the log; nil: all could.
	Failure *message.Failure

	slots  []any // what filters keep of the request, by their place
	place  int   // of the filter that runs
	passed int   // filters that the request has passed
	all    bool  // it has passed them all
	paged  bool  // the answer is an error page by now
}

// What answered in an endpoint's place: "Auth for frontend-x", "frontend redirect for frontend-x".
const (
	RefusedAuth      = "Auth"
	RefusedAllowList = "ipwhitelister"
	RefusedRedirect  = "redirect"
	RefusedHeaders   = "headers" // Traefik 1.7 logs nothing of its own here
)

// A Router is what filters may ask of the proxy around them.
type Router interface {
	// EntryPoint tells an entry point's scheme and port, for redirects.
	EntryPoint(name string) (scheme, port string, ok bool)
	// Fetch asks a service of the table in force in the client's place. The answer's body is to be closed.
	Fetch(v *Visit, service string, q *message.Request) (*message.Response, *message.Failure)
	// Again forwards the client's request once more. It is for a request whose body can be read anew, and after the body of
	// the answer before was closed.
	Again(v *Visit) (*message.Response, *message.Failure)
}

// Keep leaves something for the filter's own later parts.
func (v *Visit) Keep(what any) {
	for len(v.slots) <= v.place {
		v.slots = append(v.slots, nil)
	}
	v.slots[v.place] = what
}

// Kept is what the filter has kept; nil: nothing.
func (v *Visit) Kept() any {
	if v.place >= len(v.slots) {
		return nil
	}
	return v.slots[v.place]
}

// Retry is how often the route's requests may be tried; nil: the router's own rules hold.
func (c *Chain) Retry() *rules.Retry { return c.retry }

// Request runs the filters until one answers in the endpoint's place; nil: the request goes on.
func (c *Chain) Request(v *Visit) *message.Response {
	v.passed = 0
	for i := range c.filters {
		v.place = i
		if asker := c.filters[i].asker; asker != nil {
			if r := asker.Request(v); r != nil {
				return r
			}
		}
		v.passed = i + 1
	}
	v.all = true
	return nil
}

// Response runs the filters that the request has passed on its answer, the last first.
func (c *Chain) Response(v *Visit, r *message.Response) *message.Response {
	for i := v.passed - 1; i >= 0; i-- {
		v.place = i
		if answerer := c.filters[i].answerer; answerer != nil {
			r = answerer.Response(v, r)
		}
	}
	return r
}

// Switch runs the filters that the request has passed on a 101, the last first.
func (c *Chain) Switch(v *Visit, r *message.Response) {
	for i := v.passed - 1; i >= 0; i-- {
		v.place = i
		if switcher := c.filters[i].switcher; switcher != nil {
			switcher.Switch(v, r)
		}
	}
}

// Done tells the filters that the request has passed of its end.
func (c *Chain) Done(v *Visit) {
	for i := v.passed - 1; i >= 0; i-- {
		v.place = i
		if doner := c.filters[i].doner; doner != nil {
			doner.Done(v)
		}
	}
}
