package balancer

import "slices"

// A ring is the order in which a group's endpoints take turns. It has two levels, so that both kinds of
// fairness are exact at once: the order says which source (swarm service) has a turn, as often as it weighs and
// spread out; within a source the endpoints simply rotate. A 90/10 canary is thus 90/10 in every stretch
// of ten turns, whatever the number of replicas.
//
// A ring never changes; the group replaces it when membership, weight or health changes.
type ring struct {
	order []turn // one period
	hands []hand

	live      []*Endpoint          // those in hands, in one list
	spare     []*Endpoint          // no turns, but better than nothing when live has been tried
	tokens    map[string]*Endpoint // sticky groups: by cookie value
	good      bool                 // an endpoint has turns that is up, or not known not to be
	desperate bool                 // none has that is up
	rising    bool                 // an endpoint has not its full share yet
}

// A hand is a source as the ring sees it.
type hand struct {
	members   []*Endpoint
	endpoints []*Endpoint // in the order of their turns: members, or some of them several times where others start slowly
	turns     uint64      // in one period
}

// A turn says whose it is, and which of that hand's turns in this period it is.
type turn struct{ hand, nth uint32 }

// nobody is the ring of a group without endpoints.
var nobody = &ring{desperate: true}

// newRing deals turns to the endpoints that are up. If there are none, the ejected and the unprobed take
// turns: they may well be alive, while an answer of our own is surely a failure.
func newRing(g *Group) *ring {
	r := deal(g, func(s State) bool { return s == Up })
	if r.desperate = len(r.order) == 0; r.desperate {
		r = deal(g, func(s State) bool { return s != Down })
		r.desperate = true
	} else {
		r.spare = spares(g.sources)
	}
	r.good = !r.desperate || promising(g.sources)
	if g.sticky {
		r.tokens = g.tokens(r.desperate)
	}
	return r
}

// deal makes the hands of those sources that have fitting endpoints and a weight.
func deal(g *Group, fit func(State) bool) *ring {
	r := &ring{}
	weights := make([]uint64, 0, len(g.sources))
	now := g.risingSince()
	for i := range g.sources {
		s := &g.sources[i]
		h := hand{members: s.fitting(fit)}
		heights, sum := g.heights(h.members, now)
		r.rising = r.rising || heights != nil
		if w := s.share(len(h.members), sum); w > 0 {
			h.endpoints = inTurns(h.members, heights)
			r.hands = append(r.hands, h)
			weights = append(weights, w)
		}
	}
	r.order = smooth(weights)
	for _, t := range r.order {
		r.hands[t.hand].turns++
	}
	r.live = together(r.hands)
	return r
}

func together(hands []hand) []*Endpoint {
	if len(hands) == 1 {
		return hands[0].members
	}
	var all []*Endpoint
	for _, h := range hands {
		all = append(all, h.members...)
	}
	return all
}

// promising: an endpoint has turns of which nothing is known yet. Who is known not to listen promises nothing.
func promising(sources []source) bool {
	for i := range sources {
		for _, m := range sources[i].members {
			if sources[i].weight > 0 && m.state() == Fresh && !m.unmet.Load() {
				return true
			}
		}
	}
	return false
}

func spares(sources []source) []*Endpoint {
	var spare []*Endpoint
	for i := range sources {
		if sources[i].weight > 0 {
			spare = append(spare, sources[i].fitting(func(s State) bool { return s == Fresh || s == Ejected })...)
		}
	}
	return spare
}

// at is the endpoint whose turn n is. It is a function of n alone: no second counter, so the shares stay
// exact however many goroutines draw numbers.
func (r *ring) at(n uint64) *Endpoint {
	period := uint64(len(r.order))
	if period == 0 {
		return nil
	}
	t := r.order[n%period]
	h := &r.hands[t.hand]
	return h.endpoints[(n/period*h.turns+uint64(t.nth))%uint64(len(h.endpoints))]
}

// other is an endpoint that has not been tried: whose turn n is, else any live one, else a spare one.
func (r *ring) other(n uint64, tried []*Endpoint) *Endpoint {
	if e := r.at(n); e != nil && !slices.Contains(tried, e) {
		return e
	}
	for i := range r.live {
		e := r.live[(n+uint64(i))%uint64(len(r.live))]
		if !slices.Contains(tried, e) {
			return e
		}
	}
	for _, e := range r.spare {
		if !slices.Contains(tried, e) {
			return e
		}
	}
	return nil
}
