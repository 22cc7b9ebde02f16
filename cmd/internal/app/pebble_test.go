package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/proxytest"
)

// A pebble is Let's Encrypt's test CA with its own DNS, in which every name is this machine. What it connects to in order to
// validate is led to the routers in turn, as a balancer in front of them would.
type pebble struct {
	t          *testing.T
	directory  string
	management string
	dns        string // the server of its DNS, and where records are put into it
	dnsControl string
	rootsFile  string // of its own server
	client     *http.Client
	said       lockedBuffer

	mu      sync.Mutex
	routers []string // addresses that validations are led to
	turn    int
	came    chan struct{} // one slot: somebody wants to see a challenge
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newPebble(t *testing.T, life time.Duration) *pebble {
	t.Helper()
	for _, tool := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("REQUIRE_ALL") != "" {
				t.Fatal(err, ": run proxy/certs/acme/prepare")
			}
			t.Skip(err, ": run proxy/certs/acme/prepare")
		}
	}
	p := &pebble{t: t, directory: "https://" + proxytest.FreeAddress(t), management: proxytest.FreeAddress(t), dns: proxytest.FreeAddress(t), dnsControl: proxytest.FreeAddress(t), came: make(chan struct{}, 1)}
	a := proxytest.NewAuthority(t)
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	cert, key := a.Issue([]string{"127.0.0.1"})
	p.rootsFile = write("roots.pem", a.PEM())
	port := p.lead()
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": strings.TrimPrefix(p.directory, "https://"), "managementListenAddress": p.management,
		"certificate": write("cert.pem", cert), "privateKey": write("key.pem", key), "httpPort": port, "tlsPort": port,
		"keyAlgorithm": "ecdsa", "profiles": map[string]any{"default": map[string]any{"description": "for tests", "validityPeriod": int(life / time.Second)}},
	}})
	must(t, err)
	p.begin(exec.Command("pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dnsserver", p.dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-management", p.dnsControl))
	server := exec.Command("pebble", "-config", write("pebble.json", string(config)), "-dnsserver", p.dns, "-strict")
	server.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=20")
	p.begin(server)
	p.directory += "/dir"
	p.untilAnswers(p.directory)
	return p
}

func (p *pebble) begin(c *exec.Cmd) {
	c.Stdout, c.Stderr = &p.said, &p.said
	must(p.t, c.Start())
	p.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

func (p *pebble) untilAnswers(url string) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := p.get(url); err == nil {
			return
		} else if time.Now().After(deadline) {
			p.t.Fatal(err, p.said.String())
		}
	}
}

func (p *pebble) get(url string) ([]byte, error) {
	answer, err := p.client.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// roots are of what it issues.
func (p *pebble) roots() *x509.CertPool {
	p.t.Helper()
	pem, err := p.get("https://" + p.management + "/roots/0")
	must(p.t, err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		p.t.Fatalf("no root in %s", pem)
	}
	return pool
}

// issued is how many certificates it has given.
func (p *pebble) issued() int { return strings.Count(p.said.String(), "Issued certificate serial") }

// lead listens for validations, and leads them to the routers.
func (p *pebble) lead() (port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(p.t, err)
	var all sync.WaitGroup
	p.t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.join(from) })
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

func (p *pebble) join(from net.Conn) {
	defer from.Close()
	select {
	case p.came <- struct{}{}:
	default:
	}
	p.mu.Lock()
	routers := p.routers
	p.turn++
	turn := p.turn
	p.mu.Unlock()
	if len(routers) == 0 {
		_, _ = from.Read(make([]byte, 1)) // nobody answers
		_, _ = io.Copy(io.Discard, from)
		return
	}
	address := routers[turn%len(routers)]
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	_ = from.SetDeadline(time.Now().Add(20 * time.Second))
	_ = to.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(to, from)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(from, to)
	_ = from.(*net.TCPConn).CloseWrite()
	<-done
}

func (p *pebble) route(addresses ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routers = addresses
}

// zone is what lego's httpreq asks to put records into the DNS.
func (p *pebble) zone() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(p.t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var record struct{ FQDN, Value string }
		must(p.t, json.NewDecoder(r.Body).Decode(&record))
		if r.URL.Path != "/present" {
			return // to clear is to clear all records of the name, those of another order too
		}
		text := fmt.Sprintf(`{"host":%q,"value":%q}`, record.FQDN, record.Value)
		answer, err := http.Post("http://"+p.dnsControl+"/set-txt", "application/json", strings.NewReader(text))
		must(p.t, err)
		answer.Body.Close()
	})}
	go server.Serve(l)
	p.t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

// shake is what a client gets that asks for a host.
func shake(ctx context.Context, address, host string, roots *x509.CertPool) (*x509.Certificate, error) {
	dialer := &tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: roots}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}
