package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/seneca"
	"github.com/appia-edge/appia/rules"
)

// ActOptions say how messages are taken: JSON objects that are posted, on an entry point of their own. It is opened by the first
// table that has a rule for messages, and then kept.
type ActOptions struct {
	Name     string        // of the entry point
	Address  string        // "host:port"
	MaxBody  int64         // bytes of a message; 0: DefaultMaxMessage
	Patience time.Duration // for the head of a reply; 0: as the Back says
	Hold     time.Duration // how long a message waits for a task where its service says nothing of it; 0: not at all
	Early    bool          // open it from the start
}

// DefaultMaxMessage is the longest message that is taken where nobody says otherwise.
const DefaultMaxMessage = 1 << 20

// A letter is what is known of a request that is a message.
type letter struct {
	message   rules.Message
	act       rules.Act
	observers []rules.Act
	read      *rules.Table    // for whose keys message was read
	text      []byte          // the message; good until the request is sent on
	gathered  bool            // text is our own, and good for as long as anybody has it; else it lies in the engine's buffer
	tally     *balancer.Tally // of its pin; nil: nobody takes it
	fields    [8]rules.Field
}

var letters = sync.Pool{New: func() any { return new(letter) }}

func (l *letter) giveBack() {
	*l = letter{}
	letters.Put(l)
}

// act takes a message from its text to the service whose pin is the first that holds for it. From there it goes the way of any
// request.
func (v *visit) act(now *view) {
	q := v.exchange.Request()
	v.letter = letters.Get().(*letter)
	v.letter.message.Fields = v.letter.fields[:0]
	if v.unfit(q) || !v.open(q, now) {
		return
	}
	v.clean(q)
	l := v.letter
	match := v.match(now)
	l.observers = now.table.Observers(&l.message, l.observers)
	if refused := v.untold(now); refused {
		return
	}
	if len(l.observers) > 0 {
		v.observe(q)
	}
	if match.Route != nil && match.Route.Owner.Gone {
		now, match = v.outlast(now, match)
	}
	if match.Route == nil {
		v.unclaimed(q)
		return
	}
	l.tally = now.pins[l.act.Number]
	v.route, v.service, v.group = match.Route, match.Route.Service, now.groups[match.Route.Service.ID]
	v.view = now
	if v.chain = now.chains[match.Route.ID]; v.chain != nil {
		v.filtered = v.visitor()
	}
	q.Patience = v.entry.act.Patience
	v.begin()
	defer v.leave()
	v.pass(q)
}

// match finds the request's route in a view: by its message, if it is one.
func (v *visit) match(now *view) rules.Match {
	if v.letter == nil {
		return now.table.Match(v.entry.options.Name, &v.query)
	}
	l := v.letter
	if l.read != now.table { // another table numbers its keys in another way
		_ = seneca.Scan(l.text, now.table.Keys(), &l.message) // it was a message before
		l.read = now.table
	}
	l.act = now.table.MatchAct(&l.message)
	return rules.Match{Route: l.act.Route}
}

// unfit refuses what is no message by its head. Seneca's own listeners run a query's words before the message's, and one of
// today's ends its process at a GET.
func (v *visit) unfit(q *message.Request) bool {
	switch {
	case q.Method != http.MethodPost:
		r := seneca.Error(http.StatusMethodNotAllowed, seneca.Code(http.StatusMethodNotAllowed), "a message is sent by POST")
		r.Fields.Add("Allow", http.MethodPost)
		v.answer(r)
	case q.Query:
		v.refuse(http.StatusBadRequest, "a message has no query: it would go one way and be read in another")
	case q.Body == nil:
		v.refuse(http.StatusBadRequest, seneca.ErrEmpty.Error())
	case q.Body.Length() > v.entry.act.MaxBody:
		v.tooLong()
	default:
		return false
	}
	return true
}

func (v *visit) refuse(status int, text string) {
	v.answer(seneca.Error(status, seneca.Code(status), text))
}

func (v *visit) tooLong() {
	v.refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("a message has at most %d bytes", v.entry.act.MaxBody))
}

