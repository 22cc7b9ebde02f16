// Package embedded is a docker swarm in miniature: an Engine API server that the real docker client talks to, fed with real stack
// files, whose tasks are in-process HTTP servers.
//
// It is what `appia demo` runs on, and the swarm of tests and benchmarks. It imitates what a router can see of a swarm: the objects,
// the order of their changes, the events, and the refusals. There are no containers, no images and no networks behind it.
package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// An Engine is one manager node's docker engine, together with the swarm behind it.
//
// Everything that changes is under mu. A change is complete, with its events queued, when mu is released.
type Engine struct {
	options Options
	ctx     context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup // servers, and tasks' last requests

	mu          sync.Mutex
	servers     []*http.Server // of the API
	minAPI      string
	maxAPI      string
	faults      []Fault
	index       uint64 // of the last change, as in Version.Index
	made        int    // objects so far, for their ids
	nodes       []*swarm.Node
	services    []*service       // oldest first
	ending      []*service       // removed, and some tasks not yet stopped
	files       map[string]Files // of a service's stack, by the service's name
	networks    []*net10
	configs     []*swarm.Config // oldest first
	configNames map[string]*swarm.Config
	containers  map[string]*lone // those that no service started, by id
	pool        pool
	at          map[netip.Addr]*task    // who has an address
	vips        map[netip.Addr]*service // whose virtual address it is
	listeners   map[*listener]struct{}  // of events
	watchers    map[*watcher]struct{}   // of the store's changes
	timers      map[*time.Timer]struct{}
}

// A service and its tasks, in the order of their making.
type service struct {
	swarm.Service
	generation int // of the task template; a task with a lower one is outdated
	tasks      []*task
	turn       int  // of the virtual address
	removed    bool // it is in no list any more, but its tasks are still ending

	busy, again bool // see reconcile
}

// A task, from its making until nothing of it is left.
type task struct {
	swarm.Task
	service    *service
	generation int
	encoded    []byte // the task as JSON; nil when it changed since
	server     *server
}

// A net10 is a network, whose addresses are all in 10.0.0.0/8.
type net10 struct {
	network.Summary
	asTask swarm.Network // the same, the way a task tells it
}

// A lone is a container that no service started.
type lone struct {
	id       string
	name     string
	networks []*net10
}

// New makes an engine whose swarm has been initialised: the ingress network is there, and no service.
func New(o Options) *Engine {
	o = o.withDefaults()
	ctx, end := context.WithCancel(context.Background())
	e := &Engine{
		options: o, ctx: ctx, end: end, minAPI: o.MinAPI, maxAPI: o.MaxAPI,
		configNames: map[string]*swarm.Config{},
		containers:  map[string]*lone{},
		files:       map[string]Files{},
		at:          map[netip.Addr]*task{},
		vips:        map[netip.Addr]*service{},
		listeners:   map[*listener]struct{}{},
		watchers:    map[*watcher]struct{}{},
		timers:      map[*time.Timer]struct{}{},
	}
	for i := range o.Nodes {
		e.nodes = append(e.nodes, e.newNode(i+1))
	}
	e.addNetwork(network.CreateOptions{Ingress: true}, "ingress")
	return e
}

// Close ends the API, the tasks and everything that was still to happen, and waits for it.
func (e *Engine) Close() {
	e.end()
	e.mu.Lock()
	for timer := range e.timers {
		timer.Stop()
	}
	for _, server := range e.servers {
		server.Close()
	}
	for _, s := range slices.Concat(e.services, e.ending) {
		for _, t := range s.tasks {
			t.server.kill()
		}
	}
	e.mu.Unlock()
	e.running.Wait()
}

// after does something when a while has passed, under mu; at once if the while is zero. The caller holds mu.
func (e *Engine) after(while time.Duration, do func()) {
	if while <= 0 {
		do()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(while, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.timers, timer)
		if e.ctx.Err() == nil {
			do()
		}
	})
	e.timers[timer] = struct{}{}
}

// id is new and looks like swarm's: 25 small letters and digits. The same changes in the same order give the same ids.
func (e *Engine) id() string {
	sum := e.sum()
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:25]
}

// containerID is new and looks like a container's: 64 hexadecimal digits.
func (e *Engine) containerID() string {
	sum := e.sum()
	return hex.EncodeToString(sum[:])
}

func (e *Engine) sum() [32]byte {
	e.made++
	return sha256.Sum256(fmt.Append(nil, e.made))
}

func (e *Engine) newMeta() swarm.Meta {
	now := e.options.Now().UTC()
	e.index++
	return swarm.Meta{Version: swarm.Version{Index: e.index}, CreatedAt: now, UpdatedAt: now}
}

func (e *Engine) touch(m *swarm.Meta) {
	e.index++
	m.Version.Index = e.index
	m.UpdatedAt = e.options.Now().UTC()
}

func (e *Engine) newNode(number int) *swarm.Node {
	return &swarm.Node{
		ID: e.id(), Meta: e.newMeta(),
		Spec:        swarm.NodeSpec{Role: swarm.NodeRoleManager, Availability: swarm.NodeAvailabilityActive},
		Description: swarm.NodeDescription{Hostname: fmt.Sprintf("node%d", number)},
		Status:      swarm.NodeStatus{State: swarm.NodeStateReady, Addr: fmt.Sprintf("192.0.2.%d", number)},
	}
}
