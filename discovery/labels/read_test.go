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
		"traefik.frontend.headers.customRequestHeaders", "traefik.backend.healthcheck.headers", "traefik.frontend.pasword", "traefik.frontend.usr",
		"traefik.frontend.users: ", "traefik.frontend.sercet", "traefik.api.key", "traefik.apiKey", "traefik.http.middlewares.x.users",
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

func TestPasswordHashesStayOutOfDiagnosticsWhateverTheirLabel(t *testing.T) {
	for _, user := range []string{"me:$apr1$hunter2", "me:$$apr1$$hunter2", "a:b,me:{SHA}hunter2", "me:$2y$05$hunter2", "{SSHA}hunter2", "hunter2:x:0123456789abcdef0123456789ABCDEF"} {
		for _, label := range []string{"traefik.frontend.people=", "traefik.frontend.rul: ", "traefik.port=", "traefik.http.routers.web.people=", "traefik.http.wrong="} {
			_, found := readOne(label + user)
			if text := written(nil, found); text == "" || strings.Contains(text, "hunter2") {
				t.Errorf("%s%s: told as %s", label, user, text)
			}
			if label := strings.TrimSuffix(label, "="); strings.Contains(snapshotText(label, user), "hunter2") {
				t.Errorf("%s: a snapshot shows %s", label, user)
			}
		}
	}
}

func snapshotText(name, value string) string {
	s := oneTask("svc")
	s.Services[0].Labels = map[string]string{name: value}
	if strings.HasSuffix(name, ": ") {
		s.Services[0].Labels = map[string]string{name + value: ""}
	}
	var text strings.Builder
	for name, value := range s.WithoutSecrets().Services[0].Labels {
		text.WriteString(name + "=" + value + "\n")
	}
	return text.String()
}

func TestEveryUnservedLabelSaysSo(t *testing.T) {
	want := map[state]string{lacking: LabelNotServed, lock: ProtectionNotServed, idle: IdleLabel}
	for _, r := range traefik1.rows {
		if r.state == served {
			continue
		}
		name := "traefik." + strings.NewReplacer("<name>", "x", "*", "x").Replace(r.name)
		spec, found := readOne(name + "=value")
		if codes(found) != want[r.state] || (len(openRoutes(spec)) == 0) != (r.state == lock) {
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

func TestALockThatCannotBeMadeLeavesItsRequestsToNoWiderRoute(t *testing.T) {
	one := []string{"traefik.port=80", "traefik.site.frontend.rule=Host:a.b", "traefik.admin.frontend.rule=Host:a.b;PathPrefix:/admin"}
	three := []string{"traefik.http.services.s.loadbalancer.server.port=80", "traefik.http.routers.site.rule=Host(`a.b`)",
		"traefik.http.routers.admin.rule=Host(`a.b`) && PathPrefix(`/admin`)"}
	for _, c := range []struct {
		labels []string
		lock   string
	}{
		{one, "traefik.admin.frontend.auht.basic.users=me:x"}, {one, "traefik.admin.frontend.auth.basic.users=nobody"},
		{one, "traefik.admin.frontend.whiteList.sourceRange=10.0.0"}, {three, "traefik.http.routers.admin.middlewares=missing"},
		{three, "traefik.http.routers.admin.midlewares=lock"},
	} {
		specs, _ := Read(oneTask("svc", append(c.labels, c.lock)...), exposed)
		table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}})
		for path, shut := range map[string]bool{"/": false, "/admin/x": true} {
			m := table.Match("http", &rules.Query{Method: "GET", Host: "a.b", Path: path})
			if m.Route == nil || m.Route.Closed() != shut {
				t.Errorf("%s: %s goes to %+v", c.lock, path, m.Route)
			}
		}
	}
}

