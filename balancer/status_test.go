package balancer

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

func lines(s Status) string {
	var b strings.Builder
	for _, g := range s.Groups {
		fmt.Fprintf(&b, "%s %d\n", g.Name, g.InFlight)
		for _, e := range g.Endpoints {
			fmt.Fprintf(&b, "  %s %s weight %d share %.3f %v %d %q\n", e.Name, e.URL, e.Weight, e.Share, e.State, e.InFlight, e.Why)
		}
	}
	for _, e := range s.Retiring {
		fmt.Fprintf(&b, "%s %s %v %d\n", e.Name, e.URL, e.State, e.InFlight)
	}
	return b.String()
}

func TestStatusTellsAllThereIs(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		old := swap(f, service("old", perTask(1, endpoints(9, 10))))[0].Pick()
		old.Begin()
		c.set(endpoint(0), 200)
		c.set(endpoint(1), 404)
		g := swap(f,
			service("b", perTask(90, endpoints(3, 5)), perTask(60, endpoints(5, 6))),
			checked(service("a", perService(7, endpoints(0, 3)))),
		)
		synctest.Wait()
		find(g[0], "task4").Refused()
		g[0].Begin()
		find(g[0], "task3").Begin()
		want := `a 0
  server-0 http://10.0.0.1:80 weight 7 share 1.000 up 0 "passed"
  server-1 http://10.0.0.2:80 weight 7 share 0.000 down 0 "status 404 Not Found"
  server-2 http://10.0.0.3:80 weight 7 share 0.000 new 0 ""
b 1
  server-3 http://10.0.0.4:80 weight 90 share 0.600 up 1 ""
  server-4 http://10.0.0.5:80 weight 90 share 0.000 ejected 0 "refused a connection, out until it accepts one"
  server-5 http://10.0.0.6:80 weight 60 share 0.400 up 0 ""
server-9 http://10.0.0.10:80 retiring 1
`
		if got := lines(f.Status()); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		old.End()
	})
}
