package balancer

import (
	"io"
	"testing"
	"time"
)

func TestTheHotPathDoesNotAllocate(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, sticky(service("s", perTask(90, endpoints(0, 3)), perTask(10, endpoints(3, 6)))))[0]
	plain := swap(f, g.service, service("plain"))[1]
	e := g.Pick()
	token := g.Token(e)
	tried := []*Endpoint{e}
	build := func(*Endpoint) io.Closer { return new(carrier) }
	var tally Tally
	for name, do := range map[string]func(){
		"Pick":           func() { g.Pick() },
		"PickOther":      func() { g.PickOther(tried) },
		"Find":           func() { g.Find(token) },
		"Token":          func() { g.Token(e) },
		"Begin and End":  func() { g.Begin(); e.Begin(); e.End(); g.End() },
		"Carrier":        func() { e.Carrier(build) },
		"without limit":  func() { plain.Enter("k"); plain.Leave("k") },
		"Tally.Done":     func() { tally.Done("GET", "http", 200, time.Millisecond) },
		"Tally.Open":     func() { tally.Open("GET", "http", 1) },
		"unknown method": func() { tally.Done("PROPFIND", "http", 207, time.Millisecond) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
