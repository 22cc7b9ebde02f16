package vault

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/appia-edge/appia/discovery/swarm"
)

// A look asks what has changed. Lists of configs carry their data, so that a list of all is megabytes in a large vault; mostly those are
// asked for that were made lately: they carry the number of the stretch of time in which they were made for a label. As every
// change of a value is a new config, that is all there is to know, but for what was removed: once a minute, and after any
// doubt, everything is listed.
const (
	stretch    = 5 * time.Minute
	skew       = time.Minute // how far apart the managers' clocks may be for a change to be seen at once
	mostPieces = 4           // stretches at most in a look at what is new; after a longer while all is listed
	wholeAfter = time.Minute
	breath     = 10 * time.Millisecond // between looks, should somebody ask for what is not there again and again
	wholeTimes = 3                     // a look at everything has so many times the patience of one question
)

// shards are the beginnings of the parts in which everything is listed: where a manager forwards the question to another, gRPC
// carries 4 MB of an answer.
const shards = "0123456789abcdef"

// looks are taken one at a time.
type looks struct {
	turn chan struct{} // one slot: holds whoever looks; a channel, so that waiting for it can be given up

	mu  sync.Mutex
	now looked
}

// looked is what is to be known of the looks so far.
type looked struct {
	begun, ended uint64    // how many
	err          error     // of the last one
	at           time.Time // when the last one ended
	good         time.Time // when the last good one began
	whole        time.Time // when the last good one of everything did; zero: never, or there is doubt
	ever         bool      // one of everything was good
}

func newLooks() *looks { return &looks{turn: make(chan struct{}, 1)} }

func (l *looks) state() looked {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *looks) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.begun++
}

// done notes how a look ended.
func (l *looks) done(begun time.Time, whole bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := &l.now
	now.at, now.ended, now.err = time.Now(), now.begun, err
	switch {
	case err != nil:
		now.whole = time.Time{}
	case whole:
		now.good, now.whole, now.ever = begun, begun, true
	default:
		now.good = begun
	}
}

// abandon takes back the beginning of a look that whoever took it gave up: it says nothing of the engine.
func (l *looks) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.begun--
	l.now.at = time.Now()
}

// catchUp returns when everything is known that was there when it was called, or with the reason why that cannot be had. Many
// who call it at once share a look.
func (v *Vault) catchUp(ctx context.Context) error {
	asked := v.looks.state()
	select {
	case v.looks.turn <- struct{}{}:
		defer func() { <-v.looks.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	now := v.looks.state()
	underWay := asked.begun != asked.ended
	if now.ended > asked.begun || underWay && now.ended == asked.begun && now.err != nil {
		return now.err
	}
	if err := sleep(ctx, breath-time.Since(now.at)); err != nil {
		return err
	}
	return v.look(ctx)
}

// fresh says that what is known is as good as the last poll.
func (v *Vault) fresh() bool {
	state := v.looks.state()
	return state.ever && state.err == nil && time.Since(state.good) < 2*v.options.Poll
}

// failing says that the engine was asked a moment ago and did not answer: who can do with what is known need not wait for it again.
func (v *Vault) failing() bool {
	state := v.looks.state()
	return state.ever && state.err != nil && time.Since(state.at) < 2*v.options.Patience
}

// freshen catches up unless what is known is fresh.
func (v *Vault) freshen(ctx context.Context) error {
	if v.fresh() {
		return nil
	}
	return v.catchUp(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look is called in turn.
func (v *Vault) look(ctx context.Context) error {
	v.looks.begin()
	begun := time.Now()
	pieces := v.pieces(begun)
	var err error
	if pieces == nil {
		err = v.lookAtAll(ctx)
	} else {
		err = v.lookAtNew(ctx, pieces)
	}
	if err != nil && ctx.Err() != nil {
		v.looks.abandon()
		return ctx.Err()
	}
	v.looks.done(begun, pieces == nil, err)
	return err
}

// pieces are the stretches of time in which something new may have been made; nil if everything has to be looked at.
func (v *Vault) pieces(now time.Time) (pieces []string) {
	state := v.looks.state()
	if state.whole.IsZero() || now.Sub(state.whole) >= wholeAfter {
		return nil
	}
	first, last := piece(state.good.Add(-skew)), piece(now.Add(skew))
	if last < first || last-first >= mostPieces { // clocks are set, and machines sleep
		return nil
	}
	for n := first; n <= last; n++ {
		pieces = append(pieces, strconv.FormatInt(n, 10))
	}
	return pieces
}

// piece numbers stretches of the time that all managers agree on, more or less.
func piece(t time.Time) int64 { return t.Unix() / int64(stretch/time.Second) }

func (v *Vault) lookAtNew(ctx context.Context, pieces []string) error {
	for _, piece := range pieces {
		wanted := v.filter("")
		wanted.Labels[LabelMade] = piece
		list, err := v.list(ctx, wanted)
		if err != nil {
			return err
		}
		v.known.merge(v.opened(list), nil)
	}
	return nil
}

func (v *Vault) lookAtAll(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, wholeTimes*v.options.Patience)
	defer cancel()
	turn := v.known.now()
	var found []*object
	listed := map[string]bool{}
	for _, shard := range shards {
		list, err := v.list(bounded, v.filter(string(shard)))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case bounded.Err() != nil:
			return &unreachable{errNoAnswer}
		case err != nil:
			return err
		}
		found = append(found, v.opened(list)...)
		for i := range list {
			listed[list[i].ID] = true
		}
	}
	v.known.merge(found, v.known.missing("", turn, listed))
	return nil
}

// filter asks for the configs of those keys for which something stands that begins so.
func (v *Vault) filter(id string) swarm.ConfigFilter {
	return swarm.ConfigFilter{Labels: map[string]string{LabelVault: v.options.Name}, Prefixes: []string{swarm.OwnConfigs + id}}
}

// fetch is what there is of one key or lock, at this moment, oldest version first.
func (v *Vault) fetch(ctx context.Context, id string) ([]*object, error) {
	turn := v.known.now()
	list, err := v.list(ctx, v.filter(id+"-"))
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for i := range list {
		listed[list[i].ID] = true
	}
	v.known.merge(v.opened(list), v.known.missing(id, turn, listed))
	return v.known.chain(id), nil
}

func (v *Vault) list(ctx context.Context, wanted swarm.ConfigFilter) (list []swarm.Config, err error) {
	err = v.ask(ctx, func(ctx context.Context) error {
		list, err = v.options.Configs.ListConfigs(ctx, wanted)
		return err
	})
	return list, err
}

// opened opens what was not known.
func (v *Vault) opened(list []swarm.Config) (fresh []*object) {
	for i := range list {
		c := &list[i]
		if v.known.knows(c.ID) {
			continue
		}
		o := &object{config: c.ID, name: c.Name}
		o.id, o.version, _ = parseName(c.Name)
		o.record, o.sealed = v.seal.open(c.Name, c.Data)
		fresh = append(fresh, o)
	}
	return fresh
}
