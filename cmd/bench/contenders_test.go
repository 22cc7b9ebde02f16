package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func testPlan(t *testing.T, routes []route) *plan {
	t.Helper()
	p := &plan{Dir: t.TempDir(), Keep: 8, Routes: routes, Files: routes[0].Backends, Text: "text", Root: os.Getuid() == 0}
	p.AccessLog = filepath.Join(p.Dir, "access.log")
	var err error
	if p.Front, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	if p.Admin, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConfigurationsNameEveryRouteAndBackend(t *testing.T) {
	p := testPlan(t, []route{
		{Host: "one.bench", Backends: []string{"127.0.0.2:81", "127.0.0.3:81"}},
		{Host: "two.bench", Backends: []string{"127.0.0.2:82", "127.0.0.3:82"}, WebSocket: true},
	})
	for name, wanted := range map[string][]string{
		"nginx.conf": {
			"server_name one.bench; location / { proxy_pass http://u0;",
			"upstream u1 { server 127.0.0.2:82 max_fails=0; server 127.0.0.3:82 max_fails=0; keepalive 8;",
			"listen " + p.Front + " default_server",
			"proxy_set_header Upgrade $http_upgrade;",
			"access_log off;",
		},
		"haproxy.cfg":  {"backend b0\n\tserver s0 127.0.0.2:81\n\tserver s1 127.0.0.3:81", "bind " + p.Front, "nbthread 2"},
		"hosts.map":    {"one.bench b0\ntwo.bench b1\n"},
		"traefik.yml":  {"r1: {rule: \"Host(`two.bench`)\", service: s1,", `{url: "http://127.0.0.2:81"}, {url: "http://127.0.0.3:81"}`},
		"Caddyfile":    {"http://one.bench:" + p.FrontPort() + " {", "reverse_proxy 127.0.0.2:82 127.0.0.3:82 {"},
		"backend.conf": {"listen 127.0.0.2:81 backlog=4096;\n\t\tlisten 127.0.0.3:81", `return 200 "text"`, "worker_processes 1;"},
	} {
		text := rendered(t, p, name)
		for _, line := range wanted {
			if !strings.Contains(text, line) {
				t.Errorf("%s lacks %q:\n%s", name, line, text)
			}
		}
	}
}

func TestLogsAreOnWhereAskedFor(t *testing.T) {
	p := testPlan(t, []route{{Host: "one.bench", Backends: []string{"127.0.0.2:81", "127.0.0.3:81"}}})
	p.Logs = true
	for name, wanted := range map[string][]string{
		"nginx.conf":  {"access_log " + p.AccessLog + " combined", "stub_status"},
		"haproxy.cfg": {"log stdout format raw local0", "option httplog", "prometheus-exporter"},
		"Caddyfile":   {"output file " + p.AccessLog, "\tmetrics\n"},
	} {
		text := rendered(t, p, name)
		for _, line := range wanted {
			if !strings.Contains(text, line) {
				t.Errorf("%s lacks %q:\n%s", name, line, text)
			}
		}
	}
}

func rendered(t *testing.T, p *plan, name string) string {
	t.Helper()
	path, err := p.render(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The comparison is fair only if all do the same work.
func TestContendersForwardAlike(t *testing.T) {
	heard := make(chan *http.Request, 1)
	tell := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case heard <- r:
		default:
		}
	}
	listeners, err := listenTwins()
	if err != nil {
		t.Skip(err)
	}
	for _, l := range listeners {
		server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(tell)}}
		server.Start()
		t.Cleanup(server.Close)
	}
	routes := []route{{Host: "one.bench", Backends: addresses(listeners)}}
	appia := filepath.Join(t.TempDir(), "appia")
	for _, c := range contenders(options{}, appia) {
		t.Run(c.name, func(t *testing.T) {
			need(t, c.name, appia)
			p := testPlan(t, routes)
			how, err := c.prepare(p)
			if err != nil {
				t.Fatal(err)
			}
			proc, err := start(how, filepath.Join(p.Dir, "output"))
			if err != nil {
				t.Fatal(err)
			}
			defer proc.stop()
			if err := proc.ready(t.Context(), p.Front, "one.bench", 20*time.Second); err != nil {
				t.Fatal(err)
			}
			got := <-heard
			want := "one.bench 127.0.0.1 http one.bench"
			if said := fmt.Sprint(got.Host, " ", got.Header.Get("X-Forwarded-For"), " ", got.Header.Get("X-Forwarded-Proto"), " ",
				got.Header.Get("X-Forwarded-Host")); said != want {
				t.Errorf("forwarded %s, want %s", said, want)
			}
			if got.Close {
				t.Error("the connection to the backend is not kept")
			}
		})
	}
}

// need skips what this machine does not have.
func need(t *testing.T, name, appia string) {
	t.Helper()
	if name == "appia" {
		if testing.Short() {
			t.Skip("it takes a build")
		}
		built, err := buildAppia(t.Context(), filepath.Dir(appia))
		if err != nil || built != appia {
			t.Fatal(built, err)
		}
		return
	}
	if err := installed(name); err != nil {
		missing(t, err)
	}
}

// missing skips a test for what this machine lacks, which is a failure where every test has to run.
func missing(t *testing.T, what error) {
	t.Helper()
	if os.Getenv("REQUIRE_ALL") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func TestStoppedProcessLeavesNoChild(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	p, err := start(command{argv: []string{"sh", "-c", "sleep 60 >" + pipe + " & wait"}}, filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	heldByChild, err := os.Open(pipe) // waits for it
	if err != nil {
		t.Fatal(err)
	}
	defer heldByChild.Close()
	p.stop()
	if _, err := io.ReadAll(heldByChild); err != nil { // ends with the last that holds the pipe
		t.Error(err)
	}
}

func TestEchoAnswersEveryFrame(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go serveEcho(l)
	got, err := echoing{conns: 2}.drive(t.Context(), run{addr: l.Addr().String(), time: 20 * time.Millisecond})
	if err != nil || got.requests < 2 || got.errors > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOpenLoopAsksAtItsRateAndWaitsOnTheServersAccount(t *testing.T) {
	const slow = 20 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(slow) }))
	defer server.Close()
	got, err := openLoop{rate: 200, conns: 1}.drive(t.Context(), run{addr: server.Listener.Addr().String(), host: "x", time: 200 * time.Millisecond})
	if err != nil || got.requests != 40 || got.errors > 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got.p99 < 5*slow {
		t.Errorf("p99 %v: 50 answers a second to 200 requests a second must queue", got.p99)
	}
}
