// Package config turns the command line, the environment and a TOML file into the options of the packages that do the work.
//
// There is one list of options (options.go); the flags, their help, the keys of the file, the names of variables and the table in
// the documentation are made from it.
package config

import (
	"net/netip"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/proxy/http1"
	"github.com/appia-edge/appia/rules"
)

// Config is what the flags say, parsed. The zero value is not useful; Default is what no flag at all means.
type Config struct {
	LogLevel  zapcore.Level
	LogPath   string // of a file; "": standard output
	LogJSON   bool
	AccessLog *accesslog.Options // nil: no request is logged

	Web          bool             // the admin listener is on
	WebPages     Pages            // that it has
	WebAddress   string           // "host:port"
	WebPath      string           // prefix of all its paths, "/"
	Shared       map[string]Pages // pages on entry points, by their names
	Dashboard    bool
	Debug        bool            // of the process, beside the API
	RecentErrors int             // that /health tells; 0: none
	Buckets      []time.Duration // of histograms; nil: those of Traefik 1.x

	Docker      bool
	SwarmMode   bool
	Watch       bool
	Refresh     time.Duration // between looks while the swarm is calm
	StoreWatch  StoreWatch
	Engine      swarm.Options
	EngineTLS   bool
	EngineCerts swarm.TLSOptions
	Labels      labels.Options
	constraints []string

	Act           Act
	EntryPoints   []proxy.EntryPointOptions
	Default       []string // names of the default entry points
	StrictPrefix  bool
	KeepSlash     bool
	StateDir      string
	StickyKey     string
	StickyKeyFile string

	DialTimeout  time.Duration
	HeadTimeout  time.Duration
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	IdleTimeout  time.Duration
	MaxIdle      int
	Retry        *rules.Retry  // nil: only what refuses a connection is tried elsewhere
	Hold         time.Duration // how long a request waits for an endpoint where its service says nothing of it; 0: not at all
	HoldQueue    int           // requests of a service that may wait
	HoldPage     string        // a file of HTML for those that waited in vain; "": none
	IPv6Prefix   int           // bits of an IPv6 client's address that count in rate limits
	Limits       http1.Limits  // of one client's connection, but for what ReadTimeout and IdleTimeout say
	StdHTTP1     bool          // HTTP/1.1 by net/http
	SkipVerify   bool
	RootCAs      []string
	CertFolders  []string        // of certificates for entry points that speak TLS
	CertSections []certs.Section // [[tls]] of a file
	SecretFile   string          // of what all routers know; "": the default place
	ACME         *ACME           // nil: no certificates are had from a CA
	acme         ACME
	acmeOn       bool
	AcceptGrace  time.Duration // keep accepting this long after SIGTERM
	Grace        time.Duration // then this long for what is in flight
	Drain        time.Duration // for what is in flight to an endpoint that left the table
	oldGrace     time.Duration // --graceTimeOut, which wins when given
	oldIdle      time.Duration // --idleTimeout, which wins when given
	leveled      bool          // logLevel was given, so that debug does not count
	asked        pagesAsked
	lock         *entryText // of the admin pages; nil: none
	logAccess    bool
	accessLog    accesslog.Options
	configFile   string
	warnings     []string

	flags  []setting   // of the command line
	source int         // which of the places is being applied
	filled map[any]int // lists, and the source that filled them
}

// StoreWatch says whether the swarm's store is listened to, beside the Engine API.
type StoreWatch string

// The three answers.
const (
	StoreWatchAuto StoreWatch = "auto" // when its socket is there
	StoreWatchOn   StoreWatch = "on"   // and it is said when that cannot be
	StoreWatchOff  StoreWatch = "off"
)

// Default is what no flag at all means.
func Default() *Config {
	return &Config{
		LogLevel:    zapcore.WarnLevel,
		WebAddress:  ":8080",
		WebPath:     "/",
		Dashboard:   true,
		asked:       pagesAsked{apiAt: webEntryPoint, pingAt: webEntryPoint, metricsAt: webEntryPoint},
		Watch:       true,
		StoreWatch:  StoreWatchAuto,
		Refresh:     15 * time.Second,
		Labels:      labels.Options{ExposedByDefault: true, CheckInterval: 30 * time.Second},
		StateDir:    "/var/lib/appia",
		DialTimeout: time.Second,
		ReadTimeout: 10 * time.Second,
		IdleTimeout: 180 * time.Second,
		MaxIdle:     200,
		Hold:        5 * time.Second,
		HoldQueue:   1000,
		IPv6Prefix:  128,
		Limits:      http1.Defaults(),
		acme:        ACME{Storage: SwarmStorage},
		Act:         actDefault(),
		Grace:       10 * time.Second,
		Drain:       time.Minute,
	}
}

// httpDefault is the one entry point there is when no flag names any.
func httpDefault() proxy.EntryPointOptions {
	return proxy.EntryPointOptions{Name: "http", Address: ":80", TrustAll: true}
}

// Compiler is what the flags say about tables.
func (c *Config) Compiler() rules.Options {
	act := ""
	if c.Act.On {
		act = ActEntryPoint
	}
	return rules.Options{
		Act:         act,
		EntryPoints: c.EntryPointNames(), DefaultEntryPoints: c.Default, TLSEntryPoints: c.secureEntryPoints(),
		StrictPrefix: c.StrictPrefix, KeepTrailingSlash: c.KeepSlash,
	}
}

func (c *Config) secureEntryPoints() (names []string) {
	for _, e := range c.EntryPoints {
		if e.TLS != nil {
			names = append(names, e.Name)
		}
	}
	return names
}

// TrustsEveryone lists the entry points that believe X-Forwarded fields of any client, for the warning at start.
func (c *Config) TrustsEveryone() []string {
	var names []string
	for _, e := range c.EntryPoints {
		if e.TrustAll {
			names = append(names, e.Name)
		}
	}
	return names
}

// parsePrefix accepts an address or a CIDR range, and masks what 1.2.3.4/24 says too much.
func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}
