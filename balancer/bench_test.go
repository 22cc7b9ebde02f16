package balancer

import (
	"fmt"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

func BenchmarkPick(b *testing.B) {
	f := newFleet(b, Options{})
	for name, s := range map[string]*rules.Service{
		"plain":  service("plain", perTask(1, endpoints(0, 5))),
		"canary": service("canary", perTask(90, endpoints(0, 3)), perTask(10, endpoints(3, 6))),
	} {
		g := f.Grow(services(s))[0]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Pick()
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					g.Pick()
				}
			})
		})
	}
}

func BenchmarkRing(b *testing.B) {
	f := newFleet(b, Options{})
	for _, s := range []*rules.Service{
		service("plain", perTask(1, endpoints(0, 5))),
		service("canary", perTask(90, endpoints(0, 3)), perTask(10, endpoints(3, 6))),
		service("longest", perTask(65521, endpoints(0, 1)), perTask(15, endpoints(1, 2))),
	} {
		g := f.Grow(services(s))[0]
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				newRing(g)
			}
		})
	}
}

func many(services, each int) []*rules.Service {
	all := make([]*rules.Service, services)
	for i := range all {
		all[i] = service(fmt.Sprint("backend-", i), perTask(1, endpoints(i*each, (i+1)*each)))
	}
	return all
}

func BenchmarkGrow10000(b *testing.B) {
	table := many(10_000, 5)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			f := New(Options{})
			f.Grow(table)
			f.Close()
		}
	})
	b.Run("oneTaskChanged", func(b *testing.B) {
		f := newFleet(b, Options{})
		swap(f, table...)
		next := many(10_000, 5)
		next[77].Sources[0].Endpoints[2].Task = "young"
		for i := 0; b.Loop(); i++ {
			swap(f, [][]*rules.Service{next, table}[i%2]...)
		}
	})
}

func BenchmarkTallyDone(b *testing.B) {
	var t Tally
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			t.Done("GET", "http", 200, 3*time.Millisecond)
		}
	})
}

func BenchmarkEnterLeave(b *testing.B) {
	f := newFleet(b, Options{})
	g := f.Grow(services(limited(service("s"), 1000)))[0]
	g.Enter("key") // as on a busy router, the key is known
	b.ReportAllocs()
	for b.Loop() {
		g.Enter("key")
		g.Leave("key")
	}
}