func TestWhatLooksLikeAProtectionClosesItsRoute(t *testing.T) {
	for _, label := range []string{
		"traefik.frontend.users=a:b", "traefik.frontend.usersFile=/x", "traefik.frontend.forward.address=http://a/", "traefik.frontend.usr=a:b", "traefik.frontend.basicAuth=a:b", "traefik.frontend.basicAuth.users=a:b", "traefik.frontend.pasword=x",
		"traefik.frontend.htpasswd=/run/x", "traefik.frontend.headers.allowdHosts=a.b", "traefik.frontend.allowedHosts=a.b", "traefik.headers.allowedhosts=a.b",
		"traefik.frontend.headers.sslRedirect=true", "traefik.frontend.headers.SSLRedirct=1", "traefik.frontend.headers.forceSSL=true", "traefik.frontend.https=true",
		"traefik.frontend.redirect.entrypoint=https", "traefik.frontend.redirect=https", "traefik.frontend.redirect.regx=x", "traefik.frontend.redirectToHttps=true",
		"traefik.frontend.passTLSClientCert.pen=true", "traefik.frontend.passTLSClientCert=true", "traefik.frontend.passTLSClientCert.Pem=false",
		"traefik.frontend.ipAllowList=10.0.0.0/8", "traefik.frontend.ipWhiteList.sourceRange=10.0.0.0/8", "traefik.frontend.sourceRange=10.0.0.0/8",
		"traefik.frontend.people=ann:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/", "traefik.frontend.people=ann:{SHA}x", "traefik.people=a:b,ann:$2y$05$x",
		"traefik.people=ann:traefik:0123456789abcdef0123456789abcdef",
	} {
		if spec, found := readOne(label); len(openRoutes(spec)) > 0 || !strings.Contains(codes(found), ProtectionNotServed) {
			t.Errorf("%s: %s", label, written([]rules.Spec{spec}, found))
		}
	}
	for _, label := range []string{
		"traefik.frontend.headers.sslRedirect=false", "traefik.frontend.redirect.permanant=true", "traefik.frontend.headers.frameDney=true", "traefik.frontend.rul=Host:a.b",
		"traefik.frontend.passHostHeder=true", "traefik.frontend.errors.x.stat=404", "traefik.frontend.ruler=x",
	} {
		if spec, found := readOne(label); len(openRoutes(spec)) != 1 || len(found) == 0 {
			t.Errorf("%s: %s", label, written([]rules.Spec{spec}, found))
		}
	}
	for _, segment := range []string{"users", "redirect", "password", "https", "auth"} {
		if spec, found := readOne("traefik."+segment+".frontend.rule=Host:b.c", "traefik."+segment+".prot=81"); len(openRoutes(spec)) != 1 {
			t.Errorf("a segment called %s: %v", segment, found)
		}
	}
}

func TestAnEmptyLockIsNotServedOpen(t *testing.T) {
	for _, label := range []string{
		"traefik.frontend.auth.basic=", "traefik.frontend.auth.basic.users=", "traefik.frontend.auth.basic.usersFile=", "traefik.frontend.auth.digest.users=",
		"traefik.frontend.auth.basic.removeHeader=", "traefik.frontend.auth.digest.removeHeader=", "traefik.frontend.auth.forward.trustForwardHeader=",
		"traefik.frontend.auth.forward.address=", "traefik.frontend.whiteList.sourceRange=", "traefik.frontend.whitelistSourceRange=", "traefik.frontend.redirect.entryPoint=",
		"traefik.frontend.headers.allowedHosts=", "traefik.frontend.auht.basic=", "traefik.frontend.auth.basic.user=", `traefik.frontend.auth.basic.users=""`,
	} {
		if spec, found := readOne(label); len(openRoutes(spec)) > 0 || !strings.Contains(codes(found), ProtectionNotServed) {
			t.Errorf("%s: %s", label, written([]rules.Spec{spec}, found))
		}
	}
	spec, found := readOne("traefik.frontend.auth.basic=", "traefik.frontend.auth.basic.users=test:{SHA}2UFT/yQ0qY6H5vZzJ6k1nzHkEXk=")
	if len(openRoutes(spec)) != 1 || codes(found) != WithoutEffect {
		t.Errorf("beside another: %s", written([]rules.Spec{spec}, found))
	}
}

