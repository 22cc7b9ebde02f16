package embedded

import (
	"cmp"
	"net/http"
	"time"
)

// Options make an Engine. The zero value is an engine of one node that does everything at once.
type Options struct {
	Version string // of the engine, as it tells it; empty: "28.5.2"
	MinAPI  string // the oldest API version it speaks; empty: "1.24"
	MaxAPI  string // the newest; empty: "1.51"
	Nodes   int    // 0: one. A global service has a task on each
	Pace    Pace

	// ReuseAddresses gives a dead task's address to the next one born, as swarm may do at any time; else it comes last.
	ReuseAddresses bool
	// Answer makes what a task's container runs; nil: Describe.
	Answer func(Task) http.Handler
	// Now is the clock that objects are dated by; nil: the wall clock.
	Now func() time.Time
	// Environment replaces ${VARIABLES} in stack files; nil: the process's own.
	Environment map[string]string
}

// A Pace is how long things take. At zero they are done when the method that asked for them returns, and nothing waits in the background.
type Pace struct {
	Start   time.Duration // from a task's making to its running
	Stop    time.Duration // from the desired state's change to the container's end
	Restart time.Duration // from a container's death to the start of its replacement
}

// Lifelike is the pace measured on engine 20.10 with a small image.
var Lifelike = Pace{Start: 660 * time.Millisecond, Stop: 3300 * time.Millisecond, Restart: 5 * time.Second}

func (o Options) withDefaults() Options {
	o.Version = cmp.Or(o.Version, "28.5.2")
	o.MinAPI = cmp.Or(o.MinAPI, "1.24")
	o.MaxAPI = cmp.Or(o.MaxAPI, "1.51")
	o.Nodes = max(o.Nodes, 1)
	if o.Answer == nil {
		o.Answer = Describe
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
