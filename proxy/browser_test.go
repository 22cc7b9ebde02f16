package proxy

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

// A real browser speaks socket.io, which begins with several requests that must all come to one server and then becomes a
// WebSocket. There are two servers: without the sticky cookie most of this fails.
func TestABrowserKeepsItsSocketIOServer(t *testing.T) {
	if !*conformance {
		t.Skip("a browser: make conformance")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "server.js"} {
		text, err := os.ReadFile(filepath.Join("testdata", "socketio", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	reports := make(chan string, 100)
	addrs := []string{socketIO(t, dir, "one", reports), socketIO(t, dir, "two", reports)}
	r := newRouter(t, EntryPointOptions{})
	r.serve(service{rule: "PathPrefix:/", scheme: "http", addrs: addrs, spec: rules.ServiceSpec{Sticky: &rules.Sticky{Cookie: "sticky"}}})

	for range 3 { // browsers, each with no cookie yet
		browser := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", "http://"+r.addr+"/")
		if err := browser.Start(); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Transport, Error string
			Servers          []string
			Messages         int
		}
		select {
		case text := <-reports:
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		case <-time.After(60 * time.Second):
			t.Error("the browser reports nothing")
		}
		_ = browser.Process.Kill()
		_ = browser.Wait()
		if got.Error != "" || got.Transport != "websocket" || len(got.Servers) != 1 || got.Messages != 20 {
			t.Errorf("the browser reports %+v", got)
		}
	}
}

// socketIO starts a server, whose address is the first thing that it prints.
func socketIO(t *testing.T, dir, name string, reports chan<- string) (addr string) {
	t.Helper()
	server := exec.CommandContext(t.Context(), "node", "server.js", name)
	server.Dir, server.Stderr = dir, os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal(io.ErrUnexpectedEOF)
	}
	addr = "127.0.0.1:" + lines.Text()
	go func() {
		for lines.Scan() {
			reports <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	return addr
}
