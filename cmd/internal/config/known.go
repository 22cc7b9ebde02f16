package config

import "strings"

// known are flags of Traefik 1.x that this version does not serve. They start with a warning, since a router that does
// not start serves nobody. Those that end in a dot stand for a whole family.
var known = []string{
	"acme", "acme.", "accessLog", "accessLog.", "accessLogsFile", "api.", "boltdb", "boltdb.", "cluster", "cluster.", "configFile",
	"consul", "consul.", "consulCatalog", "consulCatalog.", "docker.debugLogGeneratedTemplate", "docker.filename",
	"docker.templateVersion", "docker.trace", "docker.useBindPortIP", "dynamodb", "dynamodb.", "ecs", "ecs.", "etcd", "etcd.",
	"eureka", "eureka.", "file", "file.", "forwardingTimeouts", "healthcheck", "hostResolver", "hostResolver.", "idleTimeout",
	"kubernetes", "kubernetes.", "lifeCycle", "marathon", "marathon.", "mesos", "mesos.", "metrics.", "ping.",
	"providersThrottleDuration", "rancher", "rancher.", "respondingTimeouts", "respondingTimeouts.writeTimeout", "rest", "rest.",
	"serviceFabric", "serviceFabric.", "tracing", "tracing.", "traefikLog", "traefikLog.", "traefikLogsFile",
	"web.metrics", "web.metrics.", "web.statistics", "web.statistics.", "zookeeper", "zookeeper.",
}

// guard names the flags that kept the admin page to itself. Without them it would be open to whoever reaches it.
func guard(name string) bool {
	name = strings.ToLower(name)
	return name == "web.certfile" || name == "web.keyfile" || name == "web.auth" || strings.HasPrefix(name, "web.auth.")
}

// elsewhere finds a flag of Traefik 1.x that is not ours.
func elsewhere(name string) (string, bool) {
	for _, k := range known {
		if strings.EqualFold(k, name) || strings.HasSuffix(k, ".") && len(name) > len(k) && strings.EqualFold(name[:len(k)], k) {
			return name, true
		}
	}
	return "", false
}
