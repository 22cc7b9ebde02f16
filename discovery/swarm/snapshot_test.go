package swarm_test

import (
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

func TestSnapshotOfAStackSaysWhatTheFileSays(t *testing.T) {
	e, c := start(t, embedded.Options{})
	if err := e.Deploy("blog", []byte(blog)); err != nil {
		t.Fatal(err)
	}
	s := look(t, c)
	if s.Cluster == "" {
		t.Error("the cluster has no id")
	}
	ghost := service(t, s, "blog_ghost")
	if len(ghost.Labels) != 2 || ghost.Labels["traefik.port"] != "2368" {
		t.Errorf("labels are %v, want the two of traefik", ghost.Labels)
	}
	if len(ghost.Tasks) != 2 || ghost.Wanted != 2 || ghost.Converging {
		t.Errorf("%d tasks of %d, converging %v", len(ghost.Tasks), ghost.Wanted, ghost.Converging)
	}
	public := network(t, s, "traefik_public")
	for _, task := range ghost.Tasks {
		if len(task.Addresses) != 1 || task.Addresses[0].Network != public.ID {
			t.Errorf("addresses are %v, want one on %s", task.Addresses, public.ID)
		}
	}
	if len(ghost.VIPs) != 1 || !network(t, s, "ingress").Ingress {
		t.Errorf("VIPs are %v", ghost.VIPs)
	}
	for _, n := range s.Networks {
		if n.Name == "bridge" {
			t.Error("a local network is in the snapshot")
		}
	}
}

func TestLabelsOfContainersAreKeptByNameWhereTheyLookLikeARouters(t *testing.T) {
	e, c := start(t, embedded.Options{})
	err := e.Deploy("s", []byte("version: '3.9'\nservices:\n  web:\n    image: x\n    labels: [traefik.port=80, 'Traefik.frontend.rule=Host:a.b', caddy=a.b]\n"+
		"    deploy: {labels: ['treafik.port=80', ' traefik.enable=true', 'caddy=a.b']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	web := service(t, look(t, c), "s_web")
	if got := strings.Join(web.ContainerLabels, " "); got != "Traefik.frontend.rule traefik.port" {
		t.Errorf("container labels are %q", got)
	}
	if len(web.Labels) != 2 || web.Labels["treafik.port"] != "80" || web.Labels[" traefik.enable"] != "true" {
		t.Errorf("labels are %q", web.Labels)
	}
}

func network(t *testing.T, s *snapshot.Swarm, name string) snapshot.Network {
	t.Helper()
	for _, n := range s.Networks {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no network %s in the snapshot", name)
	return snapshot.Network{}
}

func TestEqualSwarmsGiveEqualBytes(t *testing.T) {
	make := func() string {
		e, c := start(t, embedded.Options{Nodes: 3})
		if err := e.Deploy("blog", []byte(blog)); err != nil {
			t.Fatal(err)
		}
		e.AddService(embedded.Spec{Name: "agent", Global: true, Networks: []string{"b", "a"}}, embedded.Spec{Name: "rr", Replicas: 3, DNSRR: true, Networks: []string{"a"}})
		first, second := asJSON(t, look(t, c)), asJSON(t, look(t, c))
		if first != second {
			t.Errorf("the same swarm read twice:\n%s\n%s", first, second)
		}
		return first
	}
	if first, second := make(), make(); first != second {
		t.Errorf("two swarms made alike:\n%s\n%s", first, second)
	}
}

func TestGlobalAndRoundRobinServicesAreToldApart(t *testing.T) {
	e, c := start(t, embedded.Options{Nodes: 3})
	e.AddService(embedded.Spec{Name: "agent", Global: true, Networks: []string{"a"}}, embedded.Spec{Name: "rr", Replicas: 1, DNSRR: true, Networks: []string{"a"}})
	s := look(t, c)
	agent := service(t, s, "agent")
	if !agent.Global || agent.Wanted != -1 || len(agent.Tasks) != 3 || agent.DNSRR || len(agent.VIPs) != 1 {
		t.Errorf("global: %+v", agent)
	}
	rr := service(t, s, "rr")
	if rr.Global || !rr.DNSRR || len(rr.VIPs) != 0 || len(rr.Tasks) != 1 {
		t.Errorf("dnsrr: %+v", rr)
	}
}

func TestJobsAreNotInTheSnapshot(t *testing.T) {
	e, c := start(t, embedded.Options{})
	err := e.Deploy("batch", []byte("version: '3.9'\nservices:\n  job: {image: x, deploy: {mode: replicated-job, replicas: 3}}\n  web: {image: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s := look(t, c); len(s.Services) != 1 || s.Services[0].Name != "batch_web" {
		t.Errorf("got %+v, want batch_web alone", s.Services)
	}
}

func TestTasksWithoutAddressesAreStillThere(t *testing.T) {
	e, c := start(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "web", Replicas: 2, Networks: []string{"a"}})
	e.Fault(embedded.WithoutAddresses())
	web := service(t, look(t, c), "web")
	if len(web.Tasks) != 2 || len(web.Tasks[0].Addresses) != 0 || web.Converging {
		t.Errorf("got %+v", web)
	}
}

func TestEnginesOldAndNewAreUnderstood(t *testing.T) {
	for _, versions := range [][2]string{{"1.12", "1.41"}, {"1.24", "1.51"}, {"1.44", "1.55"}, {"1.40", "1.60"}} {
		t.Run(versions[1], func(t *testing.T) {
			_, c := start(t, embedded.Options{MinAPI: versions[0], MaxAPI: versions[1]})
			look(t, c)
		})
	}
}

func TestAnEngineUpgradedUnderneathIsGreetedAnew(t *testing.T) {
	e, c := start(t, embedded.Options{MinAPI: "1.12", MaxAPI: "1.41"})
	look(t, c)
	e.SetVersions("1.44", "1.55")
	_, err := c.Snapshot(within(t))
	wantProblem(t, err, swarm.APIVersion)
	look(t, c)
}

func TestASocketProxyThatShutsInfoCostsTheClusterIDAlone(t *testing.T) {
	e, c := start(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "web", Replicas: 1})
	e.Fault(embedded.Refuse("/info", 403, "Forbidden"))
	if s := look(t, c); s.Cluster != "" || len(s.Services) != 1 {
		t.Errorf("got %+v", s)
	}
	e.Fault()
	if look(t, c).Cluster == "" {
		t.Error("the id is not asked for again")
	}
}
