// Package snapshot is what there is in the swarm at one moment, in plain types of our own.
//
// It stands apart from package swarm so that reading labels, which is pure, does not link the docker client.
package snapshot

import (
	"net/netip"
	"time"
)

// A Swarm is all of it, sorted by id.
// Two equal swarms give equal snapshots, byte for byte as JSON.
type Swarm struct {
	Cluster  string    `json:"cluster"`            // the swarm's own id, alike on every manager
	Own      []string  `json:"own,omitempty"`      // ids of the networks that this router is attached to; empty: not known
	Networks []Network `json:"networks,omitempty"` // swarm-scoped networks, the ingress network included
	Services []Service `json:"services,omitempty"`
}

// A Network is a network that tasks may be attached to.
type Network struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Ingress bool   `json:"ingress,omitempty"` // the routing mesh: never a way to a task
}

// A Service is a swarm service with its labels and its tasks.
type Service struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Created time.Time         `json:"created"`
	Global  bool              `json:"global,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"` // the service's (deploy.labels), only those a dialect may read, or nearly
	// ContainerLabels are names of such labels that stand at the service's containers, where no router looks. Sorted.
	ContainerLabels []string  `json:"containerLabels,omitempty"`
	VIPs            []Address `json:"vips,omitempty"`  // virtual addresses, one a network
	DNSRR           bool      `json:"dnsrr,omitempty"` // endpoint mode dnsrr: there is no virtual address
	Tasks           []Task    `json:"tasks,omitempty"` // those whose status and desired state are both running
	Wanted          int       `json:"wanted"`          // replicas asked for; -1 for a global service
	// Converging says that the swarm is still changing this service: tasks are starting, stopping or missing.
	Converging bool `json:"converging,omitempty"`
	// Gone says that the service has been removed a moment ago and that its requests may still wait for one of its name.
	// It is never so in what a swarm tells.
	Gone bool `json:"-"`
}

// A Task is a running task of a service.
type Task struct {
	ID        string    `json:"id"`
	Slot      int       `json:"slot,omitempty"` // 1 and up; 0 for a task of a global service
	Node      string    `json:"node,omitempty"`
	Addresses []Address `json:"addresses,omitempty"` // sorted by network
}

// An Address is an address on a network.
type Address struct {
	Network string     `json:"network"` // the network's id
	IP      netip.Addr `json:"ip"`
}
