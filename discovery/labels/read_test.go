package labels

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// besideNeighbour is a swarm with a service of some labels, and another one that shares its service's name with it.
func besideNeighbour(labels map[string]string) *snapshot.Swarm {
	s := oneTask("neighbour", "traefik.port=81", "traefik.backend=shop", "traefik.frontend.rule=Host:n.b", "traefik.weight=5")
	other := oneTask("svc").Services[0]
	other.Labels = labels
	s.Services = append(s.Services, other)
	return s
}

func TestABadLabelNeverChangesAnotherService(t *testing.T) {
	alone, _ := Read(oneTask("neighbour", "traefik.port=81", "traefik.backend=shop", "traefik.frontend.rule=Host:n.b", "traefik.weight=5"), exposed)
	values := []string{"", "\"", "\n", `\d`, "-1", "99999999999999999999", "true", "yes", "é\x00\xff", ",,;;::||{{}}", "Host:{x:[}"}
	for _, d := range dialects {
		for _, r := range d.rows {
			name := d.prefix + strings.NewReplacer("<name>", "x", "*", "x").Replace(r.name)
			for _, value := range values {
				labels := labelled("traefik.port=80", "traefik.backend=shop")
				labels[name] = value
				specs, found := Read(besideNeighbour(labels), exposed)
				check(t, alone, specs, found)
			}
		}
	}
}

// check holds Read to what is true of any labels of svc beside its neighbour.
func check(t *testing.T, alone, specs []rules.Spec, found []rules.Diagnostic) {
	t.Helper()
	if got, want := written(specs[:1], nil), written(alone, nil); got != want {
		t.Fatalf("the neighbour became\n%s\nfrom\n%s", got, want)
	}
	known := append(rules.Codes(), Codes()...)
	for _, d := range found {
		if d.Service != "svc" || d.Message == "" || !slices.ContainsFunc(known, func(c rules.CodeDoc) bool { return c.Code == d.Code }) {
			t.Fatalf("diagnostic %+v", d)
		}
		if d.Suggestion != "" && (d.Suggestion == d.Value || d.Suggestion == d.Label) {
			t.Fatalf("%s: the suggestion is the mistake", d)
		}
	}
	for _, spec := range specs {
		checkSpec(t, spec)
	}
}

