package admin

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/explain"
)

// What a question may hold, so that an answer stays bounded whoever asks.
const (
	mostFields = 64
	mostRoutes = 1000
)

// explain says what would become of a request: ?method=GET&url=https://…&header=Name: value, header as often as there are
// fields, and client=, entryPoint= and all=true where they matter; or of a message, ?act={"role":"math"}. No turn is taken.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	asked, problem := readQuestion(r)
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	live := map[string]balancer.GroupStatus{}
	for _, g := range s.options.Fleet().Groups {
		live[g.Name] = g
	}
	answer, err := explain.Ask(explain.World{
		Table: s.options.Table(), EntryPoints: s.options.Explained, Diagnostics: s.options.Discovery().Diagnostics,
		Groups: func(name string) (balancer.GroupStatus, bool) { g, ok := live[name]; return g, ok },
	}, asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if more := len(answer.Routes) - mostRoutes; more > 0 {
		answer.Routes = answer.Routes[:mostRoutes]
		answer.Others += more
	}
	answerJSON(w, answer)
}

func readQuestion(r *http.Request) (q explain.Request, problem string) {
	form := r.URL.Query()
	q = explain.Request{Method: form.Get("method"), URL: form.Get("url"), EntryPoint: form.Get("entryPoint"), All: form.Get("all") == "true", Header: http.Header{}}
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	if q.Message = form.Get("act"); q.Message != "" {
		return q, ""
	}
	if q.URL == "" {
		return q, "url= is missing, as in /api/explain?url=https://api.example.com/v3/user"
	}
	if len(form["header"]) > mostFields {
		return q, "too many fields"
	}
	for _, field := range form["header"] {
		name, value, found := strings.Cut(field, ":")
		if !found {
			return q, "header= is a name, a colon and a value"
		}
		q.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if client := form.Get("client"); client != "" {
		addr, err := netip.ParseAddr(client)
		if err != nil {
			return q, "client= is no address"
		}
		q.Client = addr
	}
	return q, ""
}
