package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/swarm/embedded"
	"github.com/appia-edge/appia/rules"
)

// The service answers HTTP, which nobody in between reads.
func TestAConnectionGoesByALabelToATaskAndIsNotRead(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint, "--entryPoints=Name:db Address:127.0.0.1:0")
	engine.AddService(embedded.Spec{Name: "db", Replicas: 2, Networks: []string{"net"}, Labels: map[string]string{
		"traefik.tcp.routers.db.rule": "HostSNI(`*`)", "traefik.tcp.routers.db.entrypoints": "db", "traefik.tcp.services.db.loadbalancer.server.port": "5432"}})
	b.until("a TCP route", func(t *rules.Table) bool { return len(t.TCP) == 1 && strings.Count(t.String(), "tcp://") == 2 })
	status, body := b.get(b.app.proxy.EntryPoints()[1].Addr(), "whatever", "/x")
	var echo embedded.Echo
	if err := json.Unmarshal(body, &echo); err != nil || status != 200 || echo.Service != "db" || echo.Path != "/x" || echo.Headers["X-Forwarded-For"] != "" {
		t.Errorf("%d %s %v", status, body, err)
	}
	for page, want := range map[string]string{
		"/metrics": `backend="tcp.db@swarm"`, "/api/explain?url=http://x/&entryPoint=db": `"tcp":"db-0"`, "/api/table?format=json": `"tcpRoutes":[{"name":"db-0"`,
	} {
		if told := b.api(page); !strings.Contains(told, want) {
			t.Errorf("%s: %s", page, told)
		}
	}
}
