// Package app wires the router: discovery makes tables, the proxy serves by them, and neither knows the other.
// Read this file first.
package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/balancer/conn"
	"github.com/appia-edge/appia/balancer/health"
	"github.com/appia-edge/appia/cmd/internal/admin"
	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/cmd/internal/explain"
	"github.com/appia-edge/appia/cmd/internal/handover"
	"github.com/appia-edge/appia/cmd/internal/metrics"
	"github.com/appia-edge/appia/discovery"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/certs/acme"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/proxy/stdhttp"
	"github.com/appia-edge/appia/rules"
)

// A World is what a router lives in. The zero fields are the real one's.
type World struct {
	Swarm   Swarm                                                                    // where there is something to route to
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error)        // how endpoints are reached; nil: TCP
	Listen  func(ctx context.Context, network, address string) (net.Listener, error) // nil: net.Listen
	Ticks   <-chan time.Time                                                         // make time pass for time-outs of the proxy, each a second; nil: seconds do
	OnTable func(*rules.Table, []rules.Change)                                       // hears of each table in force; may be nil
	Version string
	// Handover passes the sockets that it has opened to the next router, and has got them from the last; nil: nobody does.
	Handover *handover.Handover
}

// A Swarm is where the swarm is seen. Both streams call hint when something may have changed; Watch tells of everything.
type Swarm interface {
	discovery.Source
	Hints(ctx context.Context, hint func()) error
	Watch(ctx context.Context, hint func()) error
}

// App is one router.
type App struct {
	config   *config.Config
	world    World
	log      *zap.Logger
	fleet    *balancer.Fleet
	proxy    *proxy.Proxy
	loop     *discovery.Loop
	admin    *admin.Server
	last     *rules.Table
	tabled   chan struct{} // closed by the first table
	leaving  atomic.Bool   // SIGTERM has come: /ping answers 503
	keyed    bool          // the fleet has its sticky key
	given    []byte        // the sticky key the flags gave; nil: it is derived from the swarm's id
	tlsTo    *tls.Config   // towards https endpoints
	certs    *certs.Store  // of entry points
	issuing  *issuing      // nil: no certificates are had from a CA
	compiler rules.Options
	holdPage string                  // for requests that waited for an endpoint in vain
	access   *accesslog.Log          // nil: no request is logged
	errors   *admin.Errors           // for /health; nil: none are kept
	inside   map[string]*insidePages // pages on entry points, by their names
}

// insidePages stand on an entry point from the start, and are made when there is something to show.
type insidePages struct{ proxy.Internal }

// New wires a router; nothing runs yet.
func New(c *config.Config, w World, log *zap.Logger) (*App, error) {
	a := &App{config: c, world: w, log: log, tabled: make(chan struct{})}
	if w.Listen == nil && w.Handover != nil {
		a.world.Listen = w.Handover.Listen
	}
	var err error
	if a.given, err = c.StickySecret(); err != nil {
		return nil, err
	}
	if a.tlsTo, err = endpointTLS(c); err != nil {
		return nil, err
	}
	if err = a.makeCertificates(); err != nil {
		return nil, err
	}
	if c.HoldPage != "" {
		page, err := os.ReadFile(c.HoldPage)
		if err != nil {
			return nil, fmt.Errorf("--hold.page: %w", err)
		}
		a.holdPage = string(page)
	}
	a.compiler = c.Compiler()
	if err = a.openAccessLog(); err != nil {
		return nil, err
	}
	if c.RecentErrors > 0 {
		a.errors = admin.NewErrors(c.RecentErrors)
	}
	a.makeFleet()
	a.makeProxy()
	a.makeLoop()
	if c.Web || len(c.Shared) > 0 {
		a.makeAdmin()
	}
	return a, nil
}

func (a *App) dialer() *conn.Dialer {
	return &conn.Dialer{Timeout: a.config.DialTimeout, Dial: a.world.Dial}
}

func (a *App) makeFleet() {
	a.fleet = balancer.New(balancer.Options{
		Drain:     a.config.Drain,
		Greet:     true,
		Queue:     a.config.HoldQueue,
		Buckets:   a.config.Buckets,
		Health:    health.Options{Dial: a.dialer().DialContext, TLS: a.tlsTo},
		OnVerdict: a.verdict,
	})
}

