package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// Options is what filters need of the world.
type Options struct {
	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // to permission servers; nil: net's
	Now  func() time.Time                                                  // nil: time.Now
	IPv6 int                                                               // bits of an IPv6 client that count as one client; 0: all 128

	hashing chan struct{} // a place for each password that may be hashed at a time: half of the machine
}

// A Store makes chains and keeps what lives in their filters: buckets, breakers, counts. A filter is found again by its
// route and by what it does, so that it outlives the tables it is in. It is for one goroutine at a time; its chains
// are for all.
type Store struct {
	options Options
	kept    map[string]any
}

// NewStore makes an empty store.
func NewStore(o Options) *Store {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.hashing = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	return &Store{options: o, kept: map[string]any{}}
}

// Chains makes the chain of each route, nil for those without filters, and forgets the filters of routes that are gone.
// A filter that cannot be made, its file of users being unreadable say, closes its route and is told.
func (s *Store) Chains(routes []*rules.Route) ([]*Chain, []rules.Diagnostic) {
	chains := make([]*Chain, len(routes))
	wanted := map[string]any{}
	var found []rules.Diagnostic
	for i, r := range routes {
		if len(r.Filters) == 0 {
			continue
		}
		chain, err := s.chain(r.Owner.ID+"\x00"+r.Segment, r.Filters, wanted)
		if err != nil {
			found = append(found, rules.Diagnostic{Service: r.Owner.Name, Label: r.Label, Value: r.Rule.Text, Code: Unusable,
				Severity: rules.Error, Message: err.Error() + "; the route answers 503, lest it be open or do half of what it should"})
		}
		chains[i] = chain
	}
	for key, filter := range s.kept {
		if _, still := wanted[key]; !still {
			closeFilter(filter)
		}
	}
	s.kept = wanted
	return chains, found
}

// EntryPoint makes the chain of an entry point; call it once for each name.
func (s *Store) EntryPoint(name string, filters []rules.Filter) (*Chain, error) {
	if len(filters) == 0 {
		return nil, nil
	}
	return (&Store{options: s.options}).chain(name, filters, map[string]any{})
}

// Unusable is the code of a filter that cannot be made.
const Unusable = "filter-unusable"

// chain makes a chain of filters kept or new.
func (s *Store) chain(owner string, filters []rules.Filter, wanted map[string]any) (*Chain, error) {
	c := &Chain{}
	var errs []error
	for _, f := range filters {
		if retry, ok := f.(rules.Retry); ok {
			c.retry = &retry
			continue
		}
		filter, err := s.find(owner, f, wanted)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", rules.Kind(f), err))
			continue
		}
		c.filters = append(c.filters, linkOf(filter))
	}
	if len(errs) > 0 {
		return &Chain{filters: []link{{asker: shut{}}}}, errors.Join(errs...)
	}
	return c, nil
}

// find looks for the filter first among those kept. Those that are alike are counted, whatever stands between them: which of
// them is which says nothing, but each has a state of its own.
func (s *Store) find(owner string, f rules.Filter, wanted map[string]any) (any, error) {
	alike := owner + "\x00" + rules.FilterKey(f)
	key := alike
	for n := 2; wanted[key] != nil; n++ {
		key = alike + "\x00" + strconv.Itoa(n)
	}
	filter, ok := s.kept[key]
	if !ok {
		var err error
		if filter, err = build(f, s.options); err != nil {
			return nil, err
		}
	}
	wanted[key] = filter
	return filter, nil
}

func linkOf(filter any) link {
	var l link
	l.asker, _ = filter.(Asker)
	l.answerer, _ = filter.(Answerer)
	l.switcher, _ = filter.(Switcher)
	l.doner, _ = filter.(Doner)
	return l
}

func closeFilter(filter any) {
	if c, ok := filter.(io.Closer); ok {
		c.Close()
	}
}

// shut answers for a route whose filters could not be made, here or of its labels.
type shut struct{}

func (shut) Request(*Visit) *message.Response {
	return Answer(http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable))
}

// Answer is an answer of the router's own, in plain text.
func Answer(status int, text string) *message.Response {
	r := &message.Response{Status: status}
	if text != "" {
		r.Body = message.Text(text)
		r.Fields.Add("Content-Type", "text/plain; charset=utf-8")
	}
	r.Fields.Add("Content-Length", strconv.Itoa(len(text)))
	return r
}
