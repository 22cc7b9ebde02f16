package app

import (
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

func TestStacksOfBothDialectsAnswerSideBySide(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("user", "user-api.yml")
	b.deploy("user3", "user-api-v3.yml")
	b.until("six routes", func(t *rules.Table) bool { return len(t.Routes) == 6 && strings.Count(t.String(), ":8000") == 6 })
	for host, stack := range map[string]string{"api.mydomain.com": "user_", "api3.mydomain.com": "user3_"} {
		for path, want := range map[string]string{
			"/v2/user/1": "api-v2 /1", "/v3/user": "api-v3 /", "/v3/user/my/profile": "api-v3-my /profile", "/v3/users": "api-v3 /s",
		} {
			_, echo := b.ask(host, path)
			if echo.Service+" "+echo.Path != stack+want {
				t.Errorf("%s%s went to %s %s, want %s%s", host, path, echo.Service, echo.Path, stack, want)
			}
			if prefix := echo.Headers["X-Forwarded-Prefix"]; !strings.HasPrefix(path, prefix) || prefix == "" {
				t.Errorf("%s%s is told the prefix %q", host, path, prefix)
			}
		}
	}
}

func TestCanaryOfTraefik3IsExactAndItsWeightsMoveLive(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("cart", "canary-v3.yml")
	b.until("four tasks", func(t *rules.Table) bool { return strings.Count(t.String(), ":8000") == 4 })
	b.greeted()
	share := func() int {
		green := 0
		for range 100 {
			if _, echo := b.ask("cart.litup.me", "/"); echo.Service == "cart_green" {
				green++
			}
		}
		return green
	}
	if n := share(); n != 10 {
		t.Errorf("weights 90 and 10: %d of 100 went to the canary", n)
	}
	must(t, engine.SetLabel("cart_blue", "traefik.http.services.cart.weighted.services", "cart-blue:50,cart-green:50"))
	b.until("equal weights", func(t *rules.Table) bool {
		for _, s := range t.Services {
			if len(s.Weighted) == 2 {
				return s.Weighted[0].Weight == s.Weighted[1].Weight
			}
		}
		return false
	})
	if n := share(); n != 50 {
		t.Errorf("weights 50 and 50: %d of 100 went to the canary", n)
	}
}

func TestAMiddlewareOfAnotherServiceClosesItsRoutersWhenItGoes(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	engine.AddService(
		embedded.Spec{Name: "web", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{
			"traefik.http.routers.web.rule": "Host(`web.litup.me`)", "traefik.http.routers.web.middlewares": "outer@swarm",
			"traefik.http.services.web.loadbalancer.server.port": "80"}},
		embedded.Spec{Name: "parts", Replicas: 1, Networks: []string{"net"}, Labels: map[string]string{
			"traefik.http.middlewares.outer.chain.middlewares": "zip,add", "traefik.http.middlewares.zip.compress": "true",
			"traefik.http.middlewares.add.addprefix.prefix": "/one"}},
	)
	b.untilText("/one")
	if _, echo := b.ask("web.litup.me", "/x"); echo.Path != "/one/x" {
		t.Errorf("the service sees %s", echo.Path)
	}
	must(t, engine.SetLabel("parts", "traefik.http.middlewares.add.addprefix.prefix", "/two"))
	b.untilText("/two")
	if _, echo := b.ask("web.litup.me", "/x"); echo.Path != "/two/x" {
		t.Errorf("the service sees %s", echo.Path)
	}
	must(t, engine.RemoveService("parts"))
	b.until("a closed route", func(t *rules.Table) bool { return len(t.Routes) == 1 && t.Routes[0].Closed() })
	if status, _ := b.ask("web.litup.me", "/x"); status != 503 {
		t.Errorf("without its middleware: %d", status)
	}
	if told := b.api("/api/diagnostics"); !strings.Contains(told, "no-middleware") {
		t.Errorf("told is %s", told)
	}
}