func checkSpec(t *testing.T, spec rules.Spec) {
	t.Helper()
	for _, route := range spec.Routes {
		if !slices.ContainsFunc(spec.Services, func(s rules.ServiceSpec) bool { return s.Name == route.Service }) {
			t.Fatalf("route %s leads nowhere", route.Name)
		}
	}
	for _, s := range spec.Services {
		if s.Weight < 1 || s.Check != nil && (s.Check.Interval <= 0 || s.Check.Timeout <= 0 || s.Check.Rise < 1 || s.Check.Fall < 1 || s.Check.Path[0] != '/') {
			t.Fatalf("service %+v", s)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("traefik.port=80\ntraefik.frontend.rule=Host:a.b;PathPrefix:/x")
	f.Add("traefik.api.port=80\ntraefik.api.frontend.backend=b\ntraefik.weight=-1\ntraefik.enable=no")
	f.Add("traefik.backend.healthcheck.path=%zz\ntraefik.port=1\nappia.healthcheck.rise=9\ntraefik.backend=shop")
	f.Add("traefik.frontend.rule=\"HostRegexp:{s:\\\\.}\"\ntraefik.port='80'\ntraefik.docker.network=x")
	alone, _ := Read(oneTask("neighbour", "traefik.port=81", "traefik.backend=shop", "traefik.frontend.rule=Host:n.b", "traefik.weight=5"), exposed)
	f.Fuzz(func(t *testing.T, text string) {
		labels := labelled(strings.Split(text, "\n")...)
		specs, found := Read(besideNeighbour(labels), exposed)
		check(t, alone, specs, found)
		again, foundAgain := Read(besideNeighbour(labels), exposed)
		if written(specs, found) != written(again, foundAgain) {
			t.Fatal("the same labels were read in two ways")
		}
	})
}

func TestWeightsOfZeroNeedTheFlag(t *testing.T) {
	o := exposed
	o.AllowMinWeightZero = true
	specs, found := Read(oneTask("svc", "traefik.port=80", "traefik.weight=0"), o)
	if specs[0].Services[0].Weight != 0 || len(found) != 0 {
		t.Errorf("got %+v, %v", specs, found)
	}
}

func TestChecksTakeTheRoutersIntervalWhereTheyNameNone(t *testing.T) {
	o := exposed
	o.CheckInterval = 7 * time.Second
	specs, _ := Read(oneTask("svc", "traefik.port=80", "traefik.backend.healthcheck.path=/"), o)
	if got := specs[0].Services[0].Check.Interval; got != o.CheckInterval {
		t.Errorf("got %s", got)
	}
}

func TestSecretsStayOutOfDiagnostics(t *testing.T) {
	for _, label := range []string{
		"traefik.frontend.auht.basic.users", "traefk.frontend.haeders.customRequestHaeders", "traefik.frontend.customRequestHeader", "traefik.basic.users",
		"traefik.frontend.auth.basic.users: ", "traefik.frontend.auth.basic.users:me:", "traefik.frontend.auht.basic me:", " traefik.Frontend.Headers.x: ",
		"traefik.frontend.auth.basic.users", "traefik.frontend.Auth.basic", "traefik.http.middlewares.x.basicauth.users",
		"traefik.frontend.headers.customRequestHeaders", "traefik.backend.healthcheck.headers",
	} {
		sign := "="
		if strings.ContainsAny(label, ": ") {
			sign = ""
		}
		_, found := readOne(label+sign+`"hunter2"`, "traefik.backend.healthcheck.path=/")
		if text := written(nil, found); text == "" || strings.Contains(text, "hunter2") {
			t.Errorf("%s: told as %s", label, text)
		}
	}
}

func TestEveryUnservedLabelSaysSo(t *testing.T) {
	want := map[state]string{lacking: LabelNotServed, lock: ProtectionNotServed, idle: IdleLabel}
	for _, r := range traefik1.rows {
		if r.state == served {
			continue
		}
		name := "traefik." + strings.NewReplacer("<name>", "x", "*", "x").Replace(r.name)
		spec, found := readOne(name + "=value")
		if codes(found) != want[r.state] || (len(spec.Routes) == 0) != (r.state == lock) {
			t.Errorf("%s: got %v, %d routes", name, found, len(spec.Routes))
		}
	}
}

func BenchmarkReadOneService(b *testing.B) {
	s := oneTask("mystack_blog", "traefik.docker.network=public", "traefik.weight=100", "traefik.port=2368", "traefik.frontend.rule=Host:blog.litup.me;PathPrefix:/x")
	for range 4 {
		s.Services[0].Tasks = append(s.Services[0].Tasks, s.Services[0].Tasks[0])
	}
	b.ReportAllocs()
	for b.Loop() {
		Read(s, exposed)
	}
}

func TestRoutesThatAreNotServedAreRememberedWithTheirRules(t *testing.T) {
	for _, c := range []struct {
		labels []string
		want   string // the rules, those that cannot be read with a mark
	}{
		{[]string{"traefik.frontend.rule=Host:a.b"}, "Host:a.b"},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Hots:a.b"}, "Hots:a.b (unread)"},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.frontend.auth.basic.users=nonsense"}, "Host:a.b"},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.tags=internal"}, "Host:a.b"},
		{[]string{"traefik.a.port=80", "traefik.a.frontend.rule=Host:a.b", "traefik.b.frontend.rule=Host:b.b"}, "Host:b.b"},
		{[]string{"traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.routers.r.middlewares=nobody", "traefik.http.services.r.loadbalancer.server.port=80"}, "Host(`a.b`)"},
		{[]string{"traefik.http.routers.r.rule=Hots(`a.b`)", "traefik.http.services.r.loadbalancer.server.port=80"}, "Hots(`a.b`) (unread)"},
		{[]string{"traefik.enable=false", "traefik.port=80", "traefik.frontend.rule=Host:a.b"}, ""},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b"}, ""},
		{nil, ""},
	} {
		service := snapshot.Service{ID: "s", Name: "web", Labels: map[string]string{}}
		for _, label := range c.labels {
			name, value, _ := strings.Cut(label, "=")
			service.Labels[name] = value
		}
		o := Options{ExposedByDefault: true}
		if _, tagged := service.Labels["traefik.tags"]; tagged {
			var err error
			if o.Constraints, err = ParseConstraints([]string{"tag==public"}); err != nil {
				t.Fatal(err)
			}
		}
		specs, _ := Read(&snapshot.Swarm{Services: []snapshot.Service{service}}, o)
		var got []string
		for _, spec := range specs {
			for _, r := range spec.Refused {
				text := r.Rule.Text
				if r.Unread {
					text += " (unread)"
				}
				got = append(got, text)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: got %q, want %q", c.labels, got, c.want)
		}
	}
}
