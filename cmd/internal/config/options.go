package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/rules"
)

// An option is one flag. Its setter parses: what it accepts needs no second look.
type option struct {
	name   string // in Traefik 1.x's spelling where it has one
	short  string
	kind   string // as --help shows it; "bool" needs no value
	preset string // what holds without the flag, for --help
	help   string
	set    func(c *Config, value string) error
}

// options are all flags, in the order of --help.
var options = []option{
	{"entryPoints", "", "entry point", "'Name:http Address::80'", "a listener: Name, Address, Compress, ForwardedHeaders.TrustedIPs; may be repeated", setEntryPoints},
	{"defaultEntryPoints", "", "names", "http", "where routes are served whose labels name no entry point", names(func(c *Config) *[]string { return &c.Default })},

	{"docker", "", "bool", "false", "discover services by the Docker Engine API", boolean(func(c *Config) *bool { return &c.Docker })},
	{"docker.swarmMode", "", "bool", "false", "discover swarm services", docker(boolean(func(c *Config) *bool { return &c.SwarmMode }))},
	{"docker.endpoint", "", "url", "unix:///var/run/docker.sock", "the engine of a manager; without the flag DOCKER_HOST counts", docker(text(func(c *Config) *string { return &c.Engine.Endpoint }))},
	{"docker.domain", "", "domain", "", "the default rule is Host:<service>.<domain>", docker(text(func(c *Config) *string { return &c.Labels.Domain }))},
	{"docker.watch", "", "bool", "true", "follow changes; false: look once", docker(boolean(func(c *Config) *bool { return &c.Watch }))},
	{"docker.swarmModeRefreshSeconds", "", "seconds", "15", "between looks while the swarm is calm", docker(setRefresh)},
	{"docker.exposedByDefault", "", "bool", "true", "publish services that do not say traefik.enable=true", docker(boolean(func(c *Config) *bool { return &c.Labels.ExposedByDefault }))},
	{"docker.network", "", "name", "", "the network to reach tasks by, where no label names one", docker(text(func(c *Config) *string { return &c.Labels.Network }))},
	{"docker.constraints", "", "tag==glob", "", "serve only services whose traefik.tags match; may be repeated", docker(names(func(c *Config) *[]string { return &c.constraints }))},
	{"constraints", "", "tag==glob", "", "as docker.constraints; the two add up", names(func(c *Config) *[]string { return &c.constraints })},
	{"docker.tls", "", "bool", "false", "use TLS towards the engine; without the flags below DOCKER_CERT_PATH counts", docker(boolean(func(c *Config) *bool { return &c.EngineTLS }))},
	{"docker.tls.ca", "", "file", "", "the CA of the engine's certificate", engineTLS(text(func(c *Config) *string { return &c.EngineCerts.CA }))},
	{"docker.tls.caOptional", "", "bool", "false", "accepted; it concerns servers only", engineTLS(boolean(func(c *Config) *bool { return &c.EngineCerts.CAOptional }))},
	{"docker.tls.cert", "", "file", "", "our certificate towards the engine", engineTLS(text(func(c *Config) *string { return &c.EngineCerts.Cert }))},
	{"docker.tls.key", "", "file", "", "its key", engineTLS(text(func(c *Config) *string { return &c.EngineCerts.Key }))},
	{"docker.tls.insecureSkipVerify", "", "bool", "false", "do not verify the engine's certificate", engineTLS(boolean(func(c *Config) *bool { return &c.EngineCerts.InsecureSkipVerify }))},

	{"web", "", "bool", "false", "serve /ping, /health, /metrics, /api and the dashboard", boolean(func(c *Config) *bool { return &c.Web })},
	{"web.address", "", "address", ":8080", "where", web(text(func(c *Config) *string { return &c.WebAddress }))},
	{"web.path", "", "path", "/", "prefix of all its paths", web(text(func(c *Config) *string { return &c.WebPath }))},
	{"web.readOnly", "", "bool", "true", "accepted: there is nothing but reading", web(accepted)},
	{"web.metrics.prometheus", "", "bool", "true", "accepted: /metrics is always there", web(accepted)},
	{"api", "", "bool", "false", "as web", boolean(func(c *Config) *bool { return &c.Web })},
	{"ping", "", "bool", "false", "as web", boolean(func(c *Config) *bool { return &c.Web })},
	{"metrics", "", "bool", "false", "accepted: metrics.prometheus switches it on", accepted},
	{"metrics.prometheus", "", "bool", "false", "as web", boolean(func(c *Config) *bool { return &c.Web })},

	{"logLevel", "l", "level", "WARN", "DEBUG, INFO, WARN, ERROR, FATAL or PANIC", setLogLevel},
	{"debug", "d", "bool", "false", "log at DEBUG where logLevel says nothing", boolean(func(c *Config) *bool { return &c.debug })},

	{"stateDir", "", "folder", "/var/lib/appia", "where the last known state of the swarm is kept; empty: nowhere", text(func(c *Config) *string { return &c.StateDir })},
	{"strictPrefix", "", "bool", "false", "PathPrefix rules match whole path segments: /v3/user is not a prefix of /v3/users", boolean(func(c *Config) *bool { return &c.StrictPrefix })},
	{"keepTrailingSlash", "", "bool", "false", "/path and /path/ are two paths for Path rules", boolean(func(c *Config) *bool { return &c.KeepSlash })},
	{"allowMinWeightZero", "", "bool", "false", "traefik.weight=0 means no requests, not 1", boolean(func(c *Config) *bool { return &c.Labels.AllowMinWeightZero })},
	{"healthcheck.interval", "", "duration", "30s", "between health checks of services that do not say", duration(func(c *Config) *time.Duration { return &c.Labels.CheckInterval })},
	{"sticky.key", "", "secret", "", "the key of sticky cookies; without any it is derived from the swarm's id", text(func(c *Config) *string { return &c.StickyKey })},
	{"sticky.keyFile", "", "file", "/run/secrets/appia_sticky_key", "a file with that key, a docker secret for example; the default place need not exist", text(func(c *Config) *string { return &c.StickyKeyFile })},

	{"forwardingTimeouts.dialTimeout", "", "duration", "1s", "for a connection to an endpoint; then another is asked", duration(func(c *Config) *time.Duration { return &c.DialTimeout })},
	{"forwardingTimeouts.responseHeaderTimeout", "", "duration", "0s", "for the head of a response; 0: none", duration(func(c *Config) *time.Duration { return &c.HeadTimeout })},
	{"respondingTimeouts.readTimeout", "", "duration", "10s", "for the head of a request; 0: none", duration(func(c *Config) *time.Duration { return &c.ReadTimeout })},
	{"respondingTimeouts.idleTimeout", "", "duration", "3m0s", "of a client's connection between requests", duration(func(c *Config) *time.Duration { return &c.IdleTimeout })},
	{"retry", "", "bool", "false", "bound the tries of a request by retry.attempts; without it too whoever refuses a connection is passed over", setRetry},
	{"retry.attempts", "", "number", "0", "tries of a request, the first included, 10 at most; 0: as many as its service has endpoints", setAttempts},
	{"limits.ipv6Prefix", "", "bits", "128", "of an IPv6 client's address that count as one client in rate limits; a household mostly has 64", setIPv6},
	{"maxIdleConnsPerHost", "", "number", "200", "idle connections kept to each endpoint", setMaxIdle},
	{"http1", "", "engine", "std", "who speaks HTTP/1.1: std for Go's net/http, or appia for our own, younger and faster engine", setHTTP1},
	{"maxHeaderBytes", "", "bytes", "65536", "of a request's head", size(func(c *Config) *int { return &c.Limits.HeadBytes })},
	{"maxHeaderCount", "", "number", "128", "of fields in a request's head", size(func(c *Config) *int { return &c.Limits.Fields })},
	{"maxTargetBytes", "", "bytes", "16384", "of a request's target", size(func(c *Config) *int { return &c.Limits.TargetBytes })},
	{"respondingTimeouts.bodyTimeout", "", "duration", "1m0s", "between two pieces of a request's body; 0: none", duration(func(c *Config) *time.Duration { return &c.Limits.Body })},
	{"respondingTimeouts.stallTimeout", "", "duration", "1m0s", "for a client to take some more of a response; 0: none", duration(func(c *Config) *time.Duration { return &c.Limits.Write })},
	{"insecureSkipVerify", "", "bool", "false", "do not verify certificates of https endpoints", boolean(func(c *Config) *bool { return &c.SkipVerify })},
	{"rootCAs", "", "files", "", "CAs of https endpoints in place of the system's", names(func(c *Config) *[]string { return &c.RootCAs })},

	{"lifeCycle.requestAcceptGraceTimeout", "", "duration", "0s", "keep accepting this long after SIGTERM; /ping answers 503 already", duration(func(c *Config) *time.Duration { return &c.AcceptGrace })},
	{"lifeCycle.graceTimeOut", "", "duration", "10s", "then let what is in flight finish for this long", duration(func(c *Config) *time.Duration { return &c.Grace })},
	{"lifeCycle.drainTimeout", "", "duration", "1m0s", "for what is in flight to an endpoint that has left the swarm", duration(func(c *Config) *time.Duration { return &c.Drain })},
	{"graceTimeOut", "g", "duration", "", "deprecated form of lifeCycle.graceTimeOut; wins when given", duration(func(c *Config) *time.Duration { return &c.oldGrace })},

	{"checkNewVersion", "", "bool", "false", "accepted: Appia never phones home", accepted},
	{"sendAnonymousUsage", "", "bool", "false", "accepted: Appia never phones home", accepted},
}

