package admin

import (
	"net/http"
	"slices"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/metrics"
	"github.com/appia-edge/appia/rules"
)

// A pinView is a pin with who answers its messages, who gets copies, and how many there were.
type pinView struct {
	Pin       string   `json:"pin"`
	Service   string   `json:"service,omitempty"` // who answers; empty: nobody, there are observers alone
	Owner     string   `json:"owner,omitempty"`
	Observers []string `json:"observers,omitempty"` // services that get copies of the messages of just this pin
	Requests  uint64   `json:"requests"`
	Errors    uint64   `json:"errors"` // of these, answers from 400 on
	Mean      float64  `json:"mean"`   // seconds
}

// pins answers with all of them, in the order in which they are tried, and with what became of copies.
func (s *Server) pins(w http.ResponseWriter, _ *http.Request) {
	answer := struct {
		Pins   []pinView        `json:"pins"`
		Copies []metrics.Copies `json:"copies"`
	}{Pins: s.viewPins(), Copies: []metrics.Copies{}}
	if s.options.Copies != nil {
		answer.Copies = append(answer.Copies, s.options.Copies()...)
		slices.SortFunc(answer.Copies, func(a, b metrics.Copies) int {
			if a.Service < b.Service {
				return -1
			}
			return 1
		})
	}
	answerJSON(w, answer)
}

func (s *Server) viewPins() []pinView {
	all := []pinView{}
	if s.options.Pins == nil {
		return all
	}
	table, tallies := s.options.Pins()
	places := map[string]int{}
	for i, pin := range table.Pins() {
		places[pin.String()] = i
		all = append(all, viewPin(pin, tallies[i]))
	}
	for _, r := range table.Routes {
		for _, pin := range r.Rule.Pins() {
			i, there := places[pin.String()]
			switch {
			case !there:
			case r.Rule.Observes():
				all[i].Observers = append(all[i].Observers, r.Service.Name)
			case all[i].Service == "" && !r.Shadowed:
				all[i].Service, all[i].Owner = r.Service.Name, r.Owner.Name
			}
		}
	}
	return all
}

func viewPin(pin rules.Pin, tally *balancer.Tally) pinView {
	v := pinView{Pin: pin.String()}
	took := 0.0
	tally.Each(func(k balancer.Key, c balancer.Cell) {
		v.Requests += c.Count
		took += c.Sum.Seconds()
		if k.Code >= http.StatusBadRequest {
			v.Errors += c.Count
		}
	})
	if v.Requests > 0 {
		v.Mean = took / float64(v.Requests)
	}
	return v
}

func (f filter) pin(p pinView) bool {
	return f.matches(append([]string{p.Pin, p.Service, p.Owner}, p.Observers...)...)
}
