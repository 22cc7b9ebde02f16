package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// paths mean the same to the stacks of both dialects: who answers, and what it sees. An empty image is 404.
var paths = []struct{ uri, image, sees, prefix string }{
	{"/v2/user", v2, "/", "/v2/user"},
	{"/v2/user/my", v2, "/my", "/v2/user"},
	{"/v3/user/42?x=1", v3, "/42?x=1", "/v3/user"},
	{"/v3/user/a%2Fb", v3, "/a%2Fb", "/v3/user"},
	{"/v3/user/my", my, "/", "/v3/user/my"},
	{"/v3/user/my/profile", my, "/profile", "/v3/user/my"},
	{"/v3/use", "", "", ""},
	{"/V3/user", "", "", ""},
}

func TestStacksOfBothDialectsAreServedSideBySide(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/user-api.yml", "user-api")
	deploy(t, deployed+"examples/user-api-v3.yml", "user-api-v3")
	c := newClient()
	defer c.CloseIdleConnections()
	for _, host := range []string{"api.mydomain.com", "api3.mydomain.com"} {
		for _, p := range paths {
			eventually(t, host+p.uri, func() error {
				got, err := ask(c, front, host, p.uri)
				if err != nil {
					return err
				}
				status := http.StatusOK
				if p.image == "" {
					status = http.StatusNotFound
				}
				if got.StatusCode != status || got.from.Image != p.image || got.from.URI != p.sees || got.from.Header.Get("X-Forwarded-Prefix") != p.prefix {
					return fmt.Errorf("%s %+v, want %+v", got.Status, got.from, p)
				}
				return nil
			})
		}
	}
	var all []diagnostic
	if err := api(admin, "/api/diagnostics", &all); err != nil || len(all) > 0 {
		t.Errorf("%v, and it is told %+v", err, all)
	}
}

func TestALabelMovesTheSharesOfATraefik3CanaryWithoutRestartingATask(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/canary-v3.yml", "cart")
	cart := served(t, "cart.litup.me", 4)
	before := append(containers(t, "cart_blue"), containers(t, "cart_green")...)
	gets(t, cart, 90, 10)

	const label = "traefik.http.services.cart.weighted.services="
	for _, share := range []struct{ blue, green int }{{50, 50}, {25, 75}, {0, 20}, {90, 10}} {
		docker(t, "service", "update", "--detach", "--label-add", fmt.Sprintf("%scart-blue:%d,cart-green:%d", label, share.blue, share.green), "cart_blue")
		eventually(t, "the router has the new shares", func() error { return exactly(cart, share.blue, share.green) })
		gets(t, cart, share.blue, share.green)
	}
	after := append(containers(t, "cart_blue"), containers(t, "cart_green")...)
	if slices.Sort(before); !slices.Equal(before, slices.Sorted(slices.Values(after))) {
		t.Errorf("tasks were restarted: %v, now %v", before, after)
	}
}

// gets holds three rounds of requests to the shares, each to the request.
func gets(t *testing.T, a asker, one, two int) {
	t.Helper()
	for range 3 {
		if err := exactly(a, one, two); err != nil {
			t.Error(err)
		}
	}
}

// exactly asks as often as the weights add up to.
func exactly(a asker, one, two int) error {
	seen, err := a.images(one + two)
	if err == nil && (seen["example/cart:1"] != one || seen["example/cart:2"] != two) {
		err = fmt.Errorf("%v, want %d to %d", seen, one, two)
	}
	return err
}
