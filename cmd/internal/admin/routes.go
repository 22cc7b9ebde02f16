package admin

import (
	"encoding/json"
	"expvar"
	"maps"
	"net/http"
	"net/http/pprof"
	"path"
	"strings"
)

// Handler answers for some pages below Options.Path.
func (s *Server) Handler(p Pages) http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range s.routes(p) {
		mux.HandleFunc(pattern, answer)
		mux.HandleFunc(pattern+"/{$}", s.withoutSlash)
	}
	if p.API && s.options.Debug {
		debug(mux)
	}
	if p.API && !s.options.NoDashboard {
		mux.HandleFunc("/{$}", s.toDashboard)
		mux.HandleFunc("/dashboard", s.toDashboard)
		mux.HandleFunc("/dashboard/{$}", asset("index.html"))
		for _, name := range assets {
			mux.HandleFunc("/dashboard/"+name, asset(name))
		}
	}
	return guard(s.below(s.prefix(), mux))
}

func (s *Server) routes(p Pages) map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{}
	if p.Ping {
		all["/ping"], all["/ready"] = s.ping, s.ready
	}
	if p.Metrics {
		all["/metrics"] = s.options.Metrics.ServeHTTP
	}
	if p.API {
		maps.Copy(all, s.apiRoutes())
	}
	return all
}

func (s *Server) apiRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/health":           s.answerHealth,
		"/api":              s.providers,
		"/api/version":      s.version,
		"/api/table":        s.table,
		"/api/diagnostics":  s.diagnostics,
		"/api/overview":     s.overview,
		"/api/explain":      s.explain,
		"/api/certificates": s.certificates,
		"/api/pins":         s.pins,

		"/api/providers":                                           s.providers,
		"/api/providers/{provider}":                                s.part(wholeProvider),
		"/api/providers/{provider}/backends":                       s.part(allBackends),
		"/api/providers/{provider}/backends/{name}":                s.part(oneBackend),
		"/api/providers/{provider}/backends/{name}/servers":        s.part(allServers),
		"/api/providers/{provider}/backends/{name}/servers/{part}": s.part(oneServer),
		"/api/providers/{provider}/frontends":                      s.part(allFrontends),
		"/api/providers/{provider}/frontends/{name}":               s.part(oneFrontend),
		"/api/providers/{provider}/frontends/{name}/routes":        s.part(allRoutes),
		"/api/providers/{provider}/frontends/{name}/routes/{part}": s.part(oneRoute),
	}
}

// debug is what Go tells of a process, as Traefik 1.x serves it with --debug.
func debug(mux *http.ServeMux) {
	mux.Handle("/debug/vars", expvar.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
}

// policy lets the page load what it is made of, and nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard lets nobody write, and tells browsers to be careful with what they read.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// prefix is Options.Path as "" or "/path".
func (s *Server) prefix() string {
	return strings.TrimSuffix(path.Clean("/"+s.options.Path), "/")
}

// below serves what is below a prefix; the prefix itself is the root.
func (s *Server) below(prefix string, next http.Handler) http.Handler {
	stripped := http.StripPrefix(prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, found := strings.CutPrefix(r.URL.Path, prefix)
		switch {
		case found && rest == "" && s.options.Pages.API && !s.options.NoDashboard:
			s.toDashboard(w, r)
		case found && rest != "" && rest[0] == '/':
			stripped.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

func (s *Server) toDashboard(w http.ResponseWriter, r *http.Request) {
	s.redirect(w, r, "/dashboard/", http.StatusFound)
}

func (s *Server) withoutSlash(w http.ResponseWriter, r *http.Request) {
	to := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	s.redirect(w, r, to, http.StatusMovedPermanently)
}

// redirect leads to one of our own paths, as the client has to write it.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, to string, status int) {
	http.Redirect(w, r, forwardedPrefix(r)+s.prefix()+to, status)
}

// forwardedPrefix is what a proxy in front has cut off the path. It is the client's to invent, and goes into a
// Location: "//evil.example" would lead there, so that only a plain path is believed.
func forwardedPrefix(r *http.Request) string {
	prefix := strings.TrimSuffix(r.Header.Get("X-Forwarded-Prefix"), "/")
	if !strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "//") || strings.ContainsFunc(prefix, oddInPath) {
		return ""
	}
	return prefix
}

func oddInPath(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("/-._~", c))
}

// answerJSON writes v as Traefik 1.7 does, without a newline at the end.
func answerJSON(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(text) // the client is gone, or reads it
}
