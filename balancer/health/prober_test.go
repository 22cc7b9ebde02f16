package health

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/rules"
)

// swarm answers probes by address: 0 is silence.
type swarm struct {
	mu     sync.Mutex
	status map[string]int
	asked  map[string][]time.Time
	now    int // probes under way
	most   int
}

func (s *swarm) set(addr string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status[addr] = status
}

func (s *swarm) times(addr string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[addr]
}

func (s *swarm) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	status := s.status[r.URL.Host]
	s.asked[r.URL.Host] = append(s.asked[r.URL.Host], time.Now())
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.now--; s.mu.Unlock() }()
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if status < 0 {
		return nil, errors.New("broken")
	}
	time.Sleep(time.Millisecond)
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func newSwarm() *swarm {
	return &swarm{status: map[string]int{}, asked: map[string][]time.Time{}}
}

// log collects verdicts.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) tell(up bool, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprint(up, " ", why))
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.lines)
}

func at(addr string) rules.Endpoint { return rules.Endpoint{Scheme: "http", Addr: addr} }

func TestTheFirstProbeIsAtOnceAndTheNextAfterTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		s.set("a:80", 200)
		p := New(Options{Transport: s})
		start := time.Now()
		p.Watch(at("a:80"), rules.Check{Path: "/", Interval: 10 * time.Second}, new(log).tell)
		time.Sleep(35 * time.Second)
		p.Close()
		times := s.times("a:80")
		if len(times) != 4 || !times[0].Equal(start) {
			t.Fatalf("probed at %v", times)
		}
		if first := times[1].Sub(times[0]); first < 8*time.Second || first > 10*time.Second {
			t.Errorf("first period %v", first)
		}
		for i := 2; i < 4; i++ {
			if period := times[i].Sub(times[i-1]); period != 10*time.Second {
				t.Errorf("period %v", period)
			}
		}
	})
}

func TestChecksThatBeginTogetherDoNotGoOnTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		p := New(Options{Transport: s})
		for i := range 50 {
			addr := fmt.Sprintf("e%d:80", i)
			s.set(addr, 200)
			p.Watch(at(addr), rules.Check{Path: "/", Interval: 10 * time.Second}, new(log).tell)
		}
		time.Sleep(11 * time.Second)
		p.Close()
		seconds := map[time.Time]bool{}
		for i := range 50 {
			seconds[s.times(fmt.Sprintf("e%d:80", i))[1]] = true
		}
		if len(seconds) < 25 {
			t.Errorf("50 second probes at %d moments", len(seconds))
		}
	})
}

func TestASilentEndpointDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		s.set("good:80", 200)
		p := New(Options{Transport: s})
		var bad, good log
		p.Watch(at("silent:80"), rules.Check{Path: "/"}, bad.tell)
		p.Watch(at("good:80"), rules.Check{Path: "/"}, good.tell)
		time.Sleep(10 * time.Millisecond)
		if good.String() != "[true passed]" || bad.String() != "[]" {
			t.Errorf("at once: good %v, silent %v", &good, &bad)
		}
		time.Sleep(DefaultTimeout)
		if bad.String() != "[false no answer within 5s]" {
			t.Errorf("after the timeout: %v", &bad)
		}
		p.Close()
	})
}

func TestOnlySoManyProbesRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		p := New(Options{Transport: s, Limit: 3})
		var l log
		for i := range 20 {
			addr := fmt.Sprintf("e%d:80", i)
			s.set(addr, 200)
			p.Watch(at(addr), rules.Check{Path: "/"}, l.tell)
		}
		time.Sleep(time.Second)
		p.Close()
		if s.most != 3 || len(l.lines) != 20 {
			t.Errorf("%d at once, %d verdicts", s.most, len(l.lines))
		}
	})
}

func TestAnEndpointGoesOutAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		s.set("a:80", 200)
		p := New(Options{Transport: s})
		var l log
		p.Watch(at("a:80"), rules.Check{Path: "/", Interval: time.Second, Fall: 2, Rise: 2}, l.tell)
		time.Sleep(3500 * time.Millisecond)
		s.set("a:80", 500)
		time.Sleep(3 * time.Second)
		s.set("a:80", -1) // another failure: no news
		time.Sleep(3 * time.Second)
		s.set("a:80", 200)
		time.Sleep(3 * time.Second)
		p.Close()
		if want := "[true passed false status 500 Internal Server Error true passed]"; l.String() != want {
			t.Errorf("told %v, want %v", &l, want)
		}
	})
}

func TestAStoppedWatchIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		p := New(Options{Transport: s})
		var l log
		stop := p.Watch(at("silent:80"), rules.Check{Path: "/"}, l.tell)
		synctest.Wait() // it is asking
		stop()
		time.Sleep(time.Minute)
		p.Close()
		if l.String() != "[]" || len(s.times("silent:80")) != 1 {
			t.Errorf("told %v after %d probes", &l, len(s.times("silent:80")))
		}
	})
}

func TestCloseWaitsForProbesAndStartsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm()
		p := New(Options{Transport: s, Limit: 1})
		var l log
		p.Watch(at("silent:80"), rules.Check{Path: "/"}, l.tell)
		p.Watch(at("waiting:80"), rules.Check{Path: "/"}, l.tell)
		synctest.Wait()
		p.Close()
		p.Watch(at("late:80"), rules.Check{Path: "/"}, l.tell)
		time.Sleep(time.Hour)
		if l.String() != "[]" || s.now != 0 || len(s.times("late:80")) != 0 {
			t.Errorf("told %v, %d under way", &l, s.now)
		}
	})
}
