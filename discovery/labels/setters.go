package labels

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/rules"
)

// The setters that have more to check than a value's form, in the order of their rows.

// setPort is no number setter: a port that can't be used has no default to fall back on.
func setPort(d *draft, e entry) {
	port, err := strconv.Atoi(e.value)
	if err != nil || port < 1 || port > 65535 {
		d.refuse(e, BadPort, "not a port from 1 to 65535, so the route is not served", meantPort(e.value))
		return
	}
	d.port = port
}

// meantPort is a port that was written with something around it.
func meantPort(value string) string {
	meant := meantNumber(strings.TrimSuffix(strings.TrimSpace(value), "/tcp"))
	if port, err := strconv.Atoi(meant); err != nil || port < 1 || port > 65535 {
		return ""
	}
	return meant
}

var schemes = []string{"http", "https", "h2c"}

func setProtocol(d *draft, e entry) {
	scheme, suggestion, ok := parseChoice(e.value, schemes)
	if !ok {
		d.refuse(e, BadProtocol, "endpoints can't be spoken to by this protocol (http, https, h2c), so the route is not served", suggestion)
		return
	}
	d.scheme = scheme
}

// parseChoice finds the one of the choices that a value is in any case of letters, else the nearest.
func parseChoice(value string, choices []string) (choice, suggestion string, ok bool) {
	for _, c := range choices {
		if strings.EqualFold(c, value) {
			return c, "", true
		}
	}
	suggestion, _ = rules.Nearest(value, choices)
	return "", suggestion, false
}

func setWeight(d *draft, e entry, n int64) {
	switch {
	case n < 0:
		d.refuse(e, BadWeight, "a weight can't be negative, so the route is not served", "")
	case n > maxWeight:
		d.warn(e, BadNumber, "above 1000000, which counts instead", strconv.Itoa(maxWeight))
		d.weight = maxWeight
	case n == 0 && !d.options.AllowMinWeightZero:
		d.warn(e, BadNumber, "a weight of 0 counts as 1 without --allowMinWeightZero", "")
	default:
		d.weight = int(n)
	}
}

// maxWeight keeps sums of weights far from overflow.
const maxWeight = 1_000_000

func setPriority(d *draft, e entry, n int64) {
	if n <= 0 {
		d.tell(about(e, rules.Info, WithoutEffect, "a priority of 0 or below means the length of the rule, as in Traefik 1.x"))
	}
	d.priority = int(max(n, 0))
}

func setBalance(d *draft, e entry) {
	method, suggestion, ok := parseChoice(e.value, []string{"wrr", "drr"})
	if !ok {
		d.warn(e, BadChoice, "neither wrr nor drr, so wrr holds", suggestion)
	}
	if method == "drr" {
		d.balance = rules.DRR
	}
}

func setSameSite(d *draft, e entry) {
	switch e.value {
	case "none", "lax", "strict":
		d.sticky.SameSite = e.value
		return
	}
	meant, nearest, ok := parseChoice(e.value, []string{"none", "lax", "strict"})
	if !ok {
		meant = nearest
	}
	d.warn(e, BadChoice, "not none, lax or strict (in lower case), so no SameSite is sent", meant)
}

// setCheckPath resolves the path as Traefik 1.x did, so "health" is /health. What would lead a check to
// another host is refused.
func setCheckPath(d *draft, e entry) {
	endpoint := url.URL{Scheme: "http", Host: "endpoint", Path: "/"}
	asked, err := endpoint.Parse(e.value)
	if err != nil || asked.Host != endpoint.Host || asked.Scheme != endpoint.Scheme {
		d.warn(e, BadPath, "not a path, so there are no health checks", "")
		return
	}
	d.check.Path = asked.RequestURI()
}

func setCheckPort(d *draft, e entry, n int64) {
	if n < 1 || n > 65535 {
		d.warn(e, BadNumber, "not a port from 1 to 65535, so the endpoint's is checked", "")
		return
	}
	d.check.Port = int(n)
}

func setCheckScheme(d *draft, e entry) {
	scheme, suggestion, ok := parseChoice(e.value, schemes)
	if !ok {
		d.warn(e, BadChoice, "not http, https or h2c, so the endpoint's own is used", suggestion)
	}
	d.check.Scheme = scheme
}

func setMaxConn(d *draft, e entry, n int64) {
	d.maxConn = &n
	if n < 0 {
		d.warn(e, RefusesAll, "a limit below 0 refuses every request, as in Traefik 1.x; 0 is no limit", "")
	}
}

func setWeightPer(d *draft, e entry) {
	per, suggestion, ok := parseChoice(e.value, []string{"task", "service"})
	if !ok {
		d.warn(e, BadChoice, "neither task nor service, so task holds", suggestion)
	}
	d.perService = per == "service"
}

// Hold is how long a service's requests wait while it has no task, as its label says or by default.
func Hold(labels map[string]string, byDefault time.Duration) time.Duration {
	value, err := time.ParseDuration(labels[appia.prefix+"hold"])
	if err != nil || value < 0 {
		return byDefault
	}
	return value
}

// setHold reads a time that may be none.
func setHold(d *draft, e entry) {
	value, err := time.ParseDuration(e.value)
	switch {
	case err != nil || value < 0:
		d.warn(e, BadDuration, "not a duration, so the router's default holds", meantDuration(e.value))
	case value == 0:
		d.presence.Hold = -1
	default:
		d.presence.Hold = value
	}
}

// setCount sets a number of checks in a row.
func (d *draft) setCount(e entry, n int64, count *int) {
	if n < 1 || n > 1000 {
		d.warn(e, BadNumber, "not a number of checks from 1 to 1000, so 1 holds", "")
		return
	}
	*count = int(n)
}
