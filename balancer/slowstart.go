package balancer

import "time"

// A new endpoint may need a while until it answers as fast as the others: a cold cache, a just-in-time compiler. With a
// slow start its share of the requests rises in steps from a tenth of the others' to all of it.

// fullHeight is the height of an endpoint that has its full share.
const fullHeight = 10

// risingSince is now, or zero where no endpoint can be rising.
func (g *Group) risingSince() time.Time {
	if g.slowStart <= 0 {
		return time.Time{}
	}
	return time.Now()
}

// heights are those of endpoints, and their sum; nil: all stand at full height.
func (g *Group) heights(endpoints []*Endpoint, now time.Time) (heights []uint64, sum uint64) {
	for i, e := range endpoints {
		height := g.height(e, now)
		sum += height
		if height < fullHeight && heights == nil {
			heights = make([]uint64, len(endpoints))
			for j := range i {
				heights[j] = fullHeight
			}
		}
		if heights != nil {
			heights[i] = height
		}
	}
	return heights, sum
}

func (g *Group) height(e *Endpoint, now time.Time) uint64 {
	if now.IsZero() || e.met.IsZero() {
		return fullHeight
	}
	since := now.Sub(e.met)
	if since >= g.slowStart {
		return fullHeight
	}
	return 1 + uint64((fullHeight-1)*since/g.slowStart)
}

// inTurns is the order of the turns of endpoints that stand at these heights.
func inTurns(endpoints []*Endpoint, heights []uint64) []*Endpoint {
	if heights == nil {
		return endpoints
	}
	order := smooth(heights)
	turns := make([]*Endpoint, len(order))
	for i, t := range order {
		turns[i] = endpoints[t.hand]
	}
	return turns
}

// rise rebuilds the group's ring when its endpoints shall stand higher; needs Fleet.mu.
func (g *Group) rise() {
	if g.rises {
		return
	}
	g.rises = true
	g.fleet.agenda.after(g.slowStart/(fullHeight-1)+1, func() {
		g.fleet.mu.Lock()
		defer g.fleet.mu.Unlock()
		g.rises = false
		if g.slowStart > 0 {
			g.rebuild()
		}
	})
}
