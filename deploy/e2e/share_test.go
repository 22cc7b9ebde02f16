package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestACanaryGetsItsShareAndALabelMovesItWithoutRestartingATask(t *testing.T) {
	swarm(t)
	deploy(t, deployed+"examples/canary.yml", "shop")
	shop := served(t, "shop.litup.me", 6)
	before := append(containers(t, "shop_stable"), containers(t, "shop_next")...)

	// Six tasks take turns in rounds of 30, so that a hundred requests may see one more or less, and three hundred exactly 30.
	whole := 0
	for range 3 {
		seen, err := shop.images(100)
		if err != nil {
			t.Fatal(err)
		}
		t.Log("90 to 10: ", seen)
		if n := seen["example/shop:2"]; n < 9 || n > 11 {
			t.Errorf("the canary got %d of 100", n)
		}
		whole += seen["example/shop:2"]
	}
	if whole != 30 {
		t.Errorf("the canary got %d of 300", whole)
	}

	docker(t, "service", "update", "--detach", "--label-add", "traefik.weight=50", "shop_next")
	eventually(t, "the canary has 50 to 90", func() error {
		seen, err := shop.images(3 * (9 + 5))
		if err == nil && seen["example/shop:2"] != 3*5 {
			err = fmt.Errorf("of 42 requests: %v", seen)
		}
		return err
	})
	after := append(containers(t, "shop_stable"), containers(t, "shop_next")...)
	if slices.Sort(before); !slices.Equal(before, slices.Sorted(slices.Values(after))) {
		t.Errorf("tasks were restarted: %v, now %v", before, after)
	}
}

func TestAServicesShareStaysWhenItScales(t *testing.T) {
	swarm(t)
	shared := labels("traefik.backend=even", "traefik.port=8000", "traefik.frontend.rule=Host:even.test", "traefik.weight=50", "appia.weight.per=service")
	create(t, "even-one", append(shared, "--replicas", "1", "example/shop:1")...)
	create(t, "even-two", append(shared, "--replicas", "3", "example/shop:2")...)
	even := served(t, "even.test", 4)
	halves(t, even)
	docker(t, "service", "scale", "--detach", "even-one=4")
	even = served(t, "even.test", 7)
	halves(t, even)
	docker(t, "service", "scale", "--detach", "even-two=1")
	even = served(t, "even.test", 5)
	halves(t, even)
}

func halves(t *testing.T, a asker) {
	t.Helper()
	seen, err := a.images(240)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("half and half: ", seen)
	if n := seen["example/shop:1"]; n < 119 || n > 121 {
		t.Errorf("got %v", seen)
	}
}

func TestAClientSticksToItsTaskThroughScalingUpAndFindsAnotherWhenItIsGone(t *testing.T) {
	swarm(t)
	create(t, "cart", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:cart.test", "traefik.backend.loadbalancer.stickiness=true"),
		"--replicas", "2", "--restart-delay", "1s", "example/shop:1")...)
	anybody := served(t, "cart.test", 2)
	first, err := anybody.ask()
	if err != nil {
		t.Fatal(err)
	}
	cookie := opaque(t, first)

	docker(t, "service", "scale", "--detach", "cart=5")
	served(t, "cart.test", 5)
	for range 50 {
		got, err := anybody.ask("Cookie", cookie)
		if err != nil || got.from.Task != first.from.Task {
			t.Fatalf("%v, got %s, want %s", err, got.from.Task, first.from.Task)
		}
		if again := got.Cookies(); len(again) > 0 {
			t.Fatalf("a valid cookie was replaced by %v", again)
		}
	}

	docker(t, "kill", "--signal", "KILL", first.from.Task)
	eventually(t, "another task has the client, with a new cookie", func() error {
		got, err := anybody.ask("Cookie", cookie)
		if err != nil {
			t.Fatal(err)
		}
		if got.from.Task == first.from.Task || len(got.Cookies()) != 1 || opaque(t, got) == cookie {
			return fmt.Errorf("task %s, cookies %v", got.from.Task, got.Cookies())
		}
		return nil
	})
}

// opaque is the cookie of an answer, after a look that it does not give the task's address away.
func opaque(t *testing.T, a answer) string {
	t.Helper()
	cookies := a.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("got %v, want one cookie", cookies)
	}
	value := cookies[0].Value
	if value == "" || strings.ContainsAny(value, ":/.%") || strings.Contains(value, a.from.Task) {
		t.Errorf("the cookie says %q", value)
	}
	return (&http.Cookie{Name: cookies[0].Name, Value: value}).String()
}
