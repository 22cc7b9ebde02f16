package admin

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

func TestZZDemo(t *testing.T) {
	if os.Getenv("DEMO") == "" {
		t.Skip()
	}
	ep := func(i int) rules.Endpoint {
		return endpoint(fmt.Sprintf("mystack-blog-%d", i), fmt.Sprintf("10.0.%d.%d:2368", i/250+1, i%250+1))
	}
	blog := spec(t, "mystack-blog", "Host:blog.litup.me", ep(1), ep(2), ep(3))
	blog.Services[0].Weight = 100
	blog.Services[0].Sticky = &rules.Sticky{Cookie: "_TRAEFIK_BACKEND", HTTPOnly: true}
	evil := spec(t, "<script>alert(1)</script>", "Host:evil.litup.me;PathPrefix:/<img src=x onerror=alert(1)>", ep(9))
	user := spec(t, "api-user", "Host:api.mydomain.com;PathPrefixStrip:/v2/user", ep(4), ep(5))
	user.Services[0].Check = &rules.Check{Path: "/health", Interval: 10 * time.Second, Timeout: 5 * time.Second, Rise: 1, Fall: 1}
	user2 := spec(t, "api-user-next", "Host:api.mydomain.com;PathPrefixStrip:/v2/user", ep(6))
	user2.Owner.Created = time.Now()
	user2.Routes[0].Priority = 0
	users := spec(t, "api-users", "Host:api.mydomain.com;PathPrefixStrip:/v3/users", ep(7))
	users.Routes[0].Priority = 500
	users.Routes[0].EntryPoints = []string{"http", "https"}
	empty := spec(t, "waiting", "Host:waiting.litup.me")
	specs := []rules.Spec{blog, evil, user, user2, users, empty}
	if os.Getenv("DEMO") == "big" {
		for i := range 10000 {
			specs = append(specs, spec(t, fmt.Sprintf("team%d-service", i), fmt.Sprintf("Host:s%d.litup.me", i), ep(10+5*i), ep(11+5*i), ep(12+5*i), ep(13+5*i), ep(14+5*i)))
		}
	}
	r := newRouter(t, specs...)
	r.status.Diagnostics = append(r.status.Diagnostics,
		rules.Diagnostic{Service: "shop_web", Label: "traefik.frontend.rule", Value: "Hots:shop.litup.me", Code: "unknown-matcher", Severity: rules.Error, Message: "there is no matcher Hots; the route is not served", Suggestion: "Host:shop.litup.me"},
		rules.Diagnostic{Service: "mystack_blog", Label: "traefik.frontend.rules", Value: "x", Code: "unknown-label", Severity: rules.Warning, Message: "this label does not exist", Suggestion: "traefik.frontend.rule"})
	if os.Getenv("DEMO") == "stale" {
		r.status.Stale, r.status.Failure = true, "list services: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
	}
	for _, g := range r.fleet.Groups() {
		if g.Name == "backend-mystack-blog" {
			e := g.Pick()
			e.Begin()
			e.Begin()
			g.Begin()
			g.Pick().Refused()
		}
	}
	go func() {
		for {
			r.tally.Done("GET", "http", 200, 3*time.Millisecond)
			time.Sleep(4 * time.Millisecond)
		}
	}()
	o := r.options()
	o.Address = "127.0.0.1:18080"
	o.Path = os.Getenv("DEMOPATH")
	s := New(o)
	if err := s.Listen(context.Background()); err != nil {
		t.Fatal(err)
	}
	go s.Run()
	time.Sleep(10 * time.Minute)
}
