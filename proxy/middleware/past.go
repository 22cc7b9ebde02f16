package middleware

import (
	"math"
	"math/bits"
	"time"
)

// A past is how a service has answered lately: statuses by the second for ten seconds, latencies by ten seconds for a
// minute. Both are rings of buckets; one that is too old is emptied when its place is used again.
type past struct {
	seconds [10]second
	decades [6]decade
}

type second struct {
	at       int64 // in Unix seconds
	statuses []tally
}

// A tally is how many answers had a status. Services have few, so that a scan is enough.
type tally struct{ status, n int }

type decade struct {
	at        int64    // in Unix seconds by 10
	latencies []uint32 // up to the greatest there was
}

func (p *past) add(now time.Time, status int, took time.Duration) {
	s := &p.seconds[now.Unix()%int64(len(p.seconds))]
	if s.at != now.Unix() {
		*s = second{now.Unix(), s.statuses[:0]}
	}
	s.add(status)
	ten := now.Unix() / 10
	d := &p.decades[ten%int64(len(p.decades))]
	if d.at != ten {
		*d = decade{ten, d.latencies[:0]}
	}
	d.add(latencyBucket(took))
}

func (s *second) add(status int) {
	for i := range s.statuses {
		if s.statuses[i].status == status {
			s.statuses[i].n++
			return
		}
	}
	s.statuses = append(s.statuses, tally{status, 1})
}

func (d *decade) add(bucket int) {
	for len(d.latencies) <= bucket {
		d.latencies = append(d.latencies, 0)
	}
	d.latencies[bucket]++
}

// steady tells the time of now as it is when it begins, and from then on by the monotonic clock alone: in Unix seconds
// the wall clock's jumps would show, and a past from the future would count until that comes.
func steady(now func() time.Time) func() time.Time {
	start := now()
	return func() time.Time { return start.Add(now().Sub(start)) }
}

// pastAt is a past seen from a moment. It implements rules.Past.
type pastAt struct {
	*past
	now time.Time
}

// NetworkErrorRatio implements rules.Past.
func (p pastAt) NetworkErrorRatio() float64 {
	return ratio(p.count(502, 503)+p.count(504, 505), p.count(math.MinInt, math.MaxInt))
}

// ResponseCodeRatio implements rules.Past.
func (p pastAt) ResponseCodeRatio(fromA, toA, fromB, toB int) float64 {
	return ratio(p.count(fromA, toA), p.count(fromB, toB))
}

// ratio of nothing is none: before the first answer nothing can be said against a service.
func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// count is the answers with statuses from one to below another.
func (p pastAt) count(from, to int) (n int) {
	for i := range p.seconds {
		s := &p.seconds[i]
		if p.now.Unix()-s.at >= int64(len(p.seconds)) {
			continue
		}
		for _, t := range s.statuses {
			if from <= t.status && t.status < to {
				n += t.n
			}
		}
	}
	return n
}

// LatencyAtQuantileMS implements rules.Past.
func (p pastAt) LatencyAtQuantileMS(percent float64) int {
	var all [latencies]uint64
	total := uint64(0)
	for i := range p.decades {
		if p.now.Unix()/10-p.decades[i].at >= int64(len(p.decades)) {
			continue
		}
		for bucket, n := range p.decades[i].latencies {
			all[bucket] += uint64(n)
			total += uint64(n)
		}
	}
	// The least latency that so many percent of the answers did not exceed.
	want := uint64(math.Ceil(float64(total) * min(max(percent, 0), 100) / 100))
	for bucket, seen := 0, uint64(0); bucket < len(all) && total > 0; bucket++ {
		if seen += all[bucket]; seen >= max(want, 1) {
			return latencyOf(bucket)
		}
	}
	return 0
}

// Latencies are kept in milliseconds to about two digits: 64 buckets for each doubling from 64 ms on, up to
// an hour and more.
const (
	latencyBits = 6
	latencies   = (26 - latencyBits) << latencyBits
)

func latencyBucket(took time.Duration) int {
	ms := uint64(max(took.Milliseconds(), 0))
	if ms < 1<<latencyBits {
		return int(ms)
	}
	doublings := bits.Len64(ms) - latencyBits - 1
	bucket := (doublings+1)<<latencyBits + int(ms>>doublings) - 1<<latencyBits
	return min(bucket, latencies-1)
}

// latencyOf is the least latency in a bucket.
func latencyOf(bucket int) int {
	if bucket < 1<<latencyBits {
		return bucket
	}
	doublings := bucket>>latencyBits - 1
	return (bucket&(1<<latencyBits-1) + 1<<latencyBits) << doublings
}