func accepted(*Config, string) error { return nil }

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) (err error) {
		if *field(c), err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		return nil
	}
}

// names collects: lists of Traefik 1.x add up when a flag is repeated.
func names(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*field(c) = append(*field(c), item)
			}
		}
		return nil
	}
}

// duration reads 10s or 1m30s, and a bare number as seconds.
func duration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		if seconds, err := strconv.ParseInt(value, 0, 32); err == nil {
			value = fmt.Sprint(seconds, "s")
		}
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration: write 10s or 1m30s", value)
		}
		*field(c) = d
		return nil
	}
}

// docker: --docker.domain alone switches the section on.
func docker(set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, value string) error {
		c.Docker = true
		return set(c, value)
	}
}

func engineTLS(set func(*Config, string) error) func(*Config, string) error {
	return docker(func(c *Config, value string) error {
		c.EngineTLS = true
		return set(c, value)
	})
}

func web(set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, value string) error {
		c.Web = true
		return set(c, value)
	}
}

func setEntryPoints(c *Config, value string) error {
	e, warnings, err := parseEntryPoint(value)
	if err != nil {
		return err
	}
	c.warnings = append(c.warnings, warnings...)
	for i := range c.EntryPoints {
		if c.EntryPoints[i].Name == e.Name {
			c.warnings = append(c.warnings, fmt.Sprintf("there are two entry points %q; the last one counts", e.Name))
			c.EntryPoints[i] = e
			return nil
		}
	}
	c.EntryPoints = append(c.EntryPoints, e)
	return nil
}

