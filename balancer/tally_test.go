package balancer

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func cells(t *Tally) map[Key]Cell {
	all := make(map[Key]Cell)
	t.Each(func(k Key, c Cell) { all[k] = c })
	return all
}

func key3(method, protocol string, code int) Key { return Key{Stream{method, protocol}, code} }

func TestATallyCountsByMethodProtocolAndCode(t *testing.T) {
	var tally Tally
	tally.Done("GET", "http", 200, 50*time.Millisecond)
	tally.Done("GET", "http", 200, 100*time.Millisecond)
	tally.Done("GET", "http", 200, time.Second)
	tally.Done("GET", "http", 200, time.Minute)
	tally.Done("POST", "sse", 502, 0)
	got := cells(&tally)
	c := got[key3("GET", "http", 200)]
	if c.Count != 4 || c.Sum != 61150*time.Millisecond || fmt.Sprint(c.Buckets) != "[2 2 3 3]" {
		t.Errorf("%+v", c)
	}
	if len(got) != 2 || got[key3("POST", "sse", 502)].Count != 1 {
		t.Errorf("%v", got)
	}
}

func TestATallyUsesTheBucketsItIsGiven(t *testing.T) {
	tally := Tally{Buckets: []time.Duration{time.Second}}
	tally.Done("GET", "http", 200, time.Second)
	tally.Done("GET", "http", 200, time.Second+1)
	if c := cells(&tally)[key3("GET", "http", 200)]; fmt.Sprint(c.Buckets) != "[1]" || c.Count != 2 {
		t.Errorf("%+v", c)
	}
}

func TestAClientCannotInventSeriesForEver(t *testing.T) {
	var tally Tally
	for i := range 10_000 {
		tally.Done(fmt.Sprint("M", i), "http", 200, 0)
		tally.Open(fmt.Sprint("M", i), "http", 1)
	}
	tally.Done("DELETE", "http", 200, 0)
	got := cells(&tally)
	if len(got) != maxInvented+2 || got[key3("OTHER", "http", 200)].Count != 10_000-maxInvented {
		t.Errorf("%d series, %d others", len(got), got[key3("OTHER", "http", 200)].Count)
	}
	if got[key3("DELETE", "http", 200)].Count != 1 {
		t.Error("a standard method is among the others")
	}
}

func TestOpenRequestsGoUpAndDown(t *testing.T) {
	var tally Tally
	tally.Open("GET", "websocket", 1)
	tally.Open("GET", "websocket", 1)
	tally.Open("GET", "websocket", -1)
	n := 0
	tally.EachOpen(func(s Stream, open int64) {
		n++
		if s != (Stream{"GET", "websocket"}) || open != 1 {
			t.Errorf("%v: %d", s, open)
		}
	})
	if n != 1 {
		t.Errorf("%d streams", n)
	}
}

func TestATallyLosesNothingUnderConcurrency(t *testing.T) {
	var tally Tally
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				tally.Done("GET", "http", 200+i%50, time.Millisecond)
			}
		})
	}
	wg.Wait()
	var total uint64
	for _, c := range cells(&tally) {
		total += c.Count
	}
	if total != 8000 {
		t.Errorf("%d", total)
	}
}
