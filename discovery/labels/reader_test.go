package labels

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// A dice changes a swarm at random, in few words so that changes meet.
type dice struct{ *rand.Rand }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }

func (d dice) network() string { return fmt.Sprint("n", d.IntN(4)) }

func (d dice) addresses() []snapshot.Address {
	var all []snapshot.Address
	for range d.IntN(3) {
		all = append(all, snapshot.Address{Network: d.network(), IP: netip.AddrFrom4([4]byte{10, 0, byte(d.IntN(3)), byte(d.IntN(9))})})
	}
	return all
}

func (d dice) task() snapshot.Task {
	return snapshot.Task{ID: fmt.Sprint("t", d.IntN(50)), Slot: d.IntN(3), Addresses: d.addresses()}
}

func (d dice) label() (name, value string) {
	switch d.IntN(6) {
	case 0:
		return "traefik.docker.network", d.one("a", "b", "c", "stack_b", "nowhere")
	case 1:
		return "traefik.frontend.rule", d.one("Host:a.b", "Host:c.d;PathPrefix:/x", "bad")
	case 2:
		return "traefik.enable", d.one("true", "false", "maybe")
	case 3:
		return "traefik.backend.loadbalancer.swarm", d.one("true", "false")
	case 4:
		return "traefik.api.port", d.one("81", "x")
	}
	return "traefik.port", d.one("80", "81")
}

func (d dice) service(id int) snapshot.Service {
	s := snapshot.Service{ID: fmt.Sprint("s", id), Name: d.one("stack_a-b", "stack-a_b", "stack_a", "stack_a_api"), Created: d.moment(),
		Labels: map[string]string{"traefik.port": "80", "traefik.frontend.rule": "Host:x.y"}, VIPs: d.addresses()}
	for range d.IntN(4) {
		s.Tasks = append(s.Tasks, d.task())
	}
	if d.IntN(3) == 0 {
		s.Labels["traefik.backend.loadbalancer.swarm"] = "true"
	}
	return s
}

func (d dice) moment() time.Time { return time.Unix(int64(d.IntN(5)), 0) }

// change is a swarm after some change; what did not change is in memory of its own too, as after decoding.
func (d dice) change(s *snapshot.Swarm) *snapshot.Swarm {
	next := &snapshot.Swarm{Own: slices.Clone(s.Own), Networks: slices.Clone(s.Networks)}
	for _, service := range s.Services {
		service.Labels, service.Tasks, service.VIPs = maps.Clone(service.Labels), slices.Clone(service.Tasks), slices.Clone(service.VIPs)
		next.Services = append(next.Services, service)
	}
	for range d.IntN(3) {
		d.changeOne(next)
	}
	return next
}

func (d dice) changeOne(s *snapshot.Swarm) {
	if len(s.Services) == 0 || d.IntN(6) == 0 {
		s.Services = append(s.Services, d.service(d.IntN(30)))
		if d.IntN(9) > 0 { // now and then what discovery promises does not hold
			slices.SortFunc(s.Services, func(a, b snapshot.Service) int { return cmp.Compare(a.ID, b.ID) })
			s.Services = slices.CompactFunc(s.Services, func(a, b snapshot.Service) bool { return a.ID == b.ID })
		}
		return
	}
	i := d.IntN(len(s.Services))
	service := &s.Services[i]
	switch d.IntN(11) {
	case 0:
		s.Services = slices.Delete(s.Services, i, i+1)
	case 1:
		service.Name = d.one("stack_a-b", "stack-a_b", "stack_a", "stack_a_api")
	case 2:
		service.Created = d.moment()
	case 3:
		service.Tasks = append(service.Tasks, d.task())
	case 4:
		service.Tasks = nil
	case 5:
		service.VIPs = d.addresses()
	case 6:
		service.DNSRR, service.Global = !service.DNSRR, d.IntN(2) == 0
	case 7, 8:
		name, value := d.label()
		service.Labels[name] = value
	default:
		d.changeNetworks(s)
	}
}

func (d dice) changeNetworks(s *snapshot.Swarm) {
	id := d.network()
	i := slices.IndexFunc(s.Networks, func(n snapshot.Network) bool { return n.ID == id })
	switch {
	case i < 0:
		s.Networks = append(s.Networks, snapshot.Network{ID: id, Name: d.one("a", "b", "c", "stack_b"), Ingress: d.IntN(5) == 0})
	case d.IntN(3) == 0:
		s.Networks = slices.Delete(s.Networks, i, i+1)
	case d.IntN(2) == 0:
		s.Networks[i].Name = d.one("a", "b", "c", "stack_b")
	case d.IntN(3) == 0:
		s.Own = nil
	default:
		s.Own = append(s.Own, d.network())
	}
}

func TestAReaderReadsAsIfForTheFirstTime(t *testing.T) {
	for seed := range uint64(60) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		o := Options{ExposedByDefault: d.IntN(2) == 0, Domain: d.one("", "litup.me"), Network: d.one("", "a")}
		r, s := NewReader(o), &snapshot.Swarm{}
		for step := range 60 {
			s = d.change(s)
			specs, found := r.Read(s)
			fresh, foundFresh := Read(s, o)
			if !reflect.DeepEqual(specs, fresh) || !reflect.DeepEqual(found, foundFresh) {
				t.Fatalf("seed %d, step %d: got\n%s\nread afresh\n%s", seed, step, written(specs, found), written(fresh, foundFresh))
			}
		}
	}
}

func TestAReaderReadsOnlyWhatChanged(t *testing.T) {
	before, after := oneTask("a", "traefik.port=80"), oneTask("a", "traefik.port=80")
	for _, s := range []*snapshot.Swarm{before, after} {
		s.Services = append(s.Services, oneTask("b", "traefik.port=80").Services...)
	}
	after.Services[1].Tasks[0].ID = "t2"
	after.Networks = append(after.Networks, snapshot.Network{ID: "n2", Name: "of a new stack"})
	r := NewReader(exposed)
	first, _ := r.Read(before)
	second, _ := r.Read(after)
	if &first[0].Services[0] != &second[0].Services[0] {
		t.Error("a was read again")
	}
	if got := second[1].Services[0].Endpoints[0].Task; got != "t2" {
		t.Errorf("b has task %s", got)
	}
}

func TestAVirtualAddressFollowsItsNetworksName(t *testing.T) {
	swarm := func(name string) *snapshot.Swarm {
		s := oneTask("a", "traefik.port=80", "traefik.backend.loadbalancer.swarm=true", "traefik.docker.network=new")
		s.Networks, s.Own = append(s.Networks, snapshot.Network{ID: "n2", Name: name}), append(s.Own, "n1")
		s.Services[0].VIPs = addresses("n1=10.0.1.2", "n2=10.0.2.2")
		return s
	}
	r := NewReader(exposed)
	r.Read(swarm("old"))
	specs, _ := r.Read(swarm("new"))
	if got := specs[0].Services[0].Endpoints[0].Addr; got != "10.0.2.2:80" {
		t.Errorf("spoken to at %s", got)
	}
}
