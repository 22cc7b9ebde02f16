package acme

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	sweepEvery  = time.Hour
	troubleKept = 7 * 24 * time.Hour // after its last try
	tokenKept   = time.Hour          // of a challenge whose order must be over
)

// sweep removes from the storage what nobody asks for any more: a certificate when it should be renewed, which would else be told of
// as about to end; an order's failures; and what an order that was killed has left for its challenge. Any router does, and it makes no
// difference which. Nothing is removed before it is known what is asked for.
func (m *Manager) sweep(ctx context.Context) {
	asked, known := m.names()
	if !known {
		return
	}
	wanted := func(names []string) bool { return slices.ContainsFunc(names, func(n string) bool { return asked[n] }) }
	for _, one := range m.shelf.Load().items {
		if m.due(one) && !wanted(one.cert.Leaf.DNSNames) {
			_ = m.options.Storage.Delete(ctx, one.key) // the next sweep finds what is left, here and below
		}
	}
	for key, names := range m.oldTroubles() {
		if !wanted(names) {
			_ = m.options.Storage.Delete(ctx, m.troublePlace()+"/"+key)
		}
	}
	tokens, _ := m.options.Storage.List(ctx, m.place+"/challenge_tokens", true)
	for _, key := range tokens {
		if put, err := m.options.Storage.Modified(ctx, key); err == nil && !put.IsZero() && time.Since(put) > tokenKept {
			_ = m.options.Storage.Delete(ctx, key)
		}
	}
}

// names is every name that is asked for. They are not known before the first table.
func (m *Manager) names() (all map[string]bool, known bool) {
	m.mu.Lock()
	known = m.told
	m.mu.Unlock()
	all = map[string]bool{}
	for _, names := range m.asked() {
		for _, name := range names {
			all[strings.ToLower(name)] = true
		}
	}
	kinds := map[string]bool{}
	for name := range all {
		kinds[wild(name)] = true // a certificate for its kind is one for it
	}
	maps.Copy(all, kinds)
	return all, known
}

func (m *Manager) oldTroubles() map[string][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := map[string][]string{}
	for key, t := range m.troubles {
		if time.Since(t.Last) > troubleKept {
			old[key] = t.Names
		}
	}
	return old
}
