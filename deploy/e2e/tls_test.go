package e2e_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// The README's way: an entry point with TLS, certificates as docker secrets, and redirects from the one without.
func TestHTTPSWithCertificatesThatAreDockerSecrets(t *testing.T) {
	swarm(t)
	authority := proxytest.NewAuthority(t)
	cert, key := authority.Issue([]string{"*.secure.test"})
	secret(t, "secure.test.crt", cert)
	secret(t, "secure.test.key", key)
	none(t, "second") // the ports are taken until then
	create(t, "gatehouse", "--container-label", "second", "--mode", "global", "--label", "traefik.enable=false",
		"--publish", "mode=host,target=80,published=81", "--publish", "mode=host,target=443,published=443",
		"--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock",
		"--secret", "secure.test.crt", "--secret", "secure.test.key",
		"appia:dev", "--docker.swarmmode", "--docker.domain=litup.me", "--logLevel=INFO", "--defaultEntryPoints=http,https",
		"--entryPoints=Name:http Address::80 Redirect.EntryPoint:https", "--entryPoints=Name:https Address::443 TLS", "--certificates.directory=/run/secrets")
	create(t, "vault", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:vault.secure.test"), "example/shop:1")...)

	for _, proto := range []string{"HTTP/2.0", "HTTP/1.1"} {
		c := clientOf(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return world.Dial(ctx, network, "127.0.0.1:443")
		})
		defer c.CloseIdleConnections()
		transport := c.Transport.(*http.Transport)
		transport.TLSClientConfig = &tls.Config{RootCAs: authority.Pool()}
		transport.ForceAttemptHTTP2 = proto == "HTTP/2.0"
		eventually(t, "it answers over "+proto, func() error {
			response, err := c.Get("https://vault.secure.test/")
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK || response.Proto != proto {
				return fmt.Errorf("%s %s", response.Proto, response.Status)
			}
			return nil
		})
	}
	c := newClient()
	defer c.CloseIdleConnections()
	got, err := ask(c, ":81", "vault.secure.test", "/door?x=1")
	if err != nil || got.StatusCode != http.StatusFound || got.Header.Get("Location") != "https://vault.secure.test/door?x=1" {
		t.Errorf("%v: in clear %s %q", err, got.Status, got.Header.Get("Location"))
	}
}

// secret makes a docker secret of a text for the time of the test.
func secret(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	docker(t, "secret", "create", name, file)
	t.Cleanup(func() {
		eventually(t, "the secret goes", func() error { _, err := world.Docker(context.Background(), "secret", "rm", name); return err })
	})
}
