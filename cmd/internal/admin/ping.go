package admin

import (
	"io"
	"net/http"
)

// ping says whether to send requests here at all: until termination begins, even with no table. A router that can't
// see the swarm is no better for being killed and started again.
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	say(w, !s.options.Leaving())
}

// ready says whether a table is in force, which may be the one kept on disk: for load balancers in front, and for
// rolling updates that should wait for it.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	say(w, !s.options.Leaving() && !s.options.Discovery().Swapped.IsZero())
}

// say has Traefik 1.7's words.
func say(w http.ResponseWriter, well bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	status, text := http.StatusOK, "OK"
	if !well {
		status, text = http.StatusServiceUnavailable, "Service Unavailable"
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// version has Traefik's keys.
func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, struct{ Version, Codename string }{s.options.Version, "appia"})
}
