package admin

import (
	"net/http"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// A configuration is the table in Traefik 1.7's words: its backends are our services, its frontends our routes. Key
// names, their order and what is omitted when empty are 1.7's to the byte; what Appia has no setting for is left out,
// as it is there when not set. Unlike 1.7 it keeps the values of a health check's headers to itself.
type configuration struct {
	Backends  map[string]backend  `json:"backends,omitempty"`
	Frontends map[string]frontend `json:"frontends,omitempty"`
}

type backend struct {
	Servers      map[string]server `json:"servers,omitempty"`
	LoadBalancer *loadBalancer     `json:"loadBalancer,omitempty"`
	MaxConn      *maxConn          `json:"maxConn,omitempty"`
	HealthCheck  *healthCheck      `json:"healthCheck,omitempty"`
}

type server struct {
	URL    string `json:"url,omitempty"`
	Weight int    `json:"weight"`
}

type loadBalancer struct {
	Method     string      `json:"method,omitempty"`
	Stickiness *stickiness `json:"stickiness,omitempty"`
}

type stickiness struct {
	CookieName string `json:"cookieName,omitempty"`
	Secure     bool   `json:"secure,omitempty"`
	HTTPOnly   bool   `json:"httpOnly,omitempty"`
	SameSite   string `json:"sameSite,omitempty"`
}

type maxConn struct {
	Amount        int64  `json:"amount,omitempty"`
	ExtractorFunc string `json:"extractorFunc,omitempty"`
}

type healthCheck struct {
	Scheme   string            `json:"scheme,omitempty"`
	Path     string            `json:"path,omitempty"`
	Port     int               `json:"port,omitempty"`
	Interval string            `json:"interval,omitempty"`
	Hostname string            `json:"hostname,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
}

type frontend struct {
	EntryPoints    []string         `json:"entryPoints,omitempty"`
	Backend        string           `json:"backend,omitempty"`
	Routes         map[string]route `json:"routes,omitempty"`
	PassHostHeader bool             `json:"passHostHeader,omitempty"`
	Priority       int              `json:"priority"`  // the author's, 0 for the rule's length
	BasicAuth      []string         `json:"basicAuth"` // null
}

type route struct {
	Rule string `json:"rule,omitempty"`
}

// configure translates a table.
func configure(t *rules.Table) configuration {
	c := configuration{make(map[string]backend, len(t.Services)), make(map[string]frontend, len(t.Routes))}
	for _, s := range t.Services {
		c.Backends[s.Name] = backend{serversOf(s), balancerOf(s), limitOf(s.MaxConn), checkOf(s.Check)}
	}
	for _, r := range t.Routes {
		c.Frontends[r.Name] = frontendOf(r)
	}
	return c
}

func serversOf(s *rules.Service) map[string]server {
	servers := map[string]server{}
	for _, source := range s.Sources {
		for _, e := range source.Endpoints {
			servers[e.Name] = server{e.URL(), source.Weight}
		}
	}
	return servers
}

func balancerOf(s *rules.Service) *loadBalancer {
	b := &loadBalancer{Method: s.Balance.String()}
	if k := s.Sticky; k != nil {
		b.Stickiness = &stickiness{k.Cookie, k.Secure, k.HTTPOnly, k.SameSite}
	}
	return b
}

func limitOf(m *rules.MaxConn) *maxConn {
	if m == nil {
		return nil
	}
	return &maxConn{m.Amount, m.Extractor.String()}
}

func checkOf(c *rules.Check) *healthCheck {
	if c == nil {
		return nil
	}
	headers := map[string]string{}
	for _, h := range c.Headers {
		headers[h.Name] = rules.NotShown
	}
	path, _, asks := strings.Cut(c.Path, "?")
	if asks {
		path += "?" + rules.NotShown // keys are sent in it
	}
	return &healthCheck{c.Scheme, path, c.Port, c.Interval.String(), c.Host, headers}
}

func frontendOf(r *rules.Route) frontend {
	f := frontend{
		EntryPoints: r.EntryPoints, Backend: r.Service.Name, PassHostHeader: r.PassHost,
		Routes: map[string]route{"route-" + r.Name: {r.Rule.Text}},
	}
	if r.Given {
		f.Priority = r.Priority
	}
	return f
}

// docker is the name of our only provider.
const docker = "docker"

// provided is what each provider has told: nothing, before the first table.
func (s *Server) provided() map[string]configuration {
	if s.options.Discovery().Swapped.IsZero() {
		return map[string]configuration{}
	}
	return map[string]configuration{docker: configure(s.options.Table())}
}

func (s *Server) providers(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, s.provided())
}

// part answers with a part of a provider's configuration, 404 if there is no such thing.
func (s *Server) part(find func(configuration, *http.Request) (any, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := s.provided()[r.PathValue("provider")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		found, ok := find(c, r)
		if !ok {
			http.NotFound(w, r)
			return
		}
		answerJSON(w, found)
	}
}

func wholeProvider(c configuration, _ *http.Request) (any, bool) { return c, true }
func allBackends(c configuration, _ *http.Request) (any, bool)   { return c.Backends, true }
func allFrontends(c configuration, _ *http.Request) (any, bool)  { return c.Frontends, true }

func oneBackend(c configuration, r *http.Request) (any, bool) {
	b, ok := c.Backends[r.PathValue("name")]
	return b, ok
}

func allServers(c configuration, r *http.Request) (any, bool) {
	b, ok := c.Backends[r.PathValue("name")]
	return b.Servers, ok
}

func oneServer(c configuration, r *http.Request) (any, bool) {
	s, ok := c.Backends[r.PathValue("name")].Servers[r.PathValue("part")]
	return s, ok
}

func oneFrontend(c configuration, r *http.Request) (any, bool) {
	f, ok := c.Frontends[r.PathValue("name")]
	return f, ok
}

func allRoutes(c configuration, r *http.Request) (any, bool) {
	f, ok := c.Frontends[r.PathValue("name")]
	return f.Routes, ok
}

func oneRoute(c configuration, r *http.Request) (any, bool) {
	found, ok := c.Frontends[r.PathValue("name")].Routes[r.PathValue("part")]
	return found, ok
}