// endpointIdle is how long a connection to an endpoint is kept without use, as in Traefik 1.x.
const endpointIdle = 90 * time.Second

// endpointUnheard is for how long an endpoint's machine may acknowledge nothing of a request: the kernel sends it six times
// by then. It is taken for gone, and what may be sent twice goes elsewhere.
const endpointUnheard = 3 * time.Second

func (a *App) makeProxy() {
	std := a.dialer()
	std.Unheard = a.config.Limits.Write // net/http does not say who waits for whom
	var back proxy.Back = stdhttp.NewBack(stdhttp.BackOptions{
		Dial: std.DialContext, HeadTimeout: a.config.HeadTimeout, IdleTimeout: endpointIdle,
		MaxIdle: a.config.MaxIdle, TLS: a.tlsTo,
	})
	if !a.config.StdHTTP1 {
		back = http1.NewBack(http1.BackOptions{
			Dial: a.dialer().DialContext, HeadTimeout: a.config.HeadTimeout, IdleTimeout: endpointIdle, MaxIdle: a.config.MaxIdle,
			WriteTimeout: a.config.Limits.Write, Unheard: endpointUnheard, Other: back,
		})
	}
	options := proxy.Options{
		EntryPoints: a.entryPoints(), Fleet: a.fleet, Back: back, Log: a.log, Listen: a.world.Listen,
		ReadTimeout: a.config.ReadTimeout, IdleTimeout: a.config.IdleTimeout,
		Limits: a.config.Limits, StdHTTP1: a.config.StdHTTP1, Ticks: a.world.Ticks, Retry: a.config.Retry,
		WriteTimeout: a.config.WriteTimeout, Buckets: a.config.Buckets, AccessLog: a.access, OnError: a.onError(),
	}
	options.Certificates, options.Act = a.certs, a.config.Act.Options()
	options.Dial, options.EndpointTLS = a.dialer().DialContext, a.tlsTo
	if a.world.Handover != nil {
		options.ListenUDP = a.world.Handover.ListenUDP
	}
	options.Hold, options.HoldPage = a.config.Hold, a.holdPage
	options.Filters.IPv6 = a.config.IPv6Prefix
	a.proxy = proxy.New(options)
}

func (a *App) makeCertificates() error {
	secret, err := certs.ReadSecret(a.config.SecretFile)
	if err != nil {
		return fmt.Errorf("--secretFile: %w", err)
	}
	a.certs = certs.New(certs.Options{
		Directories: a.config.CertFolders, Sections: a.config.CertSections, Secret: secret, Log: a.log,
	})
	return a.makeACME(secret)
}

// entryPoints are the configured ones, with the pages that they have.
func (a *App) entryPoints() []proxy.EntryPointOptions {
	a.inside = map[string]*insidePages{}
	all := slices.Clone(a.config.EntryPoints)
	for i, e := range all {
		if _, has := a.config.Shared[e.Name]; has {
			a.inside[e.Name] = &insidePages{}
			all[i].Internal = a.inside[e.Name]
		}
		if c := a.config.ACME; c != nil && c.Challenge == acme.HTTP01 && c.HTTPAt == e.Name {
			if all[i].Internal == nil {
				all[i].Internal = noPages{}
			}
			all[i].Internal = challengePage{a.issuing.manager, all[i].Internal}
		}
	}
	return all
}

func (a *App) onError() func(status int, method, host, path string) {
	if a.errors == nil {
		return nil
	}
	return a.errors.Add
}

// longestLinger bounds how long a removed service's requests wait for it, however long they would for one that is paused.
const longestLinger = time.Minute

func (a *App) makeLoop() {
	a.loop = discovery.New(discovery.Options{
		Source: a.world.Swarm, Streams: a.streams(), Log: a.log, Calm: a.config.Refresh, Once: !a.config.Watch, StateDir: a.config.StateDir,
		Read: labels.NewReader(a.config.Labels).Read,
		Linger: func(s *snapshot.Service) time.Duration {
			return min(labels.Hold(s.Labels, a.config.Hold), longestLinger)
		},
		Compile: func(last *rules.Table, specs []rules.Spec) (*rules.Table, []rules.Diagnostic) {
			return rules.Recompile(last, specs, a.compiler)
		},
		Apply: a.apply,
	})
}

