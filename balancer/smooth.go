package balancer

import "math/bits"

const (
	// maxPeriod bounds a ring: 64 Ki turns are half a megabyte and a precision of 0.0015 %.
	maxPeriod = 1 << 16
	// maxSteps bounds the time to build one, which is period times sources: 10 ms.
	maxSteps = 1 << 22
)

// alone is the order of every group with one source, which is nearly every group.
var alone = []turn{{}}

// smooth is the order in which parties of these weights take turns: each as often as it weighs, spread
// out (nginx's smooth weighted round robin: everyone gains its weight, the richest has the turn and pays for it).
// The order repeats, so every stretch as long as it is holds exactly the weights.
func smooth(weights []uint64) []turn {
	if len(weights) == 0 {
		return nil
	}
	if len(weights) == 1 {
		return alone
	}
	weights = fit(reduce(weights))
	period := int64(sum(weights))
	order := make([]turn, period)
	wealth := make([]int64, len(weights))
	taken := make([]uint32, len(weights))
	for i := range order {
		richest := 0
		for p, w := range weights {
			wealth[p] += int64(w)
			if wealth[p] > wealth[richest] {
				richest = p
			}
		}
		order[i] = turn{uint32(richest), taken[richest]}
		wealth[richest] -= period
		taken[richest]++
	}
	return order
}

// reduce divides by the greatest common divisor, once per ring and not per pick.
func reduce(weights []uint64) []uint64 {
	var d uint64
	for _, w := range weights {
		d = gcd(d, w)
	}
	reduced := make([]uint64, len(weights))
	for i, w := range weights {
		reduced[i] = w / d
	}
	return reduced
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func sum(weights []uint64) uint64 {
	var s uint64
	for _, w := range weights {
		s += w
	}
	return s
}

// fit scales weights whose ring would be too long, by largest remainder. What weighs anything keeps at
// least one turn: a canary of one in a million is rounded up, not away.
func fit(weights []uint64) []uint64 {
	total := sum(weights)
	limit := uint64(max(len(weights), min(maxPeriod, maxSteps/len(weights))))
	if total <= limit {
		return weights
	}
	scaled := make([]uint64, len(weights))
	rest := make([]uint64, len(weights))
	left := limit
	for i, w := range weights {
		hi, lo := bits.Mul64(w, limit)
		scaled[i], rest[i] = bits.Div64(hi, lo, total)
		if scaled[i] == 0 {
			scaled[i], rest[i] = 1, 0
		}
		left -= min(left, scaled[i])
	}
	return topUp(scaled, rest, left)
}

// topUp gives the turns that rounding left over to the largest remainders.
func topUp(scaled, rest []uint64, left uint64) []uint64 {
	for ; left > 0; left-- {
		largest := 0
		for i := range rest {
			if rest[i] > rest[largest] {
				largest = i
			}
		}
		scaled[largest]++
		rest[largest] = 0
	}
	return scaled
}
