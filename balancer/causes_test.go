package balancer

import (
	"fmt"
	"maps"
	"sync"
	"testing"
)

func counts(c *Causes) map[Cause]uint64 {
	all := map[Cause]uint64{}
	c.Each(func(k Cause, n uint64) { all[k] = n })
	return all
}

func TestCausesAreCountedBySideAndCode(t *testing.T) {
	var c Causes
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				c.Add("client", "chunk-size")
				c.Add("upstream", "refused")
				c.Add("upstream", "chunk-size")
			}
		})
	}
	all.Wait()
	want := map[Cause]uint64{{"client", "chunk-size"}: 400, {"upstream", "refused"}: 400, {"upstream", "chunk-size"}: 400}
	if got := counts(&c); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestCausesThatAreMadeUpDoNotGrowForEver(t *testing.T) {
	var c Causes
	for i := range 10 * maxCauses {
		c.Add("client", fmt.Sprint("code-", i))
	}
	got := counts(&c)
	if len(got) != maxCauses+1 || got[Cause{"client", otherCause}] != 9*maxCauses {
		t.Errorf("%d causes, %d others", len(got), got[Cause{"client", otherCause}])
	}
}

func TestCountingAKnownCauseAllocatesNothing(t *testing.T) {
	var c Causes
	if n := testing.AllocsPerRun(100, func() { c.Add("client", "relay") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
