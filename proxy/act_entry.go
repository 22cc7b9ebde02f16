package proxy

import (
	"cmp"
	"context"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// newActEntry makes the entry point of messages. Whoever sends one is inside, and has nothing to tell of others in front of him.
func newActEntry(p *Proxy, o ActOptions) *EntryPoint {
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxMessage)
	return newEntryPoint(p, EntryPointOptions{Name: o.Name, Address: o.Address}, &o)
}

// pinTallies are the counters of a table's pins; those that it has kept from the last go on. It needs swaps.
func (p *Proxy) pinTallies(t *rules.Table) []*balancer.Tally {
	pins := t.Pins()
	if len(pins) == 0 {
		p.tallies = nil
		return nil
	}
	all, kept := make([]*balancer.Tally, len(pins)), make(map[string]*balancer.Tally, len(pins))
	for i, pin := range pins {
		tally := p.tallies[pin.String()]
		if tally == nil {
			tally = &balancer.Tally{Buckets: p.options.Buckets}
		}
		all[i], kept[pin.String()] = tally, tally
	}
	p.tallies = kept
	return all
}

// PinTallies are the counters of the pins of the table in force, in the order of Table.Pins.
func (p *Proxy) PinTallies() (*rules.Table, []*balancer.Tally) {
	now := p.view.Load()
	return now.table, now.pins
}

// atOnce is a context that has ended.
var atOnce = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
