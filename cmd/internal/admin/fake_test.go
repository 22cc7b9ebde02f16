package admin

import (
	"testing"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/explain"
	"github.com/appia-edge/appia/cmd/internal/metrics"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/rules"
)

// A router is what the admin listener looks at, made up.
type router struct {
	table   *rules.Table
	fleet   *balancer.Fleet
	status  discovery.Status
	tally   balancer.Tally
	leaving bool
	certs   []certs.Status
}

// newRouter has specs in force.
func newRouter(t testing.TB, specs ...rules.Spec) *router {
	t.Helper()
	table, found := rules.Compile(specs, rules.Options{
		EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"},
	})
	r := &router{table: table, fleet: balancer.New(balancer.Options{})}
	t.Cleanup(r.fleet.Close)
	r.fleet.Grow(table.Services)
	now := time.Now()
	r.status = discovery.Status{Looked: now, Swapped: now, Tables: 1, Source: "events", Diagnostics: found}
	return r
}

func (r *router) options() Options {
	return Options{
		Address: "127.0.0.1:0", Version: "v1.2.3", Pages: all,
		Table:        func() *rules.Table { return r.table },
		Fleet:        r.fleet.Status,
		Discovery:    func() discovery.Status { return r.status },
		Leaving:      func() bool { return r.leaving },
		Certificates: func() []certs.Status { return r.certs },
		EntryPoints:  []metrics.EntryPoint{{Name: "http", Tally: &r.tally}},
		Explained:    []explain.EntryPoint{{Name: "http", Address: ":80"}, {Name: "https", Address: ":443"}},
		Metrics:      metrics.Handler(metrics.Sources{Fleet: r.fleet}),
	}
}

// spec is a service of one route.
func spec(t testing.TB, name, rule string, endpoints ...rules.Endpoint) rules.Spec {
	t.Helper()
	parsed, _, ok := rules.ParseTraefik1(rule)
	if !ok {
		t.Fatalf("%s is refused", rule)
	}
	return rules.Spec{
		Owner: rules.Owner{ID: name, Name: name},
		Routes: []rules.RouteSpec{{
			Label: "traefik.frontend.rule", Name: "frontend-" + rules.Normalize(rule), Rule: parsed, Service: "backend-" + name, PassHost: true,
		}},
		Services: []rules.ServiceSpec{{Name: "backend-" + name, Weight: 1, Endpoints: endpoints}},
	}
}

func endpoint(name, address string) rules.Endpoint {
	return rules.Endpoint{Task: "task-" + name, Name: "server-" + name, Scheme: "http", Addr: address}
}

var all = Pages{API: true, Ping: true, Metrics: true}
