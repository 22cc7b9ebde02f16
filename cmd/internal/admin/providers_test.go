package admin

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// golden compares an answer, a line a value, with what is promised.
func golden(t *testing.T, r *router, page, want string) {
	t.Helper()
	got := ask(t, New(r.options()).Handler(all), "GET", page)
	if kind := got.Header.Get("Content-Type"); kind != "application/json; charset=UTF-8" {
		t.Errorf("%s is %s", page, kind)
	}
	var packed bytes.Buffer
	if err := json.Compact(&packed, []byte(want)); err != nil {
		t.Fatal(err)
	}
	if text := body(t, got); text != packed.String() {
		t.Errorf("%s\ngot  %s\nwant %s", page, text, packed.String())
	}
}

// The example of reference/traefik-1x.md 7.4, to the byte.
func TestBlogIsShownAsTraefikShowsIt(t *testing.T) {
	s := spec(t, "mystack-blog", "Host:blog.litup.me",
		endpoint("mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1", "10.0.1.5:2368"))
	s.Services[0].Weight = 100
	r := newRouter(t, s)
	const whole = `{"docker":{
 "backends":{"backend-mystack-blog":{
   "servers":{"server-mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1":{"url":"http://10.0.1.5:2368","weight":100}},
   "loadBalancer":{"method":"wrr"}}},
 "frontends":{"frontend-Host-blog-litup-me-0":{
   "entryPoints":["http"],"backend":"backend-mystack-blog",
   "routes":{"route-frontend-Host-blog-litup-me-0":{"rule":"Host:blog.litup.me"}},
   "passHostHeader":true,"priority":0,"basicAuth":null}}}}`
	golden(t, r, "/api", whole)
	golden(t, r, "/api/providers", whole)
	golden(t, r, "/api/providers/docker/backends/backend-mystack-blog",
		`{"servers":{"server-mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1":{"url":"http://10.0.1.5:2368","weight":100}},
		  "loadBalancer":{"method":"wrr"}}`)
	golden(t, r, "/api/providers/docker/backends/backend-mystack-blog/servers/server-mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1",
		`{"url":"http://10.0.1.5:2368","weight":100}`)
	golden(t, r, "/api/providers/docker/frontends/frontend-Host-blog-litup-me-0/routes",
		`{"route-frontend-Host-blog-litup-me-0":{"rule":"Host:blog.litup.me"}}`)
	golden(t, r, "/api/providers/docker/frontends/frontend-Host-blog-litup-me-0/routes/route-frontend-Host-blog-litup-me-0",
		`{"rule":"Host:blog.litup.me"}`)
}

func TestEverySettingHasTraefiksKey(t *testing.T) {
	s := spec(t, "all", "Host:all.litup.me")
	s.Routes[0].Priority, s.Routes[0].PassHost, s.Routes[0].EntryPoints = 7, false, []string{"http", "https"}
	of := &s.Services[0]
	of.Balance = rules.DRR
	of.Sticky = &rules.Sticky{Cookie: "c", Secure: true, HTTPOnly: true, SameSite: "lax"}
	of.MaxConn = &rules.MaxConn{Amount: 10, Extractor: rules.Extractor{Kind: rules.ByHeader, Header: "X-Team"}}
	of.Check = &rules.Check{
		Path: "/health", Port: 8080, Scheme: "https", Host: "h", Headers: []rules.Pair{{Name: "A", Value: "b"}}, Interval: 10 * time.Second,
	}
	golden(t, newRouter(t, s), "/api/providers/docker", `{
 "backends":{"backend-all":{
   "loadBalancer":{"method":"drr","stickiness":{"cookieName":"c","secure":true,"httpOnly":true,"sameSite":"lax"}},
   "maxConn":{"amount":10,"extractorFunc":"request.header.X-Team"},
   "healthCheck":{"scheme":"https","path":"/health","port":8080,"interval":"10s","hostname":"h","headers":{"A":"(not shown)"}}}},
 "frontends":{"frontend-Host-all-litup-me-0":{
   "entryPoints":["http","https"],"backend":"backend-all",
   "routes":{"route-frontend-Host-all-litup-me-0":{"rule":"Host:all.litup.me"}},
   "priority":7,"basicAuth":null}}}`)
}

func TestNoPageShowsTheValuesOfAHealthChecksHeaders(t *testing.T) {
	s := spec(t, "web", "Host:web.litup.me")
	s.Services[0].Check = &rules.Check{Path: "/health?key=s3cret", Headers: []rules.Pair{{Name: "X-Api-Key", Value: "s3cret"}}, Interval: time.Second}
	h := New(newRouter(t, s).options()).Handler(all)
	for _, page := range []string{
		"/api", "/api/providers", "/api/providers/docker/backends", "/api/providers/docker/backends/backend-web",
		"/api/table", "/api/table?format=json",
	} {
		if text := body(t, ask(t, h, "GET", page)); strings.Contains(text, "s3cret") || !strings.Contains(text, "X-Api-Key") {
			t.Errorf("%s: %s", page, text)
		}
	}
}

func TestProviderIsUnknownBeforeTheFirstTable(t *testing.T) {
	r := newRouter(t)
	golden(t, r, "/api", `{"docker":{}}`)
	golden(t, r, "/api/providers/docker/backends", `{}`)
	r.status.Swapped = time.Time{}
	golden(t, r, "/api", `{}`)
	if got := ask(t, New(r.options()).Handler(all), "GET", "/api/providers/docker"); got.StatusCode != 404 {
		t.Error(got.Status)
	}
}

func TestVersionHasTraefiksKeys(t *testing.T) {
	golden(t, newRouter(t), "/api/version", `{"Version":"v1.2.3","Codename":"appia"}`)
}
