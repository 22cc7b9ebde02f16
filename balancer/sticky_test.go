package balancer

import (
	"testing"
	"testing/synctest"

	"github.com/appia-edge/appia/rules"
)

func sticky(s *rules.Service) *rules.Service {
	s.Sticky = &rules.Sticky{Cookie: "c"}
	return s
}

func TestATokenFindsItsEndpointAfterScaleUp(t *testing.T) {
	f := newFleet(t, Options{StickyKey: []byte("k")})
	g := swap(f, sticky(service("s", perTask(1, endpoints(0, 3)))))[0]
	e := g.Pick()
	g = swap(f, sticky(service("s", perTask(1, endpoints(0, 9)))))[0]
	if g.Find(g.Token(e)) != e {
		t.Error("the session moved")
	}
}

func TestACookieOfTraefik1HoldingAURLIsHonoured(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, sticky(service("s", perTask(1, endpoints(0, 3)))))[0]
	if e := g.Find("http://10.0.0.2:80"); e == nil || e.Task != "task1" {
		t.Error("not found")
	}
}

func TestRoutersWithOneKeyAgreeAndOthersCannotGuess(t *testing.T) {
	tokens := make(map[string]bool)
	for _, key := range []string{"one", "one", "two"} {
		f := newFleet(t, Options{StickyKey: []byte(key)})
		g := swap(f, sticky(service("s", perTask(1, endpoints(0, 1)))))[0]
		token := g.Token(g.Pick())
		if len(token) < 16 {
			t.Error("too short:", token)
		}
		tokens[token] = true
	}
	if len(tokens) != 2 {
		t.Errorf("%v", tokens)
	}
}

func TestUnusableTokensFindNobody(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		for i, status := range []int{200, 500, 200} {
			c.set(endpoint(i), status)
		}
		s := sticky(checked(service("s", perTask(1, endpoints(0, 3)))))
		g := swap(f, s)[0]
		synctest.Wait()
		ejected := find(g, "task2")
		ejected.Refused()
		for _, token := range []string{"", "nonsense", "http://", "http://10.9.9.9:80", endpoint(1).URL(), g.Token(ejected)} {
			if e := g.Find(token); e != nil {
				t.Errorf("%q finds %s", token, e.Task)
			}
		}
		gone := find(g, "task0")
		swap(f, sticky(service("s", perTask(1, endpoints(4, 5)))))
		if g.Find(g.Token(gone)) != nil {
			t.Error("a retired endpoint is found")
		}
	})
}

func TestAtWeightZeroSessionsStayAndNoneIsAdded(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, sticky(service("s", perTask(1, endpoints(0, 1)), perTask(0, endpoints(1, 2)))))[0]
	if got := picks(g, 10); got["task1"] != 0 {
		t.Error(got)
	}
	if e := g.Find(endpoint(1).URL()); e == nil || e.Task != "task1" {
		t.Error("its session moved")
	}
}

func TestARouterThatRestartsMovesNoSession(t *testing.T) {
	withClinic(t, Options{}, func(t *testing.T, f *Fleet, c *clinic) {
		c.set(endpoint(0), 200) // the other has not answered its first probe
		g := swap(f, sticky(checked(service("s", perTask(1, endpoints(0, 2))))))[0]
		synctest.Wait()
		if g.Find(endpoint(1).URL()) == nil {
			t.Error("moved to whoever answered first")
		}
	})
}

func TestSessionsStayWhenAllHaveRefused(t *testing.T) {
	f := newFleet(t, Options{})
	g := swap(f, sticky(service("s", perTask(1, endpoints(0, 1)))))[0]
	e := g.Pick()
	e.Refused()
	if g.Find(g.Token(e)) != e {
		t.Error("found nobody, though it would be picked")
	}
}