// open reads the message. One that has come whole is read where it lies, and goes on from there; any other is gathered first.
func (v *visit) open(q *message.Request, now *view) bool {
	text, held := []byte(nil), false
	if body, ok := q.Body.(message.Held); ok {
		text, held = body.Held()
	}
	if !held {
		var fail *message.Failure
		text, fail = gather(q.Body, v.entry.act.MaxBody)
		switch {
		case fail != nil && errors.Is(fail.Err, errLongMessage):
			v.tooLong()
			return false
		case fail != nil:
			v.fail(fail)
			return false
		}
		v.letter.gathered = true
		q.Body = newSheet(text)
		q.Fields.Del("Transfer-Encoding")
		q.Trailer = ""
	}
	v.letter.text, v.letter.read = text, now.table
	if err := seneca.Scan(text, now.table.Keys(), &v.letter.message); err != nil {
		v.refuse(http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

var errLongMessage = errors.New("the message is longer than it may be")

// firstRoom is made for a message before any of it has come: what it says of its length is only a promise.
const firstRoom = 4 << 10

func gather(body message.Body, most int64) ([]byte, *message.Failure) {
	text := make([]byte, 0, min(max(body.Length(), 512), firstRoom))
	for {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		n, err := body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case int64(len(text)) > most:
			return nil, &message.Failure{Side: message.Client, Step: message.Sending, Err: errLongMessage}
		case errors.Is(err, io.EOF), int64(len(text)) == body.Length():
			return text, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &message.Failure{Side: message.Client, Step: message.TimedOut, Err: fmt.Errorf("read the message: %w", err)}
		case err != nil:
			return nil, &message.Failure{Side: message.Client, Step: message.Sending, Err: fmt.Errorf("read the message: %w", err)}
		}
	}
}

// untold refuses messages for Seneca itself, by which a service can be closed, unless a pin asks for them by name. A list is no
// role for us, but its only item is one for JavaScript.
func (v *visit) untold(now *view) bool {
	role := v.letter.message.Role(now.table.Keys())
	if role.Kind == rules.Composite {
		v.refuse(http.StatusForbidden, "the role of a message is a text, not a list or an object")
		return true
	}
	name := string(role.Value)
	if name != "seneca" && name != "transport" {
		return false
	}
	l := v.letter
	named := l.observers[:0]
	for _, o := range l.observers {
		if o.Pin.Names("role", name) {
			named = append(named, o)
		}
	}
	l.observers = named
	if l.act.Pin != nil && l.act.Pin.Names("role", name) || l.act.Pin == nil && len(named) > 0 {
		return false
	}
	v.refuse(http.StatusForbidden, "messages of role:"+name+" are for Seneca itself; only a pin that names this role takes them")
	return true
}

// unclaimed answers a message that no service answers.
func (v *visit) unclaimed(q *message.Request) {
	if len(v.letter.observers) > 0 {
		v.answer(seneca.Empty(q))
		return
	}
	v.refuse(http.StatusNotFound, "no service has a pin for this message")
}

// reply makes of an answer one that callers of Seneca understand: an error of our own becomes one in their words, and any answer
// tells whose it is.
func (v *visit) reply(r *message.Response) *message.Response {
	q := v.exchange.Request()
	if r.Status >= http.StatusBadRequest && (message.IsText(r.Body) || r.Body == nil && !v.engaged) && r.Fields.Get("Content-Type") != "application/json" {
		own := seneca.Error(r.Status, seneca.Code(r.Status), v.trouble(r.Status))
		for _, f := range r.Fields.All() {
			if !own.Fields.Has(f.Name) {
				own.Fields.Add(f.Name, f.Value)
			}
		}
		r = own
	}
	seneca.Echo(q, r)
	return r
}

// trouble says why a message has no reply.
func (v *visit) trouble(status int) string {
	text := http.StatusText(status)
	switch {
	case v.full:
		text = fmt.Sprintf("the service takes no more than %d messages at a time", v.service.MaxConn.Amount)
	case v.filtered != nil && v.filtered.Refused != "":
		text += ", by the filter " + v.filtered.Refused
	case status == http.StatusServiceUnavailable:
		text = "no task of the service could take the message"
	case status == http.StatusBadGateway:
		text = "the service took the message and gave no reply"
	case status == http.StatusGatewayTimeout:
		text = "the service gave no reply in time"
	case status == http.StatusRequestTimeout:
		text = seneca.Late
	}
	if name := v.serviceName(); name != "" {
		text += " (" + name + ")"
	}
	return text
}
