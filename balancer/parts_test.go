package balancer

import (
	"testing"

	"github.com/appia-edge/appia/rules"
)

// leader leads to services by weight.
func leader(name string, parts ...rules.Part) *rules.Service {
	return &rules.Service{Name: name, Weighted: parts}
}

// Groups are forsaken in the order of a map, so this is tried until each has come first.
func TestALeaderThatGoesTogetherWithItsPartsIsNoMatter(t *testing.T) {
	f := newFleet(t, Options{})
	for i := range 100 {
		swap(f, leader("all", rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 1}),
			service("a", perTask(1, endpoints(0, 1))), service("b", perTask(1, endpoints(1, 2))))
		if groups := swap(f); len(groups) > 0 || len(f.groups) > 0 {
			t.Fatalf("round %d: groups are left", i)
		}
	}
}

func TestALeaderThatGoesLeadsToThePartThatStaysUntilTheSwap(t *testing.T) {
	f := newFleet(t, Options{})
	for i := range 100 {
		left := swap(f, leader("all", rules.Part{Service: "a", Weight: 1}, rules.Part{Service: "b", Weight: 1}),
			service("a", perTask(1, endpoints(0, 1))), service("b", perTask(1, endpoints(1, 2))))[0]
		now := services(service("b", perTask(1, endpoints(1, 2))))
		f.Grow(now)
		for range 4 {
			if g := left.Lead(""); g == nil || g.Name != "b" {
				t.Fatalf("round %d: it does not lead to b alone", i)
			}
		}
		f.Shrink(now)
	}
}
