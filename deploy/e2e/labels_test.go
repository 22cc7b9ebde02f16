package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A diagnostic is an item of /api/diagnostics.
type diagnostic struct{ Service, Label, Value, Code, Severity, Message, Suggestion string }

func TestBadLabelsOfOneServiceHarmNoOtherAndTheAPISaysWhatIsWrong(t *testing.T) {
	swarm(t)
	bad := []struct {
		name   string
		labels []string
		status int // what asking for <name>.test gets
		code   string
		says   string // somewhere in the diagnostic
	}{
		{"heavy", []string{"traefik.frontend.rule=Host:heavy.test", "traefik.weight=heavy"}, http.StatusOK, "bad-number", "heavy"},
		{"unknown", []string{"traefik.frontend.rule=Host:unknown.test", "traefik.frontend.entrypoint=http"}, http.StatusOK, "unknown-label", "traefik.frontend.entryPoints"},
		{"misspelt", []string{"traefik.frontend.rule=Hots:misspelt.test"}, http.StatusNotFound, "unknown-matcher", "Host"},
		{"misquoted", []string{`traefik.frontend.rule=Host:misquoted.test";PathPrefixStrip:/"`}, http.StatusOK, "stray-quotes", "misquoted"},
	}
	create(t, "good", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:good.test"), "example/shop:1")...)
	for _, b := range bad {
		create(t, b.name, append(labels(append(b.labels, "traefik.port=8000")...), "example/shop:1")...)
	}
	served(t, "good.test", 1)
	for _, b := range bad {
		t.Run(b.name, func(t *testing.T) {
			eventually(t, "it is told", func() error { return told(b.name, b.code, b.says) })
			c := newClient()
			defer c.CloseIdleConnections()
			eventually(t, fmt.Sprint("it gets ", b.status), func() error {
				got, err := ask(c, front, b.name+".test", "/")
				if err == nil && got.StatusCode != b.status {
					err = fmt.Errorf("got %s", got.Status)
				}
				return err
			})
		})
	}
	served(t, "good.test", 1)

	// The router goes on seeing changes: in Traefik 1.x the world would stand still from here.
	docker(t, "service", "scale", "--detach", "good=2")
	served(t, "good.test", 2)
}

func told(service, code, says string) error {
	var all []diagnostic
	if err := api(admin, "/api/diagnostics", &all); err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(d diagnostic) bool {
		return d.Service == service && d.Code == code && strings.Contains(fmt.Sprint(d), says)
	}) {
		return fmt.Errorf("no %s for %s that says %s in %+v", code, service, says, all)
	}
	return nil
}

func TestInVIPModeTheEndpointIsTheServicesVirtualAddress(t *testing.T) {
	swarm(t)
	create(t, "virtual", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:virtual.test", "traefik.backend.loadbalancer.swarm=true"),
		"--replicas", "2", "example/shop:1")...)
	// Without IPVS in the kernel no request would get there; where it leads can be seen all the same.
	network := docker(t, "network", "inspect", "--format", "{{.Id}}", "traefik_public")
	address := docker(t, "service", "inspect", "--format",
		`{{range .Endpoint.VirtualIPs}}{{if eq .NetworkID "`+network+`"}}{{.Addr}}{{end}}{{end}}`, "virtual")
	ip, _, _ := strings.Cut(address, "/")
	want := "http://" + ip + ":8000"
	eventually(t, "the endpoint is "+want, func() error {
		var servers map[string]struct{ URL string }
		if err := api(admin, "/api/providers/docker/backends/backend-virtual/servers", &servers); err != nil {
			return err
		}
		if len(servers) != 1 {
			return fmt.Errorf("servers %v", servers)
		}
		for _, s := range servers {
			if s.URL != want {
				return fmt.Errorf("it is %s", s.URL)
			}
		}
		return nil
	})
}
