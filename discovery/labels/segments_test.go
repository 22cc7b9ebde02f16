package labels

import "testing"

func TestSegmentsAreCutAsTraefikDoes(t *testing.T) {
	for name, want := range map[string][2]string{
		"traefik.port":                           {"", "traefik.port"},
		"traefik.api.port":                       {"api", "traefik.port"},
		"traefik.a.b.port":                       {"a.b", "traefik.port"},
		"traefik.api.frontend.rule":              {"api", "traefik.frontend.rule"},
		"traefik.api.frontend.":                  {"", "traefik.api.frontend."},
		"traefik.api.frontend.errors.x.backend":  {"api", "traefik.frontend.errors.x.backend"},
		"traefik.frontend.errors.x.backend":      {"", "traefik.frontend.errors.x.backend"},
		"traefik.backend.healthcheck.port":       {"", "traefik.backend.healthcheck.port"},
		"traefik.api.backend":                    {"api", "traefik.backend"},
		"traefik.api.backend.loadbalancer.swarm": {"", "traefik.api.backend.loadbalancer.swarm"},
		"traefik.api.domain":                     {"", "traefik.api.domain"},
		"traefik.api.protocol":                   {"api", "traefik.protocol"},
		"traefik.api.portIndex":                  {"api", "traefik.portIndex"},
		"traefik.docker.network":                 {"", "traefik.docker.network"},
	} {
		if segment, plain := cutSegment(name); segment != want[0] || plain != want[1] {
			t.Errorf("%s: got %q, %q, want %q", name, segment, plain, want)
		}
	}
}

func TestLabelsOfLaterDialectsAreNoSegments(t *testing.T) {
	for name, want := range map[string]bool{
		"traefik.http.services.x.loadbalancer.server.port": true,
		"traefik.http.routers.x.rule":                      true,
		"traefik.HTTP.routers.x.rule":                      true,
		"traefik.tcp.services.x.loadbalancer.server.port":  true,
		"traefik.udp.services.x.loadbalancer.server.port":  true,
		"traefik.swarm.network":                            true,
		"traefik.http.port":                                false,
		"traefik.http.frontend.rule":                       false,
		"traefik.httpd.port":                               false,
		"traefik.enable":                                   false,
	} {
		if got := later(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestASegmentThatSharesAServiceKeepsItsOwnWeight(t *testing.T) {
	specs, _ := Read(oneTask("svc", "traefik.port=80", "traefik.x.backend=b", "traefik.y.backend=b", "traefik.z.backend=b", "traefik.z.weight=3"), exposed)
	services := specs[0].Services
	if len(services) != 2 || services[0].Weight != 1 || services[1].Weight != 3 || len(services[0].Endpoints) != 1 {
		t.Errorf("got %+v", services)
	}
}
