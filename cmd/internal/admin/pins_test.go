package admin

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/metrics"
	"github.com/appia-edge/appia/rules"
)

// taking is a router that takes messages, of which some have been counted.
func taking(t *testing.T) *Server {
	t.Helper()
	r := newRouter(t)
	r.table, _ = rules.Compile([]rules.Spec{
		spec(t, "math", "Act:role:math", endpoint("math-1", "10.0.1.5:10101")), spec(t, "log", "Observe:role:math", endpoint("log-1", "10.0.1.6:10101")),
		spec(t, "three", "Act:role:math,v:3"), spec(t, "copy", "Observe:role:only"),
	}, rules.Options{EntryPoints: []string{"http"}, Act: "act"})
	r.fleet.Grow(r.table.Services)
	tallies := []*balancer.Tally{{}, {}, {}}
	tallies[1].Done("POST", "http", 200, 10*time.Millisecond)
	tallies[1].Done("POST", "http", 500, 30*time.Millisecond)
	o := r.options()
	o.Pins = func() (*rules.Table, []*balancer.Tally) { return r.table, tallies }
	o.Copies = func() []metrics.Copies { return []metrics.Copies{{Service: "log", Sent: 7, Dropped: 1}} }
	o.Metrics = metrics.Handler(metrics.Sources{Pins: o.Pins, Copies: o.Copies})
	return New(o)
}

func TestPinsAreShownWithWhoHasThem(t *testing.T) {
	s := taking(t)
	text := body(t, ask(t, s.Handler(all), "GET", "/api/pins"))
	for _, part := range []string{
		`{"pin":"role:math","service":"backend-math","owner":"math","observers":["backend-log"],"requests":2,"errors":1,"mean":0.02}`, `"pin":"role:math,v:3","service":"backend-three"`,
		`{"pin":"role:only","observers":["backend-copy"],"requests":0`, `"copies":[{"service":"log","sent":7,"failed":0,"dropped":1}]`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	if o := s.survey(newFilter("log"), listed, time.Now()); o.Pins.Matching != 1 || o.Pins.Shown[0].Pin != "role:math" {
		t.Errorf("%+v", o.Pins)
	}
	if a := explained(t, s, url.Values{"act": {`{"role":"math","v":3}`}}); a.Route != "frontend-three-0" && a.Routes[0].Outcome != "wins" {
		t.Errorf("%+v", a)
	}
}

func TestMetricsOfMessages(t *testing.T) {
	text := body(t, ask(t, taking(t).Handler(all), "GET", "/metrics"))
	for _, line := range []string{
		`appia_act_requests_total{code="200",pin="role:math"} 1`, `appia_act_seconds_total{code="500",pin="role:math"} 0.03`,
		`appia_observe_copies_total{backend="log",outcome="sent"} 7`, `appia_observe_copies_total{backend="log",outcome="dropped"} 1`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s", line)
		}
	}
}
