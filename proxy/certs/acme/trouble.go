package acme

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	caproblem "github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap"

	"github.com/appia-edge/appia/proxy/certs"
)

// A trouble is an order that has failed. It stands in the storage, so that all routers wait together for its next try.
type trouble struct {
	Names []string  `json:"names"`
	Error string    `json:"error"`
	Times int       `json:"times"` // in a row
	Last  time.Time `json:"last"`
	Until time.Time `json:"until"` // it is tried no sooner
}

// pauses after so many failures in a row. Let's Encrypt takes five failures of a name in an hour.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// pause is how long to wait, with a tenth of chance so that many that fail together do not come back together.
func pause(times int, err error) time.Duration {
	d := pauses[min(max(times, 1), len(pauses))-1]
	var said caproblem.Problem
	if errors.As(err, &said) && (said.Status == http.StatusTooManyRequests || strings.HasSuffix(said.Type, ":rateLimited")) {
		d = max(d, time.Hour) // its limits are by the hour, the day and the week
	}
	return d + rand.N(d/10) //nolint:gosec // chance is enough
}

func (m *Manager) troublePlace() string { return m.place + "/troubles" }

func (m *Manager) readTroubles(ctx context.Context) (map[string]*trouble, error) {
	keys, err := m.options.Storage.List(ctx, m.troublePlace(), true)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string]*trouble{}
	for _, key := range keys {
		text, err := m.options.Storage.Load(ctx, key)
		var t trouble
		if err == nil && json.Unmarshal(text, &t) == nil {
			all[key[strings.LastIndexByte(key, '/')+1:]] = &t
		}
	}
	return all, nil
}

// failed notes that an order came to nothing.
func (m *Manager) failed(ctx context.Context, key string, names []string, err error) {
	m.mu.Lock()
	t := &trouble{Names: names, Error: err.Error(), Times: 1, Last: time.Now().UTC()}
	if last := m.troubles[key]; last != nil {
		t.Times = last.Times + 1
	}
	t.Until = t.Last.Add(pause(t.Times, err))
	if m.troubles == nil {
		m.troubles = map[string]*trouble{}
	}
	m.troubles[key] = t
	m.mu.Unlock()
	m.options.Log.Error("a certificate was not issued", zap.Strings("names", names), zap.Error(err), zap.Int("times", t.Times), zap.Time("next_try", t.Until))
	text, merr := json.Marshal(t)
	if merr != nil {
		return
	}
	if serr := m.options.Storage.Store(ctx, m.troublePlace()+"/"+key, text); serr != nil {
		m.options.Log.Warn("other routers are not told that a certificate was not issued", zap.Error(serr))
	}
}

// recovered forgets an order's failures.
func (m *Manager) recovered(ctx context.Context, key string) {
	m.mu.Lock()
	had := m.troubles[key] != nil
	delete(m.troubles, key)
	m.mu.Unlock()
	if had {
		_ = m.options.Storage.Delete(ctx, m.troublePlace()+"/"+key) // a leftover says no more than that it once failed
	}
}

// Problems implements certs.Troubled: the orders that are wanted and have failed.
func (m *Manager) Problems() (all []certs.Status) {
	wanted := map[string]bool{}
	for _, names := range m.plan() {
		wanted[keyOf(names)] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.problem != "" {
		all = append(all, certs.Status{Origin: "acme", Problem: "nothing is ordered: " + m.problem})
	}
	for key, t := range m.troubles {
		if wanted[key] {
			problem := fmt.Sprintf("was not issued, %d times; the next try is at %s: %s", t.Times, t.Until.Format(time.RFC3339), t.Error)
			all = append(all, certs.Status{Origin: "acme", Names: t.Names, Problem: problem})
		}
	}
	slices.SortFunc(all, func(a, b certs.Status) int { return slices.Compare(a.Names, b.Names) })
	return all
}
