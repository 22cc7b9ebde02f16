// Package metrics tells prometheus what the router counts. Nothing is counted here: a collector reads the counters of
// others when it is scraped, so that metrics cost a request nothing. Names and labels are Traefik 1.7's where it has
// the thing, appia_ for the rest. This is the only package that imports prometheus.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/rules"
)

// An EntryPoint is a listener's counters.
type EntryPoint struct {
	Name    string
	Tally   *balancer.Tally
	Refused *balancer.Causes // connections that got no further than the engine; may be nil
	Failed  *balancer.Causes // requests; may be nil
}

// Sources are where the numbers are read. A field left out costs its metrics only.
type Sources struct {
	EntryPoints  []EntryPoint
	Fleet        *balancer.Fleet
	Discovery    func() discovery.Status
	Table        func() *rules.Table
	Version      string
	Certificates func() []certs.Status
	Pins         func() (*rules.Table, []*balancer.Tally) // of messages, in the order of Table.Pins
	Copies       func() []Copies                          // of messages
	LogLost      func() uint64                            // lines of the access log that could not be written
}

// Handler answers scrapes.
func Handler(s Sources) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&collector{sources: s},
	)
	// One number that can't be told must not hide the others.
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// A collector reads all counters once a scrape.
type collector struct{ sources Sources }

// Describe says nothing, which prometheus allows: there is no other collector that ours could collide with.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	r := report{to}
	r.gauge(buildInfo, 1, c.sources.Version)
	for _, e := range c.sources.EntryPoints {
		r.tally(entryPointMetrics, e.Tally, e.Name)
		r.entryPoint(e)
	}
	if c.sources.Pins != nil {
		r.pins(c.sources.Pins())
	}
	if c.sources.Copies != nil {
		r.copies(c.sources.Copies())
	}
	if c.sources.LogLost != nil {
		r.counter(accessLogLost, float64(c.sources.LogLost()))
	}
	if c.sources.Certificates != nil {
		r.certificates(c.sources.Certificates())
	}
	if c.sources.Fleet != nil {
		r.fleet(c.sources.Fleet)
	}
	if c.sources.Discovery != nil {
		r.discovery(c.sources.Discovery())
	}
	if c.sources.Table != nil {
		r.table(c.sources.Table())
	}
}
