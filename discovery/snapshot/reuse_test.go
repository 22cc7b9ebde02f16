package snapshot

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"
)

// decoded is a swarm in memory of its own, changed in some way.
func decoded(t *testing.T, change func(*Swarm)) *Swarm {
	t.Helper()
	service := func(id string) Service {
		at := []Address{{Network: "n", IP: netip.MustParseAddr("10.0.0.1")}}
		return Service{ID: id, Name: "name-" + id, Created: time.Unix(1, 0).UTC(), Labels: map[string]string{"traefik.port": "80"},
			VIPs: at, Tasks: []Task{{ID: "t1-" + id, Slot: 1, Node: "node", Addresses: at}, {ID: "t2-" + id, Slot: 2}}, Wanted: 2}
	}
	s := &Swarm{Cluster: "c", Own: []string{"n"}, Networks: []Network{{ID: "n", Name: "public"}},
		Services: []Service{service("a"), service("b"), service("c")}}
	change(s)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again := &Swarm{}
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	return again
}

func nothing(*Swarm) {}

// changes are one of everything that a swarm has.
var changes = map[string]func(*Swarm){
	"cluster":       func(s *Swarm) { s.Cluster = "d" },
	"own":           func(s *Swarm) { s.Own = nil },
	"network":       func(s *Swarm) { s.Networks[0].Name = "other" },
	"ingress":       func(s *Swarm) { s.Networks[0].Ingress = true },
	"service gone":  func(s *Swarm) { s.Services = s.Services[1:] },
	"last one gone": func(s *Swarm) { s.Services = s.Services[:2] },
	"new service":   func(s *Swarm) { s.Services = append(s.Services, Service{ID: "d"}) },
	"id":            func(s *Swarm) { s.Services[1].ID = "bb" },
	"name":          func(s *Swarm) { s.Services[1].Name = "x" },
	"created":       func(s *Swarm) { s.Services[1].Created = time.Unix(2, 0).UTC() },
	"global":        func(s *Swarm) { s.Services[1].Global = true },
	"dnsrr":         func(s *Swarm) { s.Services[1].DNSRR = true },
	"label":         func(s *Swarm) { s.Services[1].Labels["traefik.port"] = "81" },
	"no labels":     func(s *Swarm) { s.Services[1].Labels = nil },
	"vip":           func(s *Swarm) { s.Services[1].VIPs = nil },
	"wanted":        func(s *Swarm) { s.Services[1].Wanted = 3 },
	"converging":    func(s *Swarm) { s.Services[1].Converging = true },
	"task gone":     func(s *Swarm) { s.Services[1].Tasks = s.Services[1].Tasks[1:] },
	"task":          func(s *Swarm) { s.Services[1].Tasks[0].ID = "t3" },
	"slot":          func(s *Swarm) { s.Services[1].Tasks[0].Slot = 3 },
	"node":          func(s *Swarm) { s.Services[1].Tasks[0].Node = "other" },
	"address":       func(s *Swarm) { s.Services[1].Tasks[0].Addresses = nil },
}

func TestReuseTellsWhetherTwoSwarmsAreEqual(t *testing.T) {
	last := decoded(t, nothing)
	if again := decoded(t, nothing); !again.Equal(last) || !again.Reuse(last) || !again.Equal(last) {
		t.Error("the same swarm twice is not equal")
	}
	for name, change := range changes {
		s, want := decoded(t, change), decoded(t, change)
		if s.Equal(last) || s.Reuse(last) {
			t.Errorf("%s: not seen", name)
		}
		if !s.Equal(want) {
			t.Errorf("%s: lost by reuse", name)
		}
	}
}

func TestReuseKeepsWhatIsThereInItsPlaceInMemory(t *testing.T) {
	last := decoded(t, nothing)
	s := decoded(t, changes["task"])
	s.Reuse(last)
	for i, want := range []bool{true, false, true} {
		if got := &s.Services[i].Tasks[0] == &last.Services[i].Tasks[0]; got != want {
			t.Errorf("service %d is in the old memory: %t, want %t", i, got, want)
		}
	}
}
