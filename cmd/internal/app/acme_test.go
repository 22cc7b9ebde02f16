package app

import (
	"context"
	"crypto/x509"
	"fmt"
	numbers "math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// ordering are the flags of a router that has certificates issued, but for the challenge.
func ordering(t *testing.T, directory, roots string, more ...string) []string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("what all routers know of each other"), 0o600))
	return append([]string{"--entryPoints=Name:https Address:127.0.0.1:0 TLS", "--defaultEntryPoints=http,https", "--secretFile=" + secret,
		"--acme", "--acme.entryPoint=https", "--acme.onHostRule", "--acme.email=ops@shop.test", "--acme.caServer=" + directory, "--acme.caRoots=" + roots}, more...)
}

func deployShop(t *testing.T, engine *embedded.Engine) {
	t.Helper()
	must(t, engine.Deploy("shop", []byte("services:\n  web:\n    image: x\n    deploy:\n      labels:\n        traefik.port: '80'\n"+
		"        traefik.frontend.rule: Host:shop.test,www.shop.test\n")))
}

func (b *bed) at(name string) string {
	for _, e := range b.app.proxy.EntryPoints() {
		if e.Name() == name {
			return e.Addr().String()
		}
	}
	b.t.Fatal("no entry point ", name)
	return ""
}

// serves waits until clients get a certificate that they believe.
func (b *bed) serves(host string, roots *x509.CertPool) (serial *numbers.Int) {
	b.t.Helper()
	for deadline := time.Now().Add(max(30*time.Second, b.patience)); ; time.Sleep(5 * time.Millisecond) {
		cert, err := shake(b.t.Context(), b.at("https"), host, roots)
		if err == nil {
			return cert.SerialNumber
		}
		if time.Now().After(deadline) {
			for _, line := range b.logs.FilterLevelExact(zap.ErrorLevel).All() {
				b.t.Log(line.Time.Format(time.StampMilli), line.Message, line.ContextMap())
			}
			b.t.Fatalf("%s: %v", host, err)
		}
	}
}

func TestRoutersGetOneCertificateByAnyChallenge(t *testing.T) {
	for name, row := range map[string]struct {
		flags []string
		entry string // that validations come in at; "": by DNS
	}{
		"http": {[]string{"--acme.httpChallenge.entryPoint=http"}, "http"},
		"tls":  {[]string{"--acme.tlsChallenge"}, "https"},
		"dns":  {[]string{"--acme.dnsChallenge.provider=httpreq"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ca := newPebble(t, 90*24*time.Hour)
			if row.entry == "" {
				t.Setenv("HTTPREQ_ENDPOINT", ca.zone())
				t.Setenv("HTTPREQ_POLLING_INTERVAL", "1")
				row.flags = append(row.flags, "--acme.dnsChallenge.resolvers="+ca.dns, "--acme.domains=*.shop.test")
			}
			engine, endpoint := newEngine(t)
			flags := ordering(t, ca.directory, ca.rootsFile, row.flags...)
			var routers []*bed
			var addresses []string
			for range 3 {
				b := start(t, engine, endpoint, flags...)
				b.until("anything", func(t *rules.Table) bool { return true })
				routers = append(routers, b)
				if row.entry != "" {
					addresses = append(addresses, b.at(row.entry))
				}
			}
			ca.route(addresses...)
			deployShop(t, engine)
			roots := ca.roots()
			serials := map[string]bool{}
			for _, b := range routers {
				serials[b.serves("shop.test", roots).String()] = true
				b.serves("www.shop.test", roots)
			}
			want := 1
			if row.entry == "" {
				want = 2 // one for the wildcard, which is not for shop.test
			}
			if len(serials) != 1 || ca.issued() != want {
				t.Errorf("%d certificates are served, and %d were issued", len(serials), ca.issued())
			}
			for _, b := range routers[1:] {
				b.stop()
			}
			again := start(t, engine, endpoint, flags...)
			again.until("shop", func(t *rules.Table) bool { return len(t.Routes) > 0 })
			if serial := again.serves("shop.test", roots); !serials[serial.String()] || ca.issued() != want {
				t.Errorf("a restart has ordered anew: %d were issued", ca.issued())
			}
			if text := again.api("/api/certificates"); !strings.Contains(text, "shop.test") {
				t.Errorf("the certificate is not told of: %s", text)
			}
		})
	}
}

