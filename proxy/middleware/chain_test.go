package middleware

import (
	"fmt"
	"slices"
	"testing"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A spy is a filter that writes down what it saw, and answers by itself if told to.
type spy struct {
	name    string
	seen    *[]string
	answers bool
}

func (s spy) Request(v *Visit) *message.Response {
	*s.seen = append(*s.seen, s.name+" request")
	v.Keep(s.name)
	if s.answers {
		return Answer(403, "no")
	}
	return nil
}

func (s spy) Response(v *Visit, r *message.Response) *message.Response {
	*s.seen = append(*s.seen, s.name+" response of "+v.Kept().(string))
	return r
}

func (s spy) Done(v *Visit) { *s.seen = append(*s.seen, s.name+" done of "+v.Kept().(string)) }

func TestAnswersPassTheFiltersBackwards(t *testing.T) {
	var seen []string
	c := &Chain{filters: []link{linkOf(spy{"a", &seen, false}), linkOf(spy{"b", &seen, false})}}
	v := &Visit{}
	if c.Request(v) != nil {
		t.Fatal("a filter answered")
	}
	c.Response(v, Answer(200, ""))
	c.Done(v)
	want := []string{"a request", "b request", "b response of b", "a response of a", "b done of b", "a done of a"}
	if !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

func TestOnlyFiltersThatWerePassedSeeTheAnswer(t *testing.T) {
	var seen []string
	c := &Chain{filters: []link{linkOf(spy{"a", &seen, false}), linkOf(spy{"b", &seen, true}), linkOf(spy{"c", &seen, false})}}
	v := &Visit{}
	r := c.Request(v)
	if r == nil || r.Status != 403 {
		t.Fatalf("answer %v", r)
	}
	c.Response(v, r)
	c.Done(v)
	want := []string{"a request", "b request", "a response of a", "a done of a"}
	if !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

// none is a filter that nothing can be made of.
type none struct{ rules.Filter }

func TestARouteWhoseFilterCannotBeMadeIsClosed(t *testing.T) {
	chains, found := NewStore(Options{}).Chains([]*rules.Route{{Filters: []rules.Filter{none{}}}, {}})
	if len(found) != 1 || found[0].Code != Unusable {
		t.Errorf("told %v", found)
	}
	if r := chains[0].Request(&Visit{}); r == nil || r.Status != 503 {
		t.Errorf("answered %v", r)
	}
	if chains[1] != nil {
		t.Error("a plain route has a chain")
	}
}

func TestFiltersOutliveTables(t *testing.T) {
	s := NewStore(Options{})
	limit := rules.Compress{MinBytes: 7}
	s.Chains([]*rules.Route{{Owner: rules.Owner{ID: "a"}, Filters: []rules.Filter{limit}}})
	if len(s.kept) != 1 {
		t.Fatalf("%d filters are kept", len(s.kept))
	}
	marked := new(int)
	for key := range s.kept {
		s.kept[key] = marked
	}
	s.Chains([]*rules.Route{{Owner: rules.Owner{ID: "b"}, Filters: []rules.Filter{limit}}, {Owner: rules.Owner{ID: "a"}, Filters: []rules.Filter{rules.Compress{}, limit}}})
	same := 0
	for _, f := range s.kept {
		if f == any(marked) {
			same++
		}
	}
	if same != 1 || len(s.kept) != 3 {
		t.Errorf("%d filters are the same, %d are kept", same, len(s.kept))
	}
	s.Chains(nil)
	if len(s.kept) != 0 {
		t.Errorf("%d filters outlive their routes", len(s.kept))
	}
}

func TestFiltersThatAreAlikeKeepTheirStatesWhereverTheyStand(t *testing.T) {
	s := NewStore(Options{})
	limit, other := rules.Compress{MinBytes: 7}, rules.Compress{}
	chains := func(of ...[]rules.Filter) (all []*Chain) {
		var routes []*rules.Route
		for i, filters := range of {
			routes = append(routes, &rules.Route{Name: fmt.Sprint(i), Owner: rules.Owner{ID: "a"}, Filters: filters})
		}
		all, _ = s.Chains(routes)
		return all
	}
	states := func(all []*Chain) map[any]int {
		seen := map[any]int{}
		for _, c := range all {
			for _, l := range c.filters {
				seen[l.answerer]++
			}
		}
		return seen
	}
	before := states(chains([]rules.Filter{limit, limit}, []rules.Filter{limit}, []rules.Filter{limit}))
	if len(before) != 4 {
		t.Errorf("%d states for four filters", len(before))
	}
	after := states(chains([]rules.Filter{limit}, []rules.Filter{other, limit, other}, []rules.Filter{limit, limit}))
	for state := range before {
		if after[state] != 1 {
			t.Errorf("a state is %d filters'", after[state])
		}
	}
}
