package middleware

import (
	"hash/maphash"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// maxKeys bounds the keys of one limiter, as in Traefik 1.x: they are the clients' to choose.
const maxKeys = 1 << 16

// A limiter bounds the requests of each key in time by token buckets. A bucket is one number, the time at which it will be
// full again (the generic cell rate algorithm): nothing has to be refilled, and a key whose buckets are all full is
// no different from one that was never seen, so that it may be forgotten.
type limiter struct {
	key    keyer
	rates  []rate
	now    func() time.Time
	start  time.Time
	seed   maphash.Seed
	shards [64]limits
}

// A rate is a bucket's size and pace as times: what one token takes to come, and what all of them take.
type rate struct{ token, full time.Duration }

// limits are some of the keys.
type limits struct {
	mu   sync.Mutex
	full map[string][]time.Duration // by key, since start, when each bucket will be full
}

func newLimiter(f rules.RateLimit, o Options) *limiter {
	l := &limiter{key: keyer{f.Key, o.IPv6}, now: o.Now, start: o.Now(), seed: maphash.MakeSeed()}
	for _, r := range f.Rates {
		l.rates = append(l.rates, rateOf(r))
	}
	return l
}

// rateOf keeps within what a Duration holds; a bucket has room for one token at least.
func rateOf(r rules.Rate) rate {
	const longest, year = math.MaxInt64 / 4, 365 * 24 * time.Hour
	token := min(max(r.Period/time.Duration(max(r.Average, 1)), 1), year)
	burst := max(r.Burst, 1)
	if burst > int64(longest/token) {
		return rate{token, longest}
	}
	return rate{token, token * time.Duration(burst)}
}

// Request implements Asker.
func (l *limiter) Request(v *Visit) *message.Response {
	wait := l.take(l.key.key(v.Exchange.Request()))
	if wait <= 0 {
		return nil
	}
	v.Refused = "rate-limit"
	r := Answer(http.StatusTooManyRequests, "max rate reached: retry-in "+wait.String())
	r.Fields.Add("X-Retry-In", wait.String())
	r.Fields.Add("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	return r
}

// take takes a token of each bucket, or none and says how long to wait for that.
func (l *limiter) take(key string) (wait time.Duration) {
	now := l.now().Sub(l.start)
	s := &l.shards[maphash.String(l.seed, key)%uint64(len(l.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.full[key]
	for i, r := range l.rates {
		wait = max(wait, r.after(full, i, now)-now-r.full)
	}
	if wait > 0 {
		return wait
	}
	if full == nil {
		full = s.add(strings.Clone(key), make([]time.Duration, len(l.rates)), now)
	}
	for i, r := range l.rates {
		full[i] = r.after(full, i, now)
	}
	return 0
}

// after is when the bucket would be full again if a token were taken.
func (r rate) after(full []time.Duration, i int, now time.Duration) time.Duration {
	if full == nil {
		return now + r.token
	}
	return max(full[i], now) + r.token
}

// add makes room if there is none: by forgetting whose buckets are full, and else, of a few, the one that has least to
// remember. Maps are walked from a random place, so that a few are as good as any.
func (s *limits) add(key string, full []time.Duration, now time.Duration) []time.Duration {
	const most = maxKeys / 64
	if s.full == nil {
		s.full = map[string][]time.Duration{}
	}
	if len(s.full) >= most {
		s.evict(now)
	}
	s.full[key] = full
	return full
}

func (s *limits) evict(now time.Duration) {
	looked, victim, least := 0, "", time.Duration(math.MaxInt64)
	for key, full := range s.full {
		last := time.Duration(0)
		for _, at := range full {
			last = max(last, at)
		}
		if last <= now {
			delete(s.full, key)
		}
		if last < least {
			victim, least = key, last
		}
		if looked++; looked == 8 {
			break
		}
	}
	delete(s.full, victim)
}
