package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/cmd/internal/config"
)

func TestPagesAndLogOfARouterAreWhereFlagsPutThem(t *testing.T) {
	engine, endpoint := newEngine(t)
	path := filepath.Join(t.TempDir(), "access.log")
	b := start(t, engine, endpoint, "--ping.entryPoint=http", "--api.entryPoint=http", "--api.statistics", "--metrics.prometheus.entryPoint=http",
		"--metrics.prometheus.buckets=0.25", "--accessLog.filePath="+path)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	at := b.app.proxy.EntryPoints()[0].Addr()
	if status, _ := b.ask("blog.litup.me", "/one"); status != 200 {
		t.Errorf("a route: %d", status)
	}
	if status, _ := b.ask("nobody.litup.me", "/two"); status != 404 {
		t.Errorf("no route: %d", status)
	}
	for page, want := range map[string]string{"/ping": "OK", "/api/providers/docker": "blog.litup.me", "/health": `"path":"/two"`, "/metrics": `le="0.25"`, "/dashboard/": "<html"} {
		if status, body := b.get(at, "blog.litup.me", page); status != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d without %s", page, status, want)
		}
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := b.app.Reopen(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path + ".1")
	if err != nil || !strings.Contains(string(text), `"GET /one HTTP/1.1" 200`) || strings.Contains(string(text), "/ping") {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestLogFileThatCannotBeOpenedStopsTheRouter(t *testing.T) {
	c := config.Default()
	must(t, config.Flags(c).Parse([]string{"--docker.swarmMode", "--accessLog.filePath=" + t.TempDir()}))
	_, err := c.Finish()
	must(t, err)
	if _, err := New(c, World{}, zap.NewNop()); err == nil {
		t.Error("a folder was opened")
	}
	c.LogPath = t.TempDir()
	if _, err := NewLog(c); err == nil {
		t.Error("a folder was opened")
	}
}

func TestRoutersOwnLogIsWrittenToItsFileAsAskedFor(t *testing.T) {
	for json, want := range map[bool]string{false: "ERROR ", true: `"level":"error"`} {
		c := config.Default()
		c.LogPath, c.LogJSON = filepath.Join(t.TempDir(), "appia.log"), json
		log, err := NewLog(c)
		must(t, err)
		log.Error("news")
		log.Close()
		text, err := os.ReadFile(c.LogPath)
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), "news") {
			t.Errorf("%v: %s", err, text)
		}
	}
}

func TestLockedPagesAskForAPassword(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint, "--web.auth.basic.users=me:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=") // test
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	at := b.app.proxy.EntryPoints()[1].Addr()
	for page, want := range map[string]int{"/ping": 200, "/api": 401, "/dashboard/": 401, "/metrics": 401} {
		if status, _ := b.get(at, "", page); status != want {
			t.Errorf("%s: %d", page, status)
		}
	}
}
