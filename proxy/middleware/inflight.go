package middleware

import (
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"
	"sync"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A crowd bounds the requests of each key that are under way. A key is kept while it has any.
type crowd struct {
	key    keyer
	amount int64
	seed   maphash.Seed
	shards [32]struct {
		mu     sync.Mutex
		counts map[string]*int64
	}
}

func newCrowd(f rules.InFlight, o Options) *crowd {
	return &crowd{key: keyer{f.Key, o.IPv6}, amount: f.Amount, seed: maphash.MakeSeed()}
}

// Request implements Asker.
func (c *crowd) Request(v *Visit) *message.Response {
	key := c.key.key(v.Exchange.Request())
	s := &c.shards[maphash.String(c.seed, key)%uint64(len(c.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[key]
	if n == nil && c.amount > 0 {
		n, key = new(int64), strings.Clone(key)
		if s.counts == nil {
			s.counts = map[string]*int64{}
		}
		s.counts[key] = n
	}
	if n == nil || *n >= c.amount {
		v.Refused = "in-flight"
		return Answer(http.StatusTooManyRequests, fmt.Sprintf("max connections reached: %d", c.amount))
	}
	*n++
	v.Keep(strings.Clone(key)) // later filters may change what the key is made of
	return nil
}

// Done implements Doner.
func (c *crowd) Done(v *Visit) {
	key, ok := v.Kept().(string)
	if !ok {
		return
	}
	s := &c.shards[maphash.String(c.seed, key)%uint64(len(c.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.counts[key]; n != nil {
		if *n--; *n <= 0 {
			delete(s.counts, key)
		}
	}
}
