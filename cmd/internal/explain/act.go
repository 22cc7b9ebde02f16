package explain

import (
	"net/http"
	"net/url"

	"github.com/appia-edge/appia/proxy/seneca"
	"github.com/appia-edge/appia/rules"
)

// askAct explains what becomes of a message. What the entry point refuses whoever takes it is its error.
func askAct(w World, r Request) (*Answer, error) {
	var m rules.Message
	if err := seneca.Scan([]byte(r.Message), w.Table.Keys(), &m); err != nil {
		return nil, err
	}
	e := w.Table.ExplainAct(&m, r.All)
	a := &Answer{Method: "ACT", URL: r.Message, EntryPoint: "act", Others: e.Others,
		Routes: []RouteView{}, Filters: []string{}, Steps: []Step{}, Services: []ServiceView{}}
	copied := false
	for _, c := range e.Candidates {
		copied = copied || c.Outcome == rules.Copied
		a.Routes = append(a.Routes, w.viewRoute(c))
	}
	r.Method = http.MethodPost
	at, u := EntryPoint{Name: a.EntryPoint}, &url.URL{Scheme: "http", Host: "act", Path: "/act"}
	j := newJudge(w, at, r, u, u.Host)
	a.follow(w, e.Match, u, j)
	a.Steps = append(a.Steps, j.steps...)
	a.Gets = a.gets()
	if e.Match.Route == nil {
		a.Gets = "404 act_not_found: no service has a pin for this message"
		if copied {
			a.Status, a.Gets = http.StatusOK, "an empty reply: there are observers alone"
		}
	}
	return a, nil
}
