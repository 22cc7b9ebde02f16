package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/accesslog"
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
	{"entryPoints", "", "entry point", "'Name:http Address::80'", "a listener, with the options below; may be repeated", setEntryPoints},
	{"defaultEntryPoints", "", "names", "http", "where routes are served whose labels name no entry point", names(func(c *Config) *[]string { return &c.Default })},

	{"docker", "", "bool", "false", "discover services by the Docker Engine API", boolean(func(c *Config) *bool { return &c.Docker })},
	{"docker.swarmMode", "", "bool", "false", "discover swarm services", docker(boolean(func(c *Config) *bool { return &c.SwarmMode }))},
	{"docker.endpoint", "", "url", "unix:///var/run/docker.sock", "the engine of a manager; without the flag DOCKER_HOST counts", docker(text(func(c *Config) *string { return &c.Engine.Endpoint }))},
	{"docker.domain", "", "domain", "", "the default rule is Host:<service>.<domain>", docker(text(func(c *Config) *string { return &c.Labels.Domain }))},
	{"docker.watch", "", "bool", "true", "follow changes; false: look once", docker(boolean(func(c *Config) *bool { return &c.Watch }))},
	{"docker.swarmModeRefreshSeconds", "", "seconds", "15", "between looks while the swarm is calm", docker(setRefresh)},
	{"docker.swarm.watch", "", "auto|on|off", "auto", "listen to the swarm's store, which tells of every change at once: auto when its socket is there, on to be told when it is not; without it tasks are polled", docker(setStoreWatch)},
	{"docker.swarm.socket", "", "path", "/var/run/docker/swarm/control.sock", "where the manager of this machine serves the store; without the flag only beside an engine of this machine", docker(text(func(c *Config) *string { return &c.Engine.Socket }))},
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

	{"web", "", "bool", "false", "serve /ping, /health, /metrics, /api and the dashboard; without effect beside api, ping and metrics.prometheus", boolean(func(c *Config) *bool { return &c.asked.web })},
	{"web.address", "", "address", ":8080", "where", web(text(func(c *Config) *string { return &c.WebAddress }))},
	{"web.path", "", "path", "/", "prefix of all its paths", web(text(func(c *Config) *string { return &c.WebPath }))},
	{"web.readOnly", "", "bool", "true", "accepted: there is nothing but reading", web(accepted)},
	{"web.auth.basic.users", "", "users", "", "name:hash as in htpasswd files: who may see the pages, but for /ping and /ready, which everybody may", webLock("Auth.Basic.Users")},
	{"web.auth.basic.usersFile", "", "file", "", "a file of such lines", webLock("Auth.Basic.UsersFile")},
	{"web.auth.digest.users", "", "users", "", "name:realm:HA1", webLock("Auth.Digest.Users")},
	{"web.auth.digest.usersFile", "", "file", "", "a file of such lines", webLock("Auth.Digest.UsersFile")},
	{"web.statistics", "", "bool", "false", "/health tells the last errors, too", web(statistics(func(c *Config) *int { return &c.asked.recentErrorsWeb }))},
	{"web.statistics.recentErrors", "", "number", "10", "how many", web(size(func(c *Config) *int { return &c.asked.recentErrorsWeb }))},
	{"web.metrics", "", "bool", "false", "accepted: /metrics is always there", web(accepted)},
	{"web.metrics.prometheus", "", "bool", "true", "accepted: /metrics is always there", web(accepted)},
	{"web.metrics.prometheus.buckets", "", "seconds,seconds", "0.1,0.3,1.2,5", "upper bounds of the histograms", web(setBuckets)},
	{"api", "", "bool", "false", "serve /api, /health and the dashboard", boolean(func(c *Config) *bool { return &c.asked.api })},
	{"api.entryPoint", "", "name", "traefik", "where: an entry point, before its routes; if there is none called traefik, a listener on :8080", api(text(func(c *Config) *string { return &c.asked.apiAt }))},
	{"api.dashboard", "", "bool", "true", "the dashboard", api(boolean(func(c *Config) *bool { return &c.Dashboard }))},
	{"api.statistics", "", "bool", "false", "/health tells the last errors, too", api(statistics(func(c *Config) *int { return &c.asked.recentErrorsAt }))},
	{"api.statistics.recentErrors", "", "number", "10", "how many", api(size(func(c *Config) *int { return &c.asked.recentErrorsAt }))},
	{"ping", "", "bool", "false", "serve /ping and /ready", boolean(func(c *Config) *bool { return &c.asked.ping })},
	{"ping.entryPoint", "", "name", "traefik", "where, as api.entryPoint", section(func(c *Config) *bool { return &c.asked.ping }, text(func(c *Config) *string { return &c.asked.pingAt }))},
	{"metrics", "", "bool", "false", "accepted: metrics.prometheus switches it on", accepted},
	{"metrics.prometheus", "", "bool", "false", "serve /metrics", boolean(func(c *Config) *bool { return &c.asked.metrics })},
	{"metrics.prometheus.entryPoint", "", "name", "traefik", "where, as api.entryPoint", metrics(text(func(c *Config) *string { return &c.asked.metricsAt }))},
	{"metrics.prometheus.buckets", "", "seconds,seconds", "0.1,0.3,1.2,5", "upper bounds of the histograms", metrics(setBuckets)},

	{"logLevel", "l", "level", "WARN", "DEBUG, INFO, WARN, ERROR, FATAL or PANIC", setLogLevel},
	{"debug", "d", "bool", "false", "log at DEBUG where logLevel says nothing; serve /debug/vars and /debug/pprof beside /api", boolean(func(c *Config) *bool { return &c.Debug })},
	{"traefikLog", "", "bool", "false", "accepted: there is always a log", accepted},
	{"traefikLog.filePath", "", "file", "", "where the log goes, opened anew on SIGUSR1; without it standard output", text(func(c *Config) *string { return &c.LogPath })},
	{"traefikLog.format", "", "format", "common", "common or json", setLogFormat},
	{"traefikLogsFile", "", "file", "", "deprecated form of traefikLog.filePath", text(func(c *Config) *string { return &c.LogPath })},
	{"accessLog", "", "bool", "false", "write a line for each request", boolean(func(c *Config) *bool { return &c.logAccess })},
	{"accessLog.filePath", "", "file", "", "where, opened anew on SIGUSR1; without it standard output", access(text(func(c *Config) *string { return &c.accessLog.Path }))},
	{"accessLog.format", "", "format", "common", "common or json", access(setAccessFormat)},
	{"accessLog.bufferingSize", "", "lines", "10000", "that may wait for the disk; more are lost, and counted", access(setWaiting)},
	{"accessLog.filters.statusCodes", "", "codes", "", "requests whose status is one of these, 200,300-302; of several filters one is enough", access(setStatusCodes)},
	{"accessLog.filters.retryAttempts", "", "bool", "false", "requests for which more than one endpoint was asked", access(boolean(func(c *Config) *bool { return &c.accessLog.Filter.Retried }))},
	{"accessLog.filters.minDuration", "", "duration", "", "requests that took as long as this", access(duration(func(c *Config) *time.Duration { return &c.accessLog.Filter.Took }))},
	{"accessLog.fields.defaultMode", "", "mode", "keep", "keep or drop: fields that are not named", access(mode(func(c *Config) *accesslog.Mode { return &c.accessLog.Fields.Default }, false))},
	{"accessLog.fields.names", "", "name=mode", "", "fields with modes of their own, ClientUsername=drop", access(modes(setFieldMode))},
	{"accessLog.fields.headers.defaultMode", "", "mode", "keep", "keep, drop or redact: headers that are not named; keep redacts Authorization, Proxy-Authorization, Cookie and Set-Cookie", access(mode(func(c *Config) *accesslog.Mode { return &c.accessLog.Headers.Default }, true))},
	{"accessLog.fields.headers.names", "", "name=mode", "", "headers with modes of their own, User-Agent=redact Authorization=keep", access(modes(setHeaderMode))},
	{"accessLogsFile", "", "file", "", "deprecated: accessLog.filePath in the common format", access(text(func(c *Config) *string { return &c.accessLog.Path }))},
	{"configFile", "c", "file", "", "a TOML file of options; without it the first of /etc/appia/appia.toml, $HOME/.appia/appia.toml, ./appia.toml and the same three of traefik", text(func(c *Config) *string { return &c.configFile })},

	{"stateDir", "", "folder", "/var/lib/appia", "where the last known state of the swarm is kept; empty: nowhere", text(func(c *Config) *string { return &c.StateDir })},
	{"strictPrefix", "", "bool", "false", "PathPrefix rules match whole path segments: /v3/user is not a prefix of /v3/users", boolean(func(c *Config) *bool { return &c.StrictPrefix })},
	{"keepTrailingSlash", "", "bool", "false", "/path and /path/ are two paths for Path rules", boolean(func(c *Config) *bool { return &c.KeepSlash })},
	{"allowMinWeightZero", "", "bool", "false", "traefik.weight=0 means no requests, not 1", boolean(func(c *Config) *bool { return &c.Labels.AllowMinWeightZero })},
	{"healthcheck.interval", "", "duration", "30s", "between health checks of services that do not say", duration(func(c *Config) *time.Duration { return &c.Labels.CheckInterval })},
	{"sticky.key", "", "secret", "", "the key of sticky cookies; without any it is derived from the swarm's id", text(func(c *Config) *string { return &c.StickyKey })},
	{"sticky.keyFile", "", "file", "/run/secrets/appia_sticky_key", "a file with that key, a docker secret for example; the default place need not exist", text(func(c *Config) *string { return &c.StickyKeyFile })},

	{"forwardingTimeouts.dialTimeout", "", "duration", "1s", "for a connection to an endpoint; then another is asked", duration(func(c *Config) *time.Duration { return &c.DialTimeout })},
	{"forwardingTimeouts.responseHeaderTimeout", "", "duration", "0s", "for the head of a response; 0: none", duration(func(c *Config) *time.Duration { return &c.HeadTimeout })},
	{"forwardingTimeouts", "", "bool", "false", "accepted: it says nothing by itself", accepted},
	{"respondingTimeouts", "", "bool", "false", "accepted: it says nothing by itself", accepted},
	{"healthcheck", "", "bool", "false", "accepted: it says nothing by itself", accepted},
	{"lifeCycle", "", "bool", "false", "accepted: it says nothing by itself", accepted},
	{"respondingTimeouts.readTimeout", "", "duration", "10s", "for the head of a request; 0: none", duration(func(c *Config) *time.Duration { return &c.ReadTimeout })},
	{"respondingTimeouts.idleTimeout", "", "duration", "3m0s", "of a client's connection between requests", duration(func(c *Config) *time.Duration { return &c.IdleTimeout })},
	{"retry", "", "bool", "false", "bound the tries of a request by retry.attempts; without it too whoever refuses a connection is passed over", setRetry},
	{"retry.attempts", "", "number", "0", "tries of a request, the first included, 10 at most; 0: as many as its service has endpoints", setAttempts},
	{"hold.timeout", "", "duration", "5s", "how long a request waits while its service has no endpoint, where appia.hold does not say; 0: not at all", duration(func(c *Config) *time.Duration { return &c.Hold })},
	{"hold.queue", "", "number", "1000", "requests of one service that may wait; more are answered 503 at once", size(func(c *Config) *int { return &c.HoldQueue })},
	{"hold.page", "", "file", "", "HTML for who waited in vain, with the status 503; without it a line of text", text(func(c *Config) *string { return &c.HoldPage })},
	{"limits.ipv6Prefix", "", "bits", "128", "of an IPv6 client's address that count as one client in limits; a household mostly has 64", setIPv6},
	{"respondingTimeouts.writeTimeout", "", "duration", "0s", "from a request's head to the end of its answer, tunnels excepted; 0: none", duration(func(c *Config) *time.Duration { return &c.WriteTimeout })},
	{"idleTimeout", "", "duration", "", "deprecated form of respondingTimeouts.idleTimeout; wins when given", duration(func(c *Config) *time.Duration { return &c.oldIdle })},
	{"maxIdleConnsPerHost", "", "number", "200", "idle connections kept to each endpoint", setMaxIdle},
	{"http1", "", "engine", "appia", "who speaks HTTP/1.1: appia for our own engine, or std for Go's net/http, the way out should the engine have a fault", setHTTP1},
	{"maxHeaderBytes", "", "bytes", "65536", "of a request's head", size(func(c *Config) *int { return &c.Limits.HeadBytes })},
	{"maxHeaderCount", "", "number", "128", "of fields in a request's head", size(func(c *Config) *int { return &c.Limits.Fields })},
	{"maxTargetBytes", "", "bytes", "16384", "of a request's target", size(func(c *Config) *int { return &c.Limits.TargetBytes })},
	{"respondingTimeouts.bodyTimeout", "", "duration", "1m0s", "between two pieces of a request's body; 0: none", duration(func(c *Config) *time.Duration { return &c.Limits.Body })},
	{"respondingTimeouts.stallTimeout", "", "duration", "1m0s", "for a client to take some more of a response, or an endpoint of a request; 0: none", duration(func(c *Config) *time.Duration { return &c.Limits.Write })},
	{"insecureSkipVerify", "", "bool", "false", "do not verify certificates of https endpoints", boolean(func(c *Config) *bool { return &c.SkipVerify })},
	{"rootCAs", "", "files", "", "CAs of https endpoints in place of the system's", names(func(c *Config) *[]string { return &c.RootCAs })},

	{"certificates", "", "bool", "false", "accepted: it says nothing by itself", accepted},
	{"certificates.directory", "", "folders", "", "certificates for entry points with TLS, looked at every five seconds: NAME.crt with NAME.key, NAME.pem with its key in it or beside it, NAME/fullchain.pem with NAME/privkey.pem; may be repeated", names(func(c *Config) *[]string { return &c.CertFolders })},
	{"secretFile", "", "file", "/run/secrets/appia", "a file with what all routers of the swarm know, a docker secret for example: with it they resume each other's TLS sessions; the default place need not exist", text(func(c *Config) *string { return &c.SecretFile })},

	{"acme", "", "bool", "false", "have certificates issued by a CA that speaks ACME, Let's Encrypt if no other is named", boolean(func(c *Config) *bool { return &c.acmeOn })},
	{"acme.entryPoint", "", "name", "", "the entry point with TLS that serves them, and for whose hosts they are ordered", acmeText(func(a *ACME) *string { return &a.EntryPoint })},
	{"acme.onHostRule", "", "bool", "false", "order for the hosts that rules of the entry point's routes name", acmeBool(func(a *ACME) *bool { return &a.OnHostRule })},
	{"acme.onDemand", "", "bool", "false", "order for names that clients ask for, if a route is for such hosts: ten a day at most", acmeBool(func(a *ACME) *bool { return &a.OnDemand })},
	{"acme.domains", "", "names", "", "a certificate for these names, main.com,san1.com; may be repeated", acmeOption(setDomains)},
	{"acme.email", "", "address", "", "of the account with the CA, which may write there", acmeText(func(a *ACME) *string { return &a.Email })},
	{"acme.storage", "", "swarm|file:DIR|acme.json", "swarm", "where certificates and accounts are kept: in the swarm's own store, sealed with the secret of secretFile, for all routers; or in a folder, for one router or several that share it. The path of a Traefik's acme.json is imported into the swarm's store", acmeText(func(a *ACME) *string { return &a.Storage })},
	{"acme.caServer", "", "url", "https://acme-v02.api.letsencrypt.org/directory", "the CA's directory", acmeText(func(a *ACME) *string { return &a.CA })},
	{"acme.caRoots", "", "files", "", "CAs of the CA's own server in place of the system's", acmeOption(names(func(c *Config) *[]string { return &c.acme.Roots }))},
	{"acme.keyType", "", "type", "EC256", "of certificates: EC256, EC384, RSA2048, RSA4096 or RSA8192", acmeOption(setKeyType)},
	{"acme.httpChallenge", "", "bool", "false", "show the CA that a host is ours by HTTP, at /.well-known/acme-challenge/", acmeBool(func(a *ACME) *bool { return &a.byHTTP })},
	{"acme.httpChallenge.entryPoint", "", "name", "", "where: the one that is published as port 80", acmeOption(section(func(c *Config) *bool { return &c.acme.byHTTP }, text(func(c *Config) *string { return &c.acme.HTTPAt })))},
	{"acme.tlsChallenge", "", "bool", "false", "by TLS (TLS-ALPN-01), on the entry point itself, which is published as port 443; wins over httpChallenge", acmeBool(func(a *ACME) *bool { return &a.byTLS })},
	{"acme.dnsChallenge", "", "bool", "false", "by a record in the DNS, for which alone names with * are given; wins over the others", acmeBool(func(a *ACME) *bool { return &a.byDNS })},
	{"acme.dnsChallenge.provider", "", "name", "", "who serves the zone: alidns, cloudflare, digitalocean, httpreq, rfc2136 or route53, with the environment variables of lego, as in Traefik 1.x", acmeDNS(text(func(c *Config) *string { return &c.acme.DNSProvider }))},
	{"acme.dnsChallenge.delayBeforeCheck", "", "duration", "0s", "before the record is looked for", acmeDNS(duration(func(c *Config) *time.Duration { return &c.acme.DNSDelay }))},
	{"acme.dnsChallenge.resolvers", "", "addresses", "", "who is asked for it, 1.1.1.1:53; without it the system's resolver", acmeDNS(names(func(c *Config) *[]string { return &c.acme.Resolvers }))},
	{"acme.dnsChallenge.disablePropagationCheck", "", "bool", "false", "do not wait until it is seen", acmeDNS(boolean(func(c *Config) *bool { return &c.acme.NoCheck }))},
	{"acme.acmeLogging", "", "bool", "false", "accepted: what is ordered is always logged", acmeOption(accepted)},
	{"acme.overrideCertificates", "", "bool", "false", "accepted: a certificate from a CA always comes before files", acmeOption(accepted)},

	{"act", "", "bool", "true", "take messages of Seneca on an entry point of their own, which is called act and opened as soon as a label asks for it", boolean(func(c *Config) *bool { return &c.Act.On })},
	{"act.address", "", "address", ":10101", "where; given, it is open from the start. The default is Seneca's own port. Do not publish it: whoever reaches it may send any message that a pin takes", setActAddress},
	{"act.maxBody", "", "bytes", "1048576", "of a message", size(func(c *Config) *int { return &c.Act.MaxBody })},
	{"act.hold", "", "duration", "500ms", "how long a message waits while its service has no task, where appia.hold does not say; shorter than hold.timeout, as callers are programs that are to hear of it; 0: not at all", duration(func(c *Config) *time.Duration { return &c.Act.Hold })},
	{"act.timeout", "", "duration", "30s", "for the reply to a message: longer than Seneca's callers wait; 0: as forwardingTimeouts.responseHeaderTimeout", duration(func(c *Config) *time.Duration { return &c.Act.Timeout })},

	{"lifeCycle.requestAcceptGraceTimeout", "", "duration", "0s", "keep accepting this long after SIGTERM; /ping answers 503 already. Not when another router has the same sockets", duration(func(c *Config) *time.Duration { return &c.AcceptGrace })},
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

