package labels

import (
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// swarmOf is a swarm of services, each a name and its labels with spaces between.
func swarmOf(services ...string) *snapshot.Swarm {
	all := oneTask("none")
	all.Services = nil
	for _, text := range services {
		words := strings.Fields(text)
		s := oneTask(words[0], words[1:]...).Services[0]
		s.Tasks[0].ID = words[0]
		all.Services = append(all.Services, s)
	}
	return all
}

func TestWhatOthersLeadToKeepsItsNameAsMigratedTo1x(t *testing.T) {
	const (
		green  = "green traefik.http.routers.green.rule=Host(`g.a`) traefik.http.services.cart-green.loadbalancer.server.port=80"
		plain  = "plain traefik.http.routers.plain.rule=Host(`p.a`) traefik.http.services.plain.loadbalancer.server.port=80"
		router = "traefik.http.routers.r.rule=Host(`r.a`) traefik.http.routers.r.service=cart traefik.http.services.own.loadbalancer.server.port=81 "
	)
	for _, c := range []struct {
		name  string
		other string
		why   string // of green; "": it is migrated
		left  string // of the other
	}{
		{"weighted", "blue " + router + "traefik.http.services.cart.weighted.services=own:9,cart-green:1", "blue leads to its service cart-green", "service cart leads to other services"},
		{"in the form of files", "blue " + router + "traefik.http.services.cart.weighted.services[0].name=cart-green@swarm", "blue leads to its service cart-green", "service cart leads"},
		{"mirroring", "blue " + router + "traefik.http.services.cart.mirroring.service=own traefik.http.services.cart.mirroring.mirrors=cart-green:10", "blue leads to its service cart-green", "service cart leads"},
		{"failover", "blue " + router + "traefik.http.services.cart.failover.service=own traefik.http.services.cart.failover.fallback=cart-green", "blue leads to its service cart-green", "service cart leads"},
		{"a router", "blue traefik.http.routers.r.rule=Host(`r.a`) traefik.http.routers.r.service=cart-green", "blue leads to its service cart-green", "router r leads to cart-green"},
		{"with a mistake", "blue " + router + "traefik.http.services.cart.weighted.services=own:x,cart-green:1", "blue, which uses what its labels declare", "what is wrong"},
		{"a page", "blue " + router + "traefik.http.services.cart.loadbalancer.server.port=82 traefik.http.routers.r.middlewares=e " +
			"traefik.http.middlewares.e.errors.status=404 traefik.http.middlewares.e.errors.service=cart-green traefik.http.middlewares.e.errors.query=/x", "", ""},
		{"a page of one that is left", "blue " + router + "traefik.http.services.cart.weighted.services=own traefik.http.routers.r.middlewares=e " +
			"traefik.http.middlewares.e.errors.status=404 traefik.http.middlewares.e.errors.service=cart-green traefik.http.middlewares.e.errors.query=/x", "blue, which uses", "service cart leads"},
		{"one name", "blue traefik.http.routers.b.rule=HostSNI(`b`) traefik.http.services.cart-green.loadbalancer.server.port=80", "shares a service with it", "what is wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			notes := map[string]string{}
			for _, m := range Migrate(swarmOf(c.other, green, plain), exposed, Traefik1) {
				if m.Left {
					notes[m.Service] = strings.Join(m.Notes, "\n")
				}
				if m.Left != (len(m.Labels) == 0) {
					t.Errorf("%+v", m)
				}
			}
			for service, why := range map[string]string{"green": c.why, "blue": c.left, "plain": ""} {
				if note := notes[service]; !strings.Contains(note, why) || why == "" && note != "" {
					t.Errorf("%s: %q", service, note)
				}
			}
		})
	}
}

func TestAMiddlewareStaysWhereOneThatIsLeftUsesIt(t *testing.T) {
	const lock = "lock traefik.http.routers.l.rule=Host(`l.a`) traefik.http.services.l.loadbalancer.server.port=80 traefik.http.middlewares.office.ipallowlist.sourcerange=10.0.0.0/8"
	const user = "user traefik.http.routers.u.rule=Host(`u.a`) traefik.http.services.u.loadbalancer.server.port=80 traefik.http.routers.u.middlewares=office@swarm"
	for _, m := range Migrate(swarmOf(lock, user), exposed, Traefik1) {
		if m.Left {
			t.Errorf("%+v", m)
		}
	}
	for _, m := range Migrate(swarmOf(lock, user+" traefik.http.services.u.loadbalancer.server.scheme=htpp"), exposed, Traefik1) {
		if !m.Left {
			t.Errorf("%+v", m)
		}
	}
}

func TestLabelsOfAServiceThatIsSwitchedOffAreNotLost(t *testing.T) {
	for to, label := range map[Language]string{Traefik3: "traefik.frontend.rule=Host:a.b", Traefik1: "traefik.http.routers.a.rule=Host(`a`)"} {
		all := Migrate(swarmOf("off traefik.enable=false "+label), exposed, to)
		if len(all) != 1 || len(all[0].Labels) > 0 || all[0].Left || len(all[0].Notes) != 1 {
			t.Errorf("%+v", all)
		}
	}
}
