package labels

import "time"

// appia is the dialect for what Traefik has no word for. It only ever adds to the other dialects.
var appia = dialect{prefix: "appia.", rows: []row{
	{name: "weight.per", set: text(setWeightPer),
		help:      "`task`: the weight is each task's, as in Traefik 1.x; `service`: it is the share of all tasks together, whatever their number",
		byDefault: "`task`", bad: "the default holds"},
	{name: "healthcheck.rise", set: number(func(d *draft, e entry, n int64) { d.setCount(e, n, &d.check.Rise) }),
		help: "checks to pass in a row before an endpoint is used again", byDefault: "1", bad: "the default holds"},
	{name: "healthcheck.fall", set: number(func(d *draft, e entry, n int64) { d.setCount(e, n, &d.check.Fall) }),
		help: "checks to fail in a row before an endpoint is taken out", byDefault: "1", bad: "the default holds"},
	{name: "healthcheck.timeout", set: period(func(d *draft) *time.Duration { return &d.check.Timeout }),
		help: "time that a check may take, with its unit", byDefault: "5s", bad: "the default holds"},
	{name: "hold", set: text(setHold),
		help:      "how long a request waits when no task of the service could answer, with its unit; `0`: not at all, the answer is 503 at once",
		byDefault: "`--hold.timeout`", bad: "the default holds"},
	{name: "slowstart", set: period(func(d *draft) *time.Duration { return &d.presence.SlowStart }),
		help: "time in which the share of a new task rises to its full height, with its unit", byDefault: "none", bad: "new tasks get their full share at once"},
	{name: "pause", set: boolean(func(d *draft) *bool { return &d.presence.Paused }),
		help:      "`true`: requests wait as if there were no task, for as long as `appia.hold` says, until the label is `false` or gone",
		byDefault: "`false`", bad: "the default holds"},
	{name: "proxyprotocol", set: text(setProxyProtocol),
		help:      "`v1` or `v2`: endpoints of the service's TCP services are told who the client is by the PROXY protocol's header; those of HTTP are not",
		byDefault: "none is sent", bad: "none is sent"},
}}
