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
