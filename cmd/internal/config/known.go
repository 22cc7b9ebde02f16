package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// known are flags of Traefik 1.x that this version does not serve, and why. They start with a warning, since a router that
// does not start serves nobody. Names that end in a dot stand for a whole family.
var known = []struct {
	why   string
	names []string
}{
	{"acme.dnsChallenge has taken its place", []string{"acme.dnsProvider", "acme.delayDontCheckDNS"}},
	{"the CA's own choice of a chain is served", []string{"acme.preferredChain"}},
	{"Appia discovers services of a Docker swarm, and nothing else", []string{
		"boltdb", "boltdb.", "consul", "consul.", "consulCatalog", "consulCatalog.", "dynamodb", "dynamodb.", "ecs", "ecs.", "etcd", "etcd.",
		"eureka", "eureka.", "file", "file.", "backends", "backends.", "frontends", "frontends.", "kubernetes", "kubernetes.", "marathon", "marathon.",
		"mesos", "mesos.", "rancher", "rancher.", "rest", "rest.", "serviceFabric", "serviceFabric.", "zookeeper", "zookeeper.",
	}},
	{"Appia keeps its options in no store, and routers need not agree on anything", []string{"cluster", "cluster."}},
	{"labels are read without templates", []string{"docker.debugLogGeneratedTemplate", "docker.filename", "docker.templateVersion", "docker.trace"}},
	{"tasks are reached by their networks", []string{"docker.useBindPortIP"}},
	{"the host's own resolver counts, aliases included", []string{"hostResolver", "hostResolver."}},
	{"prometheus is the one way out for metrics", []string{
		"metrics.datadog", "metrics.datadog.", "metrics.statsd", "metrics.statsd.", "metrics.influxdb", "metrics.influxdb.", "web.metrics.datadog",
		"web.metrics.datadog.", "web.metrics.statsd", "web.metrics.statsd.", "web.metrics.influxdb", "web.metrics.influxdb.",
	}},
	{"changes are taken as they come, each with those of the moment before it", []string{"providersThrottleDuration"}},
	{"tracing is not served", []string{"tracing", "tracing."}},
}

// guard names the flags that kept the admin page to itself and that are not served. Without them it would be open to whoever
// reaches it.
func guard(name string) bool {
	name = strings.ToLower(name)
	return name == "web.certfile" || name == "web.keyfile" || name == "web.auth" || strings.HasPrefix(name, "web.auth.")
}

func guardText(name string) string {
	return fmt.Sprintf("--%s of Traefik 1.x is not served by this version of Appia; leaving it out would open the admin page that it was to protect", name)
}

// elsewhere finds a flag of Traefik 1.x that is not ours, and why it is not.
func elsewhere(name string) (as, why string, ok bool) {
	for _, group := range known {
		for _, k := range group.names {
			if strings.EqualFold(k, name) || strings.HasSuffix(k, ".") && len(name) > len(k) && strings.EqualFold(name[:len(k)], k) {
				return name, group.why, true
			}
		}
	}
	return "", "", false
}

func knownNames() []string {
	var all []string
	for _, group := range known {
		all = append(all, group.names...)
	}
	return all
}

// looksLikeLock tells whether a name that is no option was meant to keep the admin page to itself. Started without, it would
// be open.
func looksLikeLock(parts []string) bool {
	if len(parts) < 2 || !strings.EqualFold(parts[0], "web") {
		return false
	}
	return slices.ContainsFunc(parts[1:], func(part string) bool {
		part = strings.ToLower(part)
		return strings.Contains(part, "user") || strings.Contains(part, "pass") || rules.Typos(part, "auth", 1) <= 1
	})
}

func lockText(name string) string {
	return name + " is no option, but looks like one that closes the admin page, which would be open without it"
}