// Handshakes go on without one that fails while a certificate of few seconds is renewed again and again.
func TestACertificateIsRenewedUnderLoad(t *testing.T) {
	ca := newPebble(t, 12*time.Second)
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint, ordering(t, ca.directory, ca.rootsFile, "--acme.tlsChallenge")...)
	b.until("anything", func(*rules.Table) bool { return true })
	ca.route(b.at("https"))
	deployShop(t, engine)
	roots := ca.roots()
	b.serves("shop.test", roots)
	var load sync.WaitGroup
	var mu sync.Mutex
	serials, shakes := map[string]bool{}, 0
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				cert, err := shake(ctx, b.at("https"), "shop.test", roots)
				if err != nil {
					if ctx.Err() == nil {
						t.Error(err)
						cancel()
					}
					return
				}
				mu.Lock()
				shakes++
				if serials[cert.SerialNumber.String()] = true; len(serials) == 3 {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	load.Wait()
	if len(serials) < 3 {
		t.Errorf("%d certificates in %d handshakes", len(serials), shakes)
	}
	t.Logf("%d handshakes over %d certificates", shakes, len(serials))
}

// While the engine does not answer, what there is is served, nothing is ordered, and the router can leave.
func TestCertificatesAreServedWithoutTheStorage(t *testing.T) {
	ca := newPebble(t, time.Hour)
	engine, endpoint := newEngine(t)
	b := startWith(t, engine, endpoint, World{}, time.Second, ordering(t, ca.directory, ca.rootsFile, "--acme.tlsChallenge")...)
	b.until("anything", func(*rules.Table) bool { return true })
	ca.route(b.at("https"))
	deployShop(t, engine)
	roots := ca.roots()
	b.serves("shop.test", roots)
	engine.Fault(embedded.Hang("/configs"))
	must(t, engine.SetLabel("shop_web", "traefik.frontend.rule", "Host:shop.test,new.shop.test"))
	b.untilText("new.shop.test")
	b.serves("shop.test", roots)
	engine.Fault(embedded.Refuse("/configs", http.StatusInternalServerError, "no"))
	b.serves("shop.test", roots)
	if n := ca.issued(); n != 1 {
		t.Errorf("%d certificates were issued", n)
	}
	engine.Fault()
	b.serves("new.shop.test", roots)
	engine.Fault(embedded.Hang("")) // and so it leaves, by the harness
}

// A CA that is not well costs few tries, and nobody a request.
func TestACAThatIsNotWellIsLeftAlone(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"garbage": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>It works!") },
		"429": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many","status":429}`)
		},
		"nothing": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			asked := 0
			came := make(chan struct{}, 1000)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked++
				mu.Unlock()
				came <- struct{}{}
				answer(w, r)
			}))
			t.Cleanup(server.Close)
			engine, endpoint := newEngine(t)
			flags := ordering(t, server.URL, "", "--acme.tlsChallenge")
			flags = flags[:len(flags)-2] // no roots: it speaks in clear
			flags = append(flags, "--acme.tlsChallenge")
			b := start(t, engine, endpoint, flags...)
			deployShop(t, engine)
			b.untilText("shop.test")
			<-came
			if status, _ := b.ask("shop.test", "/"); status != 200 {
				t.Errorf("meanwhile a request gets %d", status)
			}
			if _, err := shake(t.Context(), b.at("https"), "shop.test", nil); err == nil || !strings.Contains(err.Error(), "default.appia.invalid") {
				t.Errorf("meanwhile a handshake comes to %v", err)
			}
			if name == "nothing" {
				return // the router leaves in the middle, by the harness
			}
			for !strings.Contains(b.api("/api/certificates"), "next try") {
				if t.Context().Err() != nil {
					t.Fatal("the failure is not told of")
				}
				time.Sleep(5 * time.Millisecond)
			}
			if !strings.Contains(b.api("/metrics"), "appia_certificate_problems 1") {
				t.Error("nor counted")
			}
			mu.Lock()
			defer mu.Unlock()
			if asked > 12 { // one order, with what a client tries by itself
				t.Errorf("it was asked %d times", asked)
			}
		})
	}
}
