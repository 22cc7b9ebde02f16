package admin

import (
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/metrics"
)

// health is Traefik 1.7's /health: requests of all entry points by status code, in all and in the current second.
type health struct {
	entryPoints []metrics.EntryPoint
	started     time.Time

	mu     sync.Mutex
	before totals // the current second
}

// totals are what entry points have counted.
type totals struct {
	codes map[int]uint64
	count uint64
	took  time.Duration
	sent  uint64
}

// healthAnswer has the keys of 1.7, all of them. The metrics of middlewares are empty: 1.7 never fills them either.
type healthAnswer struct {
	PID                  int                `json:"pid"`
	Hostname             string             `json:"hostname"` // "" as in 1.7
	Uptime               string             `json:"uptime"`
	UptimeSeconds        float64            `json:"uptime_sec"`
	Time                 string             `json:"time"`
	Unix                 int64              `json:"unixtime"`
	Codes                map[string]uint64  `json:"status_code_count"`
	TotalCodes           map[string]uint64  `json:"total_status_code_count"`
	Count                uint64             `json:"count"`
	TotalCount           uint64             `json:"total_count"`
	TotalTime            string             `json:"total_response_time"`
	TotalTimeSeconds     float64            `json:"total_response_time_sec"`
	TotalSize            uint64             `json:"total_response_size"`
	AverageSize          uint64             `json:"average_response_size"`
	AverageTime          string             `json:"average_response_time"`
	AverageTimeSeconds   float64            `json:"average_response_time_sec"`
	TotalMetricsCounts   map[string]int     `json:"total_metrics_counts"`
	AverageMetricsTimers map[string]float64 `json:"average_metrics_timers"`
	RecentErrors         []recentError      `json:"recent_errors,omitempty"`
}

func newHealth(entryPoints []metrics.EntryPoint, now time.Time) *health {
	return &health{entryPoints: entryPoints, started: now}
}

// run begins a new second every second.
func (h *health) run(closed <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-closed:
			return
		case <-ticker.C:
			h.begin()
		}
	}
}

func (h *health) begin() {
	now := h.totals()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before = now
}

func (h *health) totals() totals {
	t := totals{codes: map[int]uint64{}}
	for _, e := range h.entryPoints {
		e.Tally.Each(func(k balancer.Key, c balancer.Cell) {
			t.codes[k.Code] += c.Count
			t.count += c.Count
			t.took += c.Sum
		})
		t.sent += e.Tally.Sent.Load()
	}
	return t
}

// averageSize is how long an answer was.
func (t totals) averageSize() uint64 {
	if t.count == 0 {
		return 0
	}
	return t.sent / t.count
}

// average is how long a request took.
func (t totals) average() time.Duration {
	if t.count == 0 {
		return 0
	}
	return t.took / time.Duration(t.count)
}

func (h *health) answer(now time.Time) healthAnswer {
	h.mu.Lock()
	before := h.before
	h.mu.Unlock()
	t, uptime := h.totals(), now.Sub(h.started)
	return healthAnswer{
		PID:    os.Getpid(),
		Uptime: uptime.String(), UptimeSeconds: uptime.Seconds(), Time: now.Round(0).String(), Unix: now.Unix(),
		Codes: since(before.codes, t.codes), TotalCodes: since(nil, t.codes),
		Count: t.count - before.count, TotalCount: t.count,
		TotalSize: t.sent, AverageSize: t.averageSize(),
		TotalTime: t.took.String(), TotalTimeSeconds: t.took.Seconds(),
		AverageTime: t.average().String(), AverageTimeSeconds: t.average().Seconds(),
		TotalMetricsCounts: map[string]int{}, AverageMetricsTimers: map[string]float64{},
	}
}

// since is what came to the counts, by code as text.
func since(before, now map[int]uint64) map[string]uint64 {
	counts := map[string]uint64{}
	for code, n := range now {
		if n > before[code] {
			counts[strconv.Itoa(code)] = n - before[code]
		}
	}
	return counts
}

func (s *Server) answerHealth(w http.ResponseWriter, _ *http.Request) {
	a := s.health.answer(time.Now())
	a.RecentErrors = s.options.Errors.newest()
	answerJSON(w, a)
}