// streams are by which we hear of changes, the best first.
func (a *App) streams() []discovery.Stream {
	events := discovery.Stream{Name: "events", Optional: true, Run: func(ctx context.Context, hint func()) error {
		return a.world.Swarm.Hints(ctx, hint)
	}}
	watch := discovery.Stream{Name: "watch", Complete: true, Optional: a.config.StoreWatch != config.StoreWatchOn}
	watch.Run = func(ctx context.Context, hint func()) error { return a.world.Swarm.Watch(ctx, hint) }
	if a.config.StoreWatch == config.StoreWatchOff {
		return []discovery.Stream{events}
	}
	return []discovery.Stream{watch, events}
}

func (a *App) makeAdmin() {
	sources := metrics.Sources{Certificates: a.certs.Status, Fleet: a.fleet, Discovery: a.loop.Status, Table: a.proxy.Table, Version: a.world.Version}
	if a.access != nil {
		sources.LogLost = a.access.Lost
	}
	if a.config.Act.On {
		sources.Pins, sources.Copies = a.proxy.PinTallies, a.copies
	}
	for _, e := range a.proxy.EntryPoints() {
		sources.EntryPoints = append(sources.EntryPoints, metrics.EntryPoint{
			Name: e.Name(), Tally: e.Tally(), Refused: e.Refused(), Failed: e.Failed(),
		})
	}
	address := ""
	if a.config.Web {
		address = a.config.WebAddress
	}
	a.admin = admin.New(admin.Options{
		Address: address, Path: a.config.WebPath, Listen: a.world.Listen, Version: a.world.Version,
		Pages: admin.Pages(a.config.WebPages), NoDashboard: !a.config.Dashboard, Debug: a.config.Debug, Errors: a.errors,
		Table: a.proxy.Table, Fleet: a.fleet.Status, Discovery: a.loop.Status, Leaving: a.leaving.Load,
		Certificates: a.certs.Status, Metrics: metrics.Handler(sources), EntryPoints: sources.EntryPoints, Explained: explain.EntryPoints(a.config.EntryPoints), Pins: sources.Pins, Copies: sources.Copies,
	})
	for name, pages := range a.config.Shared {
		a.inside[name].Internal = a.admin.Inside(admin.Pages(pages))
	}
}

// copies are those of messages, in the words of the metrics.
func (a *App) copies() (all []metrics.Copies) {
	for _, c := range a.proxy.CopyCounts() {
		all = append(all, metrics.Copies(c))
	}
	return all
}

// apply puts a table in force.
func (a *App) apply(t *rules.Table, s *snapshot.Swarm) []rules.Diagnostic {
	a.setStickyKey(s.Cluster)
	found := a.proxy.Swap(t)
	if a.issuing != nil {
		a.issuing.wanted(t, a.config.ACME)
	}
	if a.world.OnTable != nil {
		a.world.OnTable(t, rules.Diff(a.last, t))
	}
	if a.last == nil {
		close(a.tabled)
	}
	a.last = t
	return found
}

// setStickyKey gives the fleet its key before the first table. Routers of one swarm agree on its id without being
// told, and a client does not know it.
func (a *App) setStickyKey(cluster string) {
	if a.keyed {
		return
	}
	key := a.given
	if key == nil {
		if cluster == "" {
			a.log.Warn("the swarm does not tell its id, so that the key of sticky cookies can be guessed; give --sticky.key")
		}
		sum := sha256.Sum256([]byte("appia sticky " + cluster))
		key = sum[:]
	}
	a.fleet.SetStickyKey(key)
	a.keyed = true
}

// verdict tells the log that an endpoint went in or out.
func (a *App) verdict(service, endpoint string, up bool, why string) {
	if up {
		a.log.Info("endpoint is back", zap.String("service", service), zap.String("endpoint", endpoint), zap.String("why", why))
		return
	}
	a.log.Warn("endpoint is out", zap.String("service", service), zap.String("endpoint", endpoint), zap.String("why", why))
}

// endpointTLS is how https endpoints are spoken to.
func endpointTLS(c *config.Config) (*tls.Config, error) {
	t := &tls.Config{InsecureSkipVerify: c.SkipVerify} //nolint:gosec // the operator's own flag
	if len(c.RootCAs) == 0 {
		return t, nil
	}
	roots, err := rootsOf("rootCAs", c.RootCAs)
	t.RootCAs = roots
	return t, err
}
