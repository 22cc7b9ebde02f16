package check

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// A recording keeps the values of labels to itself that may be secrets. reveal puts something of the right form in their
// place, so that what is not known is not taken for wrong, and tells which labels these are.
func reveal(s *snapshot.Swarm) (hidden map[string]bool) {
	hidden = map[string]bool{}
	for i := range s.Services {
		for name, value := range s.Services[i].Labels {
			if value == rules.NotShown {
				s.Services[i].Labels[name] = standIn(name)
				hidden[name] = true
			}
		}
	}
	return hidden
}

// standIns are values of the right form, by the ends of labels' names in lower case.
var standIns = []struct{ end, value string }{
	{"digest.users", "hidden:hidden:00000000000000000000000000000000"},
	{"digestauth.users", "hidden:hidden:00000000000000000000000000000000"},
	{"users", "hidden:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
	{"auth.basic", "hidden:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
	{"address", "http://hidden.invalid/"},
	{"trustforwardheader", "true"},
	{"removeheader", "true"},
	{"customrequestheaders", "X-Hidden:hidden"},
	{"customresponseheaders", "X-Hidden:hidden"},
	{"healthcheck.headers", "X-Hidden:hidden"},
	{"sslproxyheaders", "X-Hidden:hidden"},
	{"stsseconds", "1"},
	{"insecureskipverify", "true"},
	{"caoptional", "true"},
	{"redirect", "true"},
	{"subdomains", "true"},
	{"preload", "true"},
	{"deny", "true"},
	{"nosniff", "true"},
	{"filter", "true"},
	{"isdevelopment", "true"},
	{"forcehost", "true"},
	{"forcestsheader", "true"},
}

func standIn(name string) string {
	name = strings.ToLower(name)
	for _, s := range standIns {
		if strings.HasSuffix(name, s.end) {
			return s.value
		}
	}
	return "hidden"
}

// join is a recorded swarm to which stacks have been deployed: what they name anew takes the recorded one's place, and
// its age.
func join(recorded, planned *snapshot.Swarm) *snapshot.Swarm {
	networks, renamed := joinNetworks(recorded.Networks, planned.Networks)
	joined := &snapshot.Swarm{Cluster: recorded.Cluster, Own: recorded.Own, Networks: networks}
	newest := time.Time{}
	old := map[string]snapshot.Service{}
	for _, s := range recorded.Services {
		old[s.Name] = s
		if s.Created.After(newest) {
			newest = s.Created
		}
	}
	for _, s := range planned.Services {
		moveTo(&s, renamed)
		if before, there := old[s.Name]; there {
			s.ID, s.Created = before.ID, before.Created
			delete(old, s.Name)
		} else {
			s.Created = newest.Add(s.Created.Sub(deployed))
		}
		joined.Services = append(joined.Services, s)
	}
	for _, s := range recorded.Services {
		if _, left := old[s.Name]; left {
			joined.Services = append(joined.Services, s)
		}
	}
	slices.SortFunc(joined.Services, func(a, b snapshot.Service) int { return strings.Compare(a.ID, b.ID) })
	return joined
}

// joinNetworks takes networks of one name for one, and tells the ids that planned ones have now.
func joinNetworks(recorded, planned []snapshot.Network) (all []snapshot.Network, ids map[string]string) {
	all, ids = slices.Clone(recorded), map[string]string{}
	for _, n := range planned {
		i := slices.IndexFunc(all, func(other snapshot.Network) bool { return other.Name == n.Name || other.Ingress && n.Ingress })
		if i < 0 {
			all = append(all, n)
			continue
		}
		ids[n.ID] = all[i].ID
	}
	slices.SortFunc(all, func(a, b snapshot.Network) int { return strings.Compare(a.ID, b.ID) })
	return all, ids
}

// moveTo gives the addresses of a service the networks' other ids.
func moveTo(s *snapshot.Service, ids map[string]string) {
	move := func(list []snapshot.Address) {
		for i := range list {
			if id, ok := ids[list[i].Network]; ok {
				list[i].Network = id
			}
		}
		slices.SortFunc(list, func(a, b snapshot.Address) int {
			return cmp.Or(strings.Compare(a.Network, b.Network), a.IP.Compare(b.IP))
		})
	}
	move(s.VIPs)
	for i := range s.Tasks {
		move(s.Tasks[i].Addresses)
	}
}
