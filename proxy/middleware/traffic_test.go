package middleware

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// hands is a clock that a test moves.
type hands struct{ at time.Time }

func (h *hands) now() time.Time { return h.at }

func newHands() *hands { return &hands{time.Unix(1_000_000, 0)} }

func TestARequestNeedsATokenOfEveryBucketOrTakesNone(t *testing.T) {
	h := newHands()
	l := newLimiter(rules.RateLimit{Rates: []rules.Rate{
		{Period: time.Second, Average: 1, Burst: 3}, {Period: time.Hour, Average: 1, Burst: 2}}}, Options{Now: h.now})
	for range 2 {
		if wait := l.take("k"); wait != 0 {
			t.Fatalf("wait %s", wait)
		}
	}
	for range 5 { // refused by the second bucket: the first keeps its last token
		if wait := l.take("k"); wait != time.Hour {
			t.Fatalf("wait %s", wait)
		}
	}
	h.at = h.at.Add(time.Hour)
	if wait := l.take("k"); wait != 0 {
		t.Errorf("an hour later: %s", wait)
	}
}

// TestLimitsAreTokenBuckets compares with buckets that are filled by the book.
func TestLimitsAreTokenBuckets(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		h := newHands()
		period, average, burst := time.Duration(1+random.IntN(5))*time.Second, 1+random.IntN(9), 1+random.IntN(9)
		l := newLimiter(rules.RateLimit{Rates: []rules.Rate{{Period: period, Average: int64(average), Burst: int64(burst)}}}, Options{Now: h.now})
		token := period / time.Duration(average)
		tokens, last := time.Duration(burst)*token, h.at // in times, so that nothing is rounded
		for range 100 {
			h.at = h.at.Add(time.Duration(random.IntN(400)) * time.Millisecond)
			tokens = min(tokens+h.at.Sub(last), time.Duration(burst)*token)
			last = h.at
			wait, want := l.take("k"), max(token-tokens, 0)
			if wait != want {
				t.Fatalf("%d of %d in %s: wait %s, want %s", burst, average, period, wait, want)
			}
			if want == 0 {
				tokens -= token
			}
		}
	}
}

func TestKeysOfALimitAreBounded(t *testing.T) {
	h := newHands()
	l := newLimiter(rules.RateLimit{Rates: []rules.Rate{{Period: time.Hour, Average: 1, Burst: 1}}}, Options{Now: h.now})
	count := func() (n int) {
		for i := range l.shards {
			n += len(l.shards[i].full)
		}
		return n
	}
	for n := range 1000 {
		l.take(fmt.Sprint(n))
	}
	if n := count(); n != 1000 {
		t.Errorf("%d of 1000 keys are known", n)
	}
	for n := range maxKeys + maxKeys/4 {
		l.take(fmt.Sprint("more", n))
	}
	if n := count(); n > maxKeys {
		t.Errorf("%d keys", n)
	}
	h.at = h.at.Add(time.Hour)
	before := count()
	for n := range 100 {
		l.take(fmt.Sprint("late", n))
	}
	if n := count(); n > before-300 {
		t.Errorf("%d keys of %d are left, though all their buckets are full", n, before)
	}
}

func TestHugeRatesDoNotOverflow(t *testing.T) {
	h := newHands()
	for _, r := range []rules.Rate{
		{Period: 1, Average: 1 << 62, Burst: 1 << 62}, {Period: 1 << 62, Average: 1, Burst: 1 << 62}, {Period: 1, Average: 1, Burst: 1 << 62}} {
		l := newLimiter(rules.RateLimit{Rates: []rules.Rate{r}}, Options{Now: h.now})
		for range 3 {
			if wait := l.take("k"); wait != 0 {
				t.Errorf("%+v: %s", r, wait)
			}
		}
	}
}