func TestEmptyLocksOfTraefik3AreTold(t *testing.T) {
	const router, service = "traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.services.s.loadbalancer.server.port=80"
	for label, open := range map[string]int{
		"basicauth.users=": 0, "basicauth.users=,": 0, "digestauth.users=": 0, "basicauth.realm=x": 0, "ipallowlist.sourcerange=": 0, "ipwhitelist.sourcerange=": 0, "chain.middlewares=": 0, "forwardauth.address=": 0,
	} {
		specs, found := Read(oneTask("svc", router, service, "traefik.http.middlewares.m."+label, "traefik.http.routers.r.middlewares=m"), exposed)
		if len(openRoutes(specs...)) != open || !strings.Contains(codes(found), MissingOption) {
			t.Errorf("%s: %s", label, written(specs, found))
		}
	}
	specs, found := Read(oneTask("svc", router, service, "traefik.http.routers.r.middlewares="), exposed)
	if len(openRoutes(specs...)) != 1 || codes(found) != MissingOption {
		t.Errorf("no list: %s", written(specs, found))
	}
	specs, found = Read(oneTask("svc", router, service, "traefik.http.middlewares.m.compress=true", "traefik.http.middlewares.n.compress=true", "traefik.http.middlewares.c.chain.middlewares=n@docker"), exposed)
	if len(openRoutes(specs...)) != 1 || codes(found) != WithoutEffect || !strings.Contains(found[0].Message, ": c, m") {
		t.Errorf("middlewares at no door: %s", written(specs, found))
	}
}

func TestRoutesThatAreNotServedAreRememberedWithTheirRules(t *testing.T) {
	for _, c := range []struct {
		labels []string
		want   string // the rules, those that cannot be read with a mark
	}{
		{[]string{"traefik.frontend.rule=Host:a.b"}, "Host:a.b"},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Hots:a.b"}, "Hots:a.b (unread)"},
		{[]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.frontend.auth.basic.users=nonsense"}, ""}, // closed, in the table
		{[]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.tags=internal"}, "Host:a.b"},
		{[]string{"traefik.a.port=80", "traefik.a.frontend.rule=Host:a.b", "traefik.b.frontend.rule=Host:b.b"}, "Host:b.b"},
		{[]string{"traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.routers.r.middlewares=nobody", "traefik.http.services.r.loadbalancer.server.port=80"}, ""},
		{[]string{"traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.routers.r.service=x@file", "traefik.http.routers.r.middlewares=nobody"}, "Host(`a.b`)"},
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

func TestAMissingPortSaysWhose(t *testing.T) {
	const routers = "traefik.http.routers.%s.rule=Host(`%s.b`) traefik.http.routers.%s.service=%s traefik.http.services.%s.loadbalancer.passhostheader=true "
	of := func(name string) string { return strings.ReplaceAll(routers, "%s", name) }
	_, found := Read(swarmOf("web "+of("one")+of("two")), exposed)
	for _, name := range []string{"service one ", "service two "} {
		if !strings.Contains(told(found), name) {
			t.Errorf("%s is not in\n%s", name, told(found))
		}
	}
	_, found = Read(swarmOf("web "+of("one")+"traefik.http.services.one.loadbalancer.server.port=80 traefik.frontend.rule=Host:a.b"), exposed)
	if !strings.Contains(told(found), "labels of Traefik 1.x ask for a route") {
		t.Errorf("told\n%s", told(found))
	}
}

func TestALockWithABrokenPrefixClosesTheRoute(t *testing.T) {
	const hash = "=me:$apr1$abc$def"
	for _, name := range []string{"traefik_frontend_auth_basic_users", "traefik/frontend.auth.basic.users", "frontend.auth.basic.users", "auth.basic.users"} {
		for _, route := range []string{
			"traefik.port=80 traefik.frontend.rule=Host:a.b ",
			"traefik.http.routers.r.rule=Host(`a.b`) traefik.http.services.r.loadbalancer.server.port=80 ",
		} {
			table, found := compiled(swarmOf("web "+route+name+hash), exposed)
			text := told(found)
			open := slices.ContainsFunc(table.Routes, func(r *rules.Route) bool { return !r.Closed() })
			if len(table.Routes) == 0 || open || !strings.Contains(text, "error ") || !strings.Contains(text, "traefik.frontend.auth.basic.users") || strings.Contains(text, "apr1") {
				t.Errorf("%s beside %s:\n%s%s", name, route, table, text)
			}
		}
		if table, found := compiled(swarmOf("other "+name+hash), exposed); len(table.Routes) > 0 || told(found) != "" {
			t.Errorf("%s alone:\n%s%s", name, table, told(found))
		}
	}
}
