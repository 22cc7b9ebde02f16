package metrics

import (
	"strconv"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/rules"
)

// Copies are what became of the copies of messages for one service.
type Copies struct {
	Service string `json:"service"`
	Sent    uint64 `json:"sent"`
	Failed  uint64 `json:"failed"`
	Dropped uint64 `json:"dropped"`
}

// pins tells of messages, by what took them. They have no histogram: there may be ten thousand.
func (r report) pins(t *rules.Table, tallies []*balancer.Tally) {
	for i, pin := range t.Pins() {
		codes := map[int]balancer.Cell{}
		tallies[i].Each(func(k balancer.Key, c balancer.Cell) { codes[k.Code] = sum(codes[k.Code], c) })
		for code, c := range codes {
			r.counter(actRequests, float64(c.Count), pin.String(), strconv.Itoa(code))
			r.counter(actSeconds, c.Sum.Seconds(), pin.String(), strconv.Itoa(code))
		}
	}
}

func (r report) copies(all []Copies) {
	for _, c := range all {
		r.counter(actCopies, float64(c.Sent), c.Service, "sent")
		r.counter(actCopies, float64(c.Failed), c.Service, "failed")
		r.counter(actCopies, float64(c.Dropped), c.Service, "dropped")
	}
}