func setRefresh(c *Config, value string) error {
	seconds, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%q is not a number of seconds", value)
	}
	if seconds <= 0 {
		c.warnings = append(c.warnings, fmt.Sprintf("docker.swarmModeRefreshSeconds=%d means the default, 15", seconds))
		return nil
	}
	c.Refresh = time.Duration(seconds) * time.Second
	return nil
}

func setMaxIdle(c *Config, value string) (err error) {
	if c.MaxIdle, err = strconv.Atoi(value); err != nil || c.MaxIdle < 0 {
		return fmt.Errorf("%q is not a number of connections", value)
	}
	return nil
}

func setRetry(c *Config, value string) error {
	on := false
	if err := boolean(func(*Config) *bool { return &on })(c, value); err != nil {
		return err
	}
	switch {
	case !on:
		c.Retry = nil
	case c.Retry == nil:
		c.Retry = &rules.Retry{}
	}
	return nil
}

// setAttempts switches retry on, as every option of a section does.
func setAttempts(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a number of tries", value)
	}
	c.Retry = &rules.Retry{Attempts: n}
	return nil
}

func setIPv6(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 128 {
		return fmt.Errorf("%q is not a number of bits from 1 to 128", value)
	}
	c.IPv6Prefix = n
	return nil
}

func setHTTP1(c *Config, value string) error {
	if value != "appia" && value != "std" {
		return fmt.Errorf("%q is not an engine: appia or std", value)
	}
	c.StdHTTP1 = value == "std"
	return nil
}

// size reads a positive number.
func size(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is not a positive number", value)
		}
		*field(c) = n
		return nil
	}
}

var levels = map[string]zapcore.Level{
	"DEBUG": zapcore.DebugLevel, "INFO": zapcore.InfoLevel, "WARN": zapcore.WarnLevel, "WARNING": zapcore.WarnLevel,
	"ERROR": zapcore.ErrorLevel, "FATAL": zapcore.FatalLevel, "PANIC": zapcore.PanicLevel,
}

var errLevel = errors.New("is not a level: DEBUG, INFO, WARN, ERROR, FATAL or PANIC")

func setLogLevel(c *Config, value string) error {
	level, ok := levels[strings.ToUpper(value)]
	if !ok {
		return fmt.Errorf("%q %w", value, errLevel)
	}
	c.LogLevel, c.leveled = level, true
	return nil
}
