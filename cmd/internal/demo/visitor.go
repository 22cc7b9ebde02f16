package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// A visitor sends requests to the router, as a client from outside.
type visitor struct {
	client *http.Client
	base   string // "http://127.0.0.1:8000"
	admin  string
}

func newVisitor(base, admin string) *visitor {
	return &visitor{base: base, admin: admin, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: hands},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (v *visitor) close() { v.client.CloseIdleConnections() }

// ask sends one request. A status that is not what a task answers is an error.
func (v *visitor) ask(ctx context.Context, r request) (who embedded.Echo, err error) {
	asked, err := http.NewRequestWithContext(ctx, r.method, r.url(v.base), nil)
	if err != nil {
		return who, err
	}
	asked.Host = r.host
	asked.Header.Set("Accept", "application/json")
	for _, h := range r.headers {
		asked.Header.Add(h.Name, h.Value)
	}
	answer, err := v.client.Do(asked)
	if err != nil {
		return who, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return who, err
	}
	if answer.StatusCode != http.StatusOK {
		return who, errors.New(answer.Status)
	}
	_ = json.Unmarshal(text, &who) // a rule may demand HEAD, or another Accept: then nobody says who answered
	return who, nil
}

// A tally is what became of some requests.
type tally struct {
	sent   int
	failed int
	last   error          // why the last one failed
	by     map[string]int // answered, by image
}

func (t *tally) add(who embedded.Echo, err error) {
	t.sent++
	if err != nil {
		t.failed++
		t.last = err
		return
	}
	if t.by == nil {
		t.by = map[string]int{}
	}
	t.by[who.Image]++
}

// count sends n requests, one after the other.
func (v *visitor) count(ctx context.Context, r request, n int) (t tally, err error) {
	for range n {
		who, err := v.ask(ctx, r)
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		t.add(who, err)
	}
	return t, nil
}

// Light load: a few clients, each with a request every few milliseconds.
const (
	hands = 4
	pause = 10 * time.Millisecond
)

// A load is requests that go on until it is ended.
type load struct {
	stop chan struct{}
	sent sync.WaitGroup

	mu    sync.Mutex
	tally tally
}

func (v *visitor) begin(ctx context.Context, r request) *load {
	l := &load{stop: make(chan struct{})}
	for range hands {
		l.sent.Go(func() { l.run(ctx, v, r) })
	}
	return l
}

func (l *load) run(ctx context.Context, v *visitor, r request) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		who, err := v.ask(ctx, r)
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		l.tally.add(who, err)
		l.mu.Unlock()
		select {
		case <-l.stop:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// more waits until n more requests have had their answer, whatever it was.
func (l *load) more(ctx context.Context, n int) error {
	want := l.soFar() + n
	return poll(ctx, func() bool { return l.soFar() >= want })
}

func (l *load) soFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally.sent
}

// end lets the requests under way finish.
func (l *load) end() tally {
	close(l.stop)
	l.sent.Wait()
	return l.tally
}

// An overview is what the admin listener says of the router, as far as the show tells it.
type overview struct {
	Discovery struct {
		Tables int `json:"tables"` // how many came into force
	} `json:"discovery"`
	Diagnostics struct {
		Matching int          `json:"matching"`
		Shown    []diagnostic `json:"shown"`
	} `json:"diagnostics"`
}

func (v *visitor) overview(ctx context.Context) (o overview, err error) {
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, v.admin+"/api/overview", nil)
	if err != nil {
		return o, err
	}
	answer, err := v.client.Do(asked)
	if err != nil {
		return o, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&o); err != nil {
		return o, fmt.Errorf("/api/overview: %w", err)
	}
	return o, nil
}

// A diagnostic is a rules.Diagnostic as the API writes it.
type diagnostic struct {
	rules.Diagnostic
	Severity string `json:"severity"`
}

// about says whether a diagnostic is about a label of a service.
func (d diagnostic) about(service, label string) bool {
	return d.Service == service && strings.EqualFold(d.Label, label)
}
