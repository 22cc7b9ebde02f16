package metrics

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/rules"
)

// nonUTF8 is what Traefik 1.7 calls a method that is not text.
const nonUTF8 = "NON_UTF8_HTTP_METHOD"

// A report is one scrape.
type report struct{ to chan<- prometheus.Metric }

func (r report) counter(d *prometheus.Desc, value float64, labels ...string) {
	r.constant(d, prometheus.CounterValue, value, labels)
}

func (r report) gauge(d *prometheus.Desc, value float64, labels ...string) {
	r.constant(d, prometheus.GaugeValue, value, labels)
}

// A label value that is not UTF-8 makes an error of the scrape. It must not panic: that would end the router.
func (r report) constant(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels []string) {
	r.send(d)(prometheus.NewConstMetric(d, kind, value, labels...))
}

func (r report) histogram(d *prometheus.Desc, count uint64, sum float64, buckets map[float64]uint64, labels ...string) {
	r.send(d)(prometheus.NewConstHistogram(d, count, sum, buckets, labels...))
}

func (r report) send(d *prometheus.Desc) func(prometheus.Metric, error) {
	return func(m prometheus.Metric, err error) {
		if err != nil {
			m = prometheus.NewInvalidMetric(d, err)
		}
		r.to <- m
	}
}

// tally tells the counters of an entry point or service.
func (r report) tally(as tallyMetrics, t *balancer.Tally, name string) {
	for k, c := range finished(t) {
		labels := []string{strconv.Itoa(k.Code), k.Method, k.Protocol, name}
		buckets := make(map[float64]uint64, len(c.Buckets))
		for i, bound := range t.Bounds() {
			buckets[bound.Seconds()] = c.Buckets[i]
		}
		r.counter(as.requests, float64(c.Count), labels...)
		r.histogram(as.duration, c.Count, c.Sum.Seconds(), buckets, labels...)
	}
	for s, n := range underWay(t) {
		r.gauge(as.open, float64(n), s.Method, s.Protocol, name)
	}
}

// finished is what a tally counted, by methods that can be told: two that can't come to one.
func finished(t *balancer.Tally) map[balancer.Key]balancer.Cell {
	cells := map[balancer.Key]balancer.Cell{}
	t.Each(func(k balancer.Key, c balancer.Cell) {
		k.Stream = told(k.Stream)
		cells[k] = sum(cells[k], c)
	})
	return cells
}

func underWay(t *balancer.Tally) map[balancer.Stream]int64 {
	open := map[balancer.Stream]int64{}
	t.EachOpen(func(s balancer.Stream, n int64) { open[told(s)] += n })
	return open
}

func told(s balancer.Stream) balancer.Stream {
	if !utf8.ValidString(s.Method) {
		s.Method = nonUTF8
	}
	return s
}

// sum adds to b, whose buckets it takes.
func sum(a, b balancer.Cell) balancer.Cell {
	b.Count += a.Count
	b.Sum += a.Sum
	for i, n := range a.Buckets {
		b.Buckets[i] += n
	}
	return b
}

// entryPoint tells of what went wrong at an entry point.
func (r report) entryPoint(e EntryPoint) {
	if e.Refused != nil {
		e.Refused.Each(func(c balancer.Cause, n uint64) { r.counter(entryPointRefused, float64(n), e.Name, c.Code) })
	}
	if e.Failed != nil {
		r.failures(entryPointFailures, e.Failed, e.Name)
	}
}

func (r report) failures(as *prometheus.Desc, all *balancer.Causes, name string) {
	all.Each(func(c balancer.Cause, n uint64) { r.counter(as, float64(n), name, c.Side, c.Code) })
}

// fleet tells of services and endpoints.
func (r report) fleet(f *balancer.Fleet) {
	for _, g := range f.Groups() {
		r.tally(backendMetrics, &g.Tally, g.Name)
		r.counter(backendRetries, float64(g.Retries.Load()), g.Name)
		if n := g.Waiting(); n > 0 {
			r.gauge(backendWaiting, float64(n), g.Name)
		}
		r.failures(backendFailures, &g.Failed, g.Name)
	}
	status := f.Status()
	states := map[balancer.State]int{balancer.Retiring: len(status.Retiring)}
	for _, g := range status.Groups {
		for url, up := range servers(g) {
			r.gauge(backendServerUp, number(up), g.Name, url)
		}
		for _, e := range g.Endpoints {
			states[e.State]++
		}
	}
	for state := balancer.Up; state <= balancer.Retiring; state++ {
		r.gauge(endpoints, float64(states[state]), state.String())
	}
}

// servers are a service's URLs and whether one that has it is up: for a moment a dead task and its heir have the same.
func servers(g balancer.GroupStatus) map[string]bool {
	urls := make(map[string]bool, len(g.Endpoints))
	for _, e := range g.Endpoints {
		urls[e.URL] = urls[e.URL] || e.State == balancer.Up
	}
	return urls
}

// discovery tells how well the swarm is seen.
func (r report) discovery(s discovery.Status) {
	r.counter(reloads, float64(s.Tables))
	r.counter(reloadFailures, float64(s.Failures))
	r.gauge(lastReload, unix(s.Swapped))
	r.gauge(lastReloadFailure, unix(s.Failed))

	r.gauge(discoveryStale, number(s.Stale))
	r.gauge(discoveryLooked, unix(s.Looked))
	r.counter(discoveryFailures, float64(s.Failures))
	source := s.Source
	if source == "" {
		source = "polling"
	}
	r.gauge(discoverySource, 1, source)
	r.counter(tableSwaps, float64(s.Tables))
	r.delays(s.Delays)
	r.diagnostics(s.Diagnostics)
}

func (r report) delays(d discovery.Delays) {
	buckets := make(map[float64]uint64, len(d.Counts))
	for i, bound := range d.Bounds() {
		buckets[bound] = d.Counts[i]
	}
	r.histogram(changeToServed, d.Count, d.Sum, buckets)
}

func (r report) diagnostics(all []rules.Diagnostic) {
	type kind struct {
		severity rules.Severity
		code     string
	}
	counts := map[kind]int{}
	for _, d := range all {
		counts[kind{d.Severity, d.Code}]++
	}
	for k, n := range counts {
		r.gauge(diagnostics, float64(n), k.severity.String(), k.code)
	}
}

// table tells how large the table is.
func (r report) table(t *rules.Table) {
	count := 0
	for _, s := range t.Services {
		for _, source := range s.Sources {
			count += len(source.Endpoints)
		}
	}
	r.gauge(tableRoutes, float64(len(t.Routes)+len(t.TCP)))
	r.gauge(tableServices, float64(len(t.Services)))
	r.gauge(tableEndpoints, float64(count))
}

// unix is 0 for a time that never was.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
