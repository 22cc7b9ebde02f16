package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// filtered is one filter, in the labels of both dialects, without their prefixes, and what comes of a request to it.
type filtered struct {
	name       string
	one, three []string // after traefik. and after traefik.http.middlewares.m.
	rule       string   // of 1.x, beside the host; the path's change is part of it there
	send       func(*http.Request)
	times      int // requests, of which the last counts; 0: one
	status     int
	fields     map[string]string // of the answer, each with a part of its value
	sees       string            // a part of what the service is told of the request
}

// hashed is of the password "test".
const hashed = "test:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="

func post(text string) func(*http.Request) {
	return func(q *http.Request) {
		q.Method, q.Body, q.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

func bothSay(guard string) []filtered {
	return []filtered{
		{name: "basic", one: []string{"frontend.auth.basic.users=" + hashed}, three: []string{"basicauth.users=" + hashed}, status: 401, fields: map[string]string{"Www-Authenticate": "Basic"}},
		{name: "basic-in", one: []string{"frontend.auth.basic.users=" + hashed}, three: []string{"basicauth.users=" + hashed}, status: 200,
			send: func(q *http.Request) { q.SetBasicAuth("test", "test") }},
		{name: "digest", one: []string{"frontend.auth.digest.users=a:traefik:0123456789abcdef0123456789abcdef"}, three: []string{"digestauth.users=a:traefik:0123456789abcdef0123456789abcdef"},
			status: 401, fields: map[string]string{"Www-Authenticate": "Digest"}},
		{name: "forward", one: []string{"frontend.auth.forward.address=" + guard}, three: []string{"forwardauth.address=" + guard}, status: 418},
		{name: "allow", one: []string{"frontend.whiteList.sourceRange=10.0.0.0/8"}, three: []string{"ipallowlist.sourcerange=10.0.0.0/8"}, status: 403},
		{name: "redirect", one: []string{"frontend.redirect.regex=^http://(.*)/x$", "frontend.redirect.replacement=http://$1/y"},
			three: []string{"redirectregex.regex=^http://(.*)/x$", "redirectregex.replacement=http://$1/y"}, status: 302, fields: map[string]string{"Location": "/y"}},
		{name: "request", one: []string{"frontend.headers.customRequestHeaders=X-Own:mine"}, three: []string{"headers.customrequestheaders.X-Own=mine"}, status: 200, sees: `"X-Own":"mine"`},
		{name: "response", one: []string{"frontend.headers.customResponseHeaders=X-Own:mine"}, three: []string{"headers.customresponseheaders.X-Own=mine"}, status: 200, fields: map[string]string{"X-Own": "mine"}},
		{name: "frame", one: []string{"frontend.headers.frameDeny=true"}, three: []string{"headers.framedeny=true"}, status: 200, fields: map[string]string{"X-Frame-Options": "DENY"}},
		{name: "rate", one: []string{"frontend.rateLimit.extractorFunc=client.ip", "frontend.rateLimit.rateSet.r.period=1h", "frontend.rateLimit.rateSet.r.average=1", "frontend.rateLimit.rateSet.r.burst=1"},
			three: []string{"ratelimit.average=1", "ratelimit.period=1h", "ratelimit.burst=1"}, times: 2, status: 429},
		{name: "buffer", one: []string{"backend.buffering.maxRequestBodyBytes=3"}, three: []string{"buffering.maxrequestbodybytes=3"}, send: post("12345"), status: 413},
		{name: "strip", rule: ";PathPrefixStrip:/x", three: []string{"stripprefix.prefixes=/x"}, status: 200, sees: `"/"`},
		{name: "add", rule: ";AddPrefix:/pre", three: []string{"addprefix.prefix=/pre"}, status: 200, sees: `"/pre/x"`},
		{name: "replace", rule: ";ReplacePath:/else", three: []string{"replacepath.path=/else"}, status: 200, sees: `"/else"`},
		{name: "replacere", rule: ";ReplacePathRegex:^/(.*)$ /r/$1", three: []string{"replacepathregex.regex=^/(.*)$", "replacepathregex.replacement=/r/$1"}, status: 200, sees: `"/r/x"`},
	}
}

// specs are the two services that say it.
func (s filtered) specs() []embedded.Spec {
	one := map[string]string{"traefik.port": "80", "traefik.frontend.rule": "Host:" + s.name + ".one" + s.rule}
	three := map[string]string{"traefik.http.routers." + s.name + ".rule": "Host(`" + s.name + ".three`)",
		"traefik.http.routers." + s.name + ".middlewares":               "m" + s.name,
		"traefik.http.services." + s.name + ".loadbalancer.server.port": "80"}
	for prefix, to := range map[string]map[string]string{"traefik.": one, "traefik.http.middlewares.m" + s.name + ".": three} {
		labels := s.one
		if prefix != "traefik." {
			labels = s.three
		}
		for _, label := range labels {
			name, value, _ := strings.Cut(label, "=")
			to[prefix+name] = value
		}
	}
	return []embedded.Spec{
		{Name: s.name + "-one", Replicas: 1, Networks: []string{"net"}, Labels: one},
		{Name: s.name + "-three", Replicas: 1, Networks: []string{"net"}, Labels: three},
	}
}

func TestFiltersMeanTheSameInBothDialectsOverBothEngines(t *testing.T) {
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer guard.Close()
	all := bothSay(guard.URL)
	for _, http1 := range []string{"appia", "std"} {
		t.Run(http1, func(t *testing.T) {
			engine, endpoint := newEngine(t)
			for _, s := range all {
				engine.AddService(s.specs()...)
			}
			b := start(t, engine, endpoint, "--http1="+http1)
			b.until("all routes", func(t *rules.Table) bool { return len(t.Routes) == 2*len(all) })
			for _, s := range all {
				for _, dialect := range []string{"one", "three"} {
					s.try(t, b, s.name+"."+dialect)
				}
			}
		})
	}
}

func (s filtered) try(t *testing.T, b *bed, host string) {
	t.Helper()
	var answer *http.Response
	var text []byte
	for range max(s.times, 1) {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.app.proxy.EntryPoints()[0].Addr().String()+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Host, q.Close = host, true
		q.Header.Set("Accept", "application/json")
		if s.send != nil {
			s.send(q)
		}
		if answer, err = http.DefaultTransport.RoundTrip(q); err != nil {
			t.Fatal(err)
		}
		text, _ = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	if answer.StatusCode != s.status {
		t.Errorf("%s: %s, want %d", host, answer.Status, s.status)
	}
	for name, part := range s.fields {
		if got := answer.Header.Get(name); !strings.Contains(got, part) {
			t.Errorf("%s: %s is %q, want %q", host, name, got, part)
		}
	}
	var echo embedded.Echo
	if s.sees != "" && (json.Unmarshal(text, &echo) != nil || !strings.Contains(strings.ReplaceAll(string(text), " ", ""), s.sees)) {
		t.Errorf("%s: the service sees %s, want %s", host, text, s.sees)
	}
}
