package migrate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appia-edge/appia/cmd/internal/check"
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/rules"
)

func unset(string) (string, bool) { return "", false }

const shop = `# The shop.
services:
  shop:
    image: example/shop
    deploy:
      labels:
        # where it is
        - "traefik.port=8000"
        - "prometheus.job=shop"
        - "traefik.frontend.rule=Host:shop.${DOMAIN}"   # the shop's own host
        - "traefik.frontend.priority=20"
        - "traefik.backend.healthcheck.headers=X-Key:$$secret"
        - "traefik.backend.healthcheck.path=/health"
  cart:
    image: example/cart
    deploy:
      labels:
        traefik.port: "8000"
        traefik.frontend.rule: Host:cart.litup.me;PathPrefixStrip:/v2
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLabelsArePrintedAsAStackFileHasThem(t *testing.T) {
	r, err := Run(t.Context(), Options{Paths: []string{file(t, shop)}, Lookup: unset})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# shop_shop (", "holds a variable", "  - \"traefik.http.routers.shop-shop.rule=Host(`shop.${DOMAIN}`)\"\n",
		`"traefik.http.services.shop-shop.loadbalancer.healthcheck.headers.X-Key=$$secret"`,
		`"traefik.http.middlewares.shop-cart-stripprefix.stripPrefix.prefixes=/v2"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.String())
		}
	}
}

func TestLabelsAreWrittenInTheirPlaceAndTheRestStays(t *testing.T) {
	path := file(t, shop)
	t.Setenv("DOMAIN", "litup.me")
	before := table(t, path)
	if _, err := Run(t.Context(), Options{Paths: []string{path}, Lookup: unset, Write: true}); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	for _, want := range []string{"# The shop.\n", "        # where it is\n", "        - \"prometheus.job=shop\"\n",
		"        traefik.http.services.shop-cart.loadbalancer.server.port: \"8000\"\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "traefik.frontend") || !rules.Same(before, table(t, path)) {
		t.Errorf("written is\n%s\n%s\n%s", text, before, table(t, path))
	}
	if _, err := Run(t.Context(), Options{Paths: []string{path}, Lookup: unset, Write: true, To: labels.Traefik1}); err != nil {
		t.Fatal(err)
	}
	if text, _ = os.ReadFile(path); strings.Contains(string(text), "traefik.http") {
		t.Errorf("written back is\n%s", text)
	}
}

func table(t *testing.T, path string) *rules.Table {
	t.Helper()
	w, err := check.Read(t.Context(), check.Options{Paths: []string{path}, Lookup: unset})
	if err != nil {
		t.Fatal(err)
	}
	return w.Table
}

func TestNothingIsWrittenWhereALabelHasNoLineOfItsOwn(t *testing.T) {
	text := "services:\n  a:\n    image: x\n    deploy: {labels: [traefik.port=80, 'traefik.frontend.rule=Host:a.b']}\n"
	path := file(t, text)
	if _, err := Run(t.Context(), Options{Paths: []string{path}, Lookup: unset, Write: true}); err == nil {
		t.Error("no error")
	}
	if after, _ := os.ReadFile(path); string(after) != text {
		t.Errorf("written is %s", after)
	}
}

// one is a file with one service.
func one(labels ...string) string {
	return "services:\n  a:\n    image: x\n    deploy:\n      labels:\n        - " + strings.Join(labels, "\n        - ") + "\n"
}

func TestAVariableIsCarriedOverOrItsServiceIsLeft(t *testing.T) {
	const port, rule = "traefik.port=${PORT:-8080}", "traefik.frontend.rule=Host:a.b"
	for _, c := range []struct{ labels, want []string }{
		{[]string{port, rule}, []string{"server.port=${PORT:-8080}"}},
		{[]string{"'traefik.port=$PORT'", rule, "traefik.weight=${W}", "traefik.frontend.priority=${P:-7}"},
			[]string{"server.port=$PORT", "server.weight=${W}", "priority=${P:-7}"}},
		{[]string{port, "traefik.enable=${ON:-true}", rule, "traefik.frontend.entryPoints=${EP:-https}"}, []string{"traefik.enable=${ON:-true}", "entrypoints=${EP:-https}"}},
		{[]string{port, rule, "'traefik.backend.healthcheck.path=/h?k=${K}'", "appia.hold=${HOLD:-3s}"}, []string{"healthcheck.path=/h?k=${K}", "appia.hold=${HOLD:-3s}"}},
		{[]string{"traefik.port=80${X}", rule}, []string{"left as it is: a variable stands here: traefik.port,"}},
		{[]string{port, rule, "traefik.frontend.passHostHeader=${X}"}, []string{"a variable stands here: traefik.frontend.passHostHeader,"}},
		{[]string{port, rule, "traefik.backend.healthcheck.path=${X}"}, []string{"a variable stands here: traefik.backend.healthcheck.path,"}},
		{[]string{port, rule, "traefik.backend.healthcheck.path=/h", "traefik.backend.healthcheck.interval=${X:-5s}"}, []string{"a variable stands here: traefik.backend.healthcheck.interval,"}},
		{[]string{port, rule, "traefik.frontend.whiteList.sourceRange=${X}"}, []string{"a variable stands here: traefik.frontend.whiteList.sourceRange,"}},
		{[]string{port, rule, "traefik.frontend.auth.basic.users=${X}"}, []string{"a variable stands here: traefik.frontend.auth.basic.users,"}},
	} {
		r, err := Run(t.Context(), Options{Paths: []string{file(t, one(c.labels...))}, Lookup: unset})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := r.Print(&out); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v: %s is not in\n%s", c.labels, want, out.String())
			}
		}
		if left := strings.Contains(c.want[0], "variable stands"); (r.Left() == 1) != left || strings.Contains(out.String(), "bad-") || strings.Contains(out.String(), "appiavar") {
			t.Errorf("%v: %d left:\n%s", c.labels, r.Left(), out.String())
		}
	}
}

func TestNumbersOfOneFileAreNotVariablesOfAnother(t *testing.T) {
	with, without := file(t, one("traefik.port=${PORT}", "traefik.frontend.rule=Host:a.b")), file(t, one("traefik.port=64999", "traefik.frontend.rule=Host:c.d"))
	r, err := Run(t.Context(), Options{Paths: []string{with, without}, Lookup: unset})
	if err != nil || len(r.Services) != 2 {
		t.Fatal(err, r)
	}
	for i, want := range []string{"port=${PORT}", "port=64999"} {
		if text := strings.Join(r.Services[i].Labels, "\n"); !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}