func TestLimitsMayBeAskedByMany(t *testing.T) {
	l := newLimiter(rules.RateLimit{Rates: []rules.Rate{{Period: time.Hour, Average: 1, Burst: 100}}}, Options{Now: newHands().now})
	var all sync.WaitGroup
	var mu sync.Mutex
	let := 0
	for range 8 {
		all.Go(func() {
			for range 50 {
				if l.take("k") == 0 {
					mu.Lock()
					let++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if let != 100 {
		t.Errorf("%d were let through", let)
	}
}

func TestKeysOfLimits(t *testing.T) {
	q := &message.Request{Host: "a.com", Client: netip.MustParseAddrPort("[2001:db8:1:2:3::4]:5")}
	q.Fields.Add("X-Key", "k")
	q.Fields.Add("X-Forwarded-For", "192.0.2.1, 192.0.2.2")
	q.Fields.Add("X-Forwarded-For", "10.0.0.3")
	private := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		keyer
		want string
	}{
		{keyer{}, "2001:db8:1:2:3::4"},
		{keyer{bits: 64}, "2001:db8:1:2::/64"},
		{keyer{Extractor: rules.Extractor{Kind: rules.ByHost}}, "a.com"},
		{keyer{Extractor: rules.Extractor{Kind: rules.ByHeader, Header: "X-Key"}}, "k"},
		{keyer{Extractor: rules.Extractor{Kind: rules.ByHeader, Header: "X-None"}}, ""},
		{keyer{Extractor: rules.Extractor{Depth: 1}}, "10.0.0.3"},
		{keyer{Extractor: rules.Extractor{Depth: 2}}, "192.0.2.2"},
		{keyer{Extractor: rules.Extractor{Depth: 4}}, "2001:db8:1:2:3::4"},
		{keyer{Extractor: rules.Extractor{Excluded: private}}, "192.0.2.2"},
	} {
		if got := c.key(q); got != c.want {
			t.Errorf("%+v: %s, want %s", c.keyer, got, c.want)
		}
	}
}

func TestQuantilesOfLatenciesHaveTwoDigits(t *testing.T) {
	h := newHands()
	var p past
	var all []time.Duration
	random := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		took := time.Duration(random.ExpFloat64() * float64(300*time.Millisecond))
		all = append(all, took)
		p.add(h.at, 200, took)
		h.at = h.at.Add(10 * time.Millisecond)
	}
	slices.Sort(all)
	for _, percent := range []float64{0, 1, 50, 90, 99.9, 100, 200} {
		exact := all[max(0, min(int(percent/100*float64(len(all)))-1, len(all)-1))].Milliseconds()
		got := int64(pastAt{&p, h.at}.LatencyAtQuantileMS(percent))
		if diff := got - exact; diff > exact/50+1 || -diff > exact/50+1 {
			t.Errorf("%v%%: %d ms, exactly %d", percent, got, exact)
		}
	}
	if got := (pastAt{&p, h.at.Add(time.Minute)}).LatencyAtQuantileMS(50); got != 0 {
		t.Errorf("a minute later: %d", got)
	}
}

func TestRatiosForgetAfterTenSeconds(t *testing.T) {
	h := newHands()
	var p past
	for _, status := range []int{200, 502, 504, 500} {
		p.add(h.at, status, 0)
	}
	at := func(later time.Duration) pastAt { return pastAt{&p, h.at.Add(later)} }
	if r := at(0).NetworkErrorRatio(); r != 0.5 {
		t.Errorf("network errors: %v", r)
	}
	if r := at(9*time.Second).ResponseCodeRatio(500, 501, 200, 300); r != 1 {
		t.Errorf("500 to 2xx: %v", r)
	}
	if r := at(9*time.Second).ResponseCodeRatio(500, 600, 300, 400); r != 0 {
		t.Errorf("to none: %v", r)
	}
	if r := at(10 * time.Second).NetworkErrorRatio(); r != 0 {
		t.Errorf("later: %v", r)
	}
}

// FuzzLatencyBuckets: every latency is in a bucket whose bounds it is within.
func FuzzLatencyBuckets(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(time.Second))
	f.Fuzz(func(t *testing.T, nanoseconds int64) {
		bucket := latencyBucket(time.Duration(nanoseconds))
		if bucket < 0 || bucket >= latencies {
			t.Fatalf("bucket %d", bucket)
		}
		ms := int(max(time.Duration(nanoseconds).Milliseconds(), 0))
		least := latencyOf(bucket)
		if least > ms || bucket < latencies-1 && latencyOf(bucket+1) <= ms {
			t.Errorf("%d ms is in the bucket from %d", ms, least)
		}
	})
}
