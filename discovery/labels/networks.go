package labels

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// networks are those that may lead to a task, by id: the swarm's, but for the ingress network, which never does.
type networks struct {
	names map[string]string
	own   []string // names of those that the router is attached to
	known bool     // whether the router knows its own
}

func newNetworks(s *snapshot.Swarm) *networks {
	n := &networks{names: map[string]string{}, known: len(s.Own) > 0}
	for _, network := range s.Networks {
		if !network.Ingress {
			n.names[network.ID] = network.Name
		}
	}
	for _, id := range s.Own {
		if name, ok := n.names[id]; ok {
			n.own = append(n.own, name)
		}
	}
	slices.Sort(n.own)
	return n
}

// on returns the networks of some addresses by name.
func (n *networks) on(addresses []snapshot.Address) map[string]snapshot.Address {
	on := make(map[string]snapshot.Address, len(addresses))
	for _, a := range addresses {
		if name, ok := n.names[a.Network]; ok && a.IP.IsValid() {
			on[name] = a // of several addresses on one network the last, as in Traefik 1.x
		}
	}
	return on
}

// attached reports whether requests from the router can reach a network, as far as it knows.
func (n *networks) attached(name string) bool {
	return !n.known || slices.Contains(n.own, name)
}

// stacked reports whether full is the name that a service's stack gives to its network called short.
func stacked(full, short, service string) bool {
	stack, ok := strings.CutSuffix(full, "_"+short)
	return ok && strings.HasPrefix(service, stack+"_")
}