// names collects: lists of Traefik 1.x add up when a flag is repeated, and replace those of an earlier source.
func names(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		list := field(c)
		if c.begins(list) {
			*list = nil
		}
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*list = append(*list, item)
			}
		}
		return nil
	}
}

// begins says whether a source sets a list for the first time.
func (c *Config) begins(list any) bool {
	if c.filled == nil {
		c.filled = map[any]int{}
	}
	before, filled := c.filled[list]
	c.filled[list] = c.source
	return !filled || before != c.source
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

// section makes --docker.domain alone switch its section on.
func section(on func(*Config) *bool, set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, value string) error {
		*on(c) = true
		return set(c, value)
	}
}

func docker(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.Docker }, set)
}

func engineTLS(set func(*Config, string) error) func(*Config, string) error {
	return docker(section(func(c *Config) *bool { return &c.EngineTLS }, set))
}

func web(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.asked.web }, set)
}

func api(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.asked.api }, set)
}

func metrics(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.asked.metrics }, set)
}

func access(set func(*Config, string) error) func(*Config, string) error {
	return section(func(c *Config) *bool { return &c.logAccess }, set)
}

func setEntryPoints(c *Config, value string) error {
	return c.addEntryPoint(parseEntryPoint(value))
}

// addEntryPoint puts an entry point beside the others, or in the place of the one of its name.
func (c *Config) addEntryPoint(e proxy.EntryPointOptions, warnings []string, err error) error {
	if err != nil {
		return err
	}
	c.warnings = append(c.warnings, warnings...)
	again := !c.begins("entry point " + e.Name)
	for i := range c.EntryPoints {
		if c.EntryPoints[i].Name != e.Name {
			continue
		}
		if again {
			c.warn("there are two entry points %q; the last one counts", e.Name)
		}
		c.EntryPoints[i] = e
		return nil
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

func setStoreWatch(c *Config, value string) error {
	switch w := StoreWatch(value); w {
	case StoreWatchAuto, StoreWatchOn, StoreWatchOff:
		c.StoreWatch = w
		return nil
	}
	return fmt.Errorf("%q is not auto, on or off", value)
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
