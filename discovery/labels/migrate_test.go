package labels

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// migrated is the same swarm with labels of another dialect. What is left as it is keeps its own.
func migrated(s *snapshot.Swarm, o Options, to Language) (*snapshot.Swarm, []Migration) {
	again := *s
	again.Services = slices.Clone(s.Services)
	all := Migrate(s, o, to)
	for i := range again.Services {
		for _, m := range all {
			if m.Service == again.Services[i].Name && !m.Left {
				again.Services[i].Labels = m.Labels
			}
		}
	}
	return &again, all
}

// compiled is a swarm's table. Paths are compared as they are, since Traefik 3 redirects no trailing slash.
func compiled(s *snapshot.Swarm, o Options) (*rules.Table, []rules.Diagnostic) {
	specs, found := Read(s, o)
	table, more := rules.Compile(specs, rules.Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"}, KeepTrailingSlash: true})
	return table, append(found, more...)
}

func told(found []rules.Diagnostic) string {
	var lines []string
	for _, d := range found {
		if d.Severity >= rules.Warning {
			lines = append(lines, d.String())
		}
	}
	return strings.Join(lines, "\n")
}

func listedLabels(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "  %s=%s\n", name, labels[name])
	}
	return b.String()
}

// chance draws labels of 1.x that both dialects have words for, to the letter.
type chance struct{ *rand.Rand }

func (c chance) one(of ...string) string { return of[c.IntN(len(of))] }

func (c chance) rule() string {
	parts := []string{c.one("Host:a.com", "Host:a.com,b.com", "HostRegexp:{sub:[a-z]+}.a.com", "Host:xn--bcher-kva.example")}
	for range c.IntN(3) {
		parts = append(parts, c.one("PathPrefix:/api", "PathPrefix:/api,/v2", "Path:/x", "Method:GET,POST", "Headers:X-Foo,bar", `HeadersRegexp:X-Foo,^b\\.r$`,
			"PathPrefix:/{id:[0-9]+}", "AddPrefix:/p", "ReplacePath:/r", "PathPrefixStrip:/strip", "ReplacePathRegex:^/a(.*) /b$1", "Query:q=1"))
	}
	return strings.Join(parts, ";")
}

func (c chance) labels(name string) map[string]string {
	labels := map[string]string{}
	maybe := func(label string, values ...string) {
		if c.IntN(3) == 0 {
			labels["traefik."+label] = c.one(values...)
		}
	}
	segments := []string{""}
	if c.IntN(3) == 0 {
		segments = []string{"web.", "admin."}
	}
	for i, s := range segments {
		labels["traefik."+s+"port"] = fmt.Sprint(8000 + i)
		labels["traefik."+s+"frontend.rule"] = c.rule()
		maybe(s+"frontend.priority", "1", "500")
		maybe(s+"frontend.entryPoints", "http", "https,http")
		maybe(s+"frontend.passHostHeader", "false", "true")
		maybe(s+"weight", "1", "7", "100")
		maybe(s+"protocol", "http", "https", "h2c")
	}
	for _, s := range segments {
		c.guards(s+"frontend.", maybe, labels)
		c.traffic(s+"frontend.", maybe, labels)
	}
	maybe("backend.loadbalancer.stickiness", "true")
	maybe("backend.loadbalancer.stickiness.secure", "true")
	maybe("backend.loadbalancer.stickiness.cookieName", "sid")
	maybe("backend.healthcheck.path", "/health?x=1")
	maybe("backend.healthcheck.interval", "7s")
	maybe("backend.healthcheck.headers", "X-A:b||X-C:d")
	maybe("backend.healthcheck.port", "9000")
	maybe("backend.loadbalancer.swarm", "false")
	maybe("docker.network", "public")
	if len(segments) == 1 {
		maybe("backend", "shared", name)
		c.pages(cmp.Or(labels["traefik.backend"], name), maybe, labels)
	}
	return labels
}

// guards are what keeps people out, each lock with a key. Labels of the kinds that do not count are drawn too. Those for client
// certificates are not: the dialects tell of these in different forms.
func (c chance) guards(at string, maybe func(label string, values ...string), labels map[string]string) {
	maybe(at+"auth.basic.users", "me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=,you:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/")
	maybe(at+"auth.basic.usersFile", "/run/secrets/users")
	c.besides(at+"auth.basic.removeHeader", labels, at+"auth.basic.users", at+"auth.basic.usersFile")
	maybe(at+"auth.digest.users", "me:traefik:0123456789abcdef0123456789abcdef")
	c.besides(at+"auth.digest.removeHeader", labels, at+"auth.digest.users")
	if c.IntN(3) == 0 {
		labels["traefik."+at+"auth.forward.address"] = c.one("http://auth/ask", "https://me:pw@auth/")
		maybe(at+"auth.forward.trustForwardHeader", "true")
		maybe(at+"auth.forward.authResponseHeaders", "X-User", "X-User,X-Group")
		maybe(at+"auth.forward.tls.insecureSkipVerify", "true")
		maybe(at+"auth.forward.tls.ca", "/run/secrets/ca")
	}
	maybe(at+"auth.headerField", "X-Who")
	maybe(at+"whiteList.sourceRange", "10.0.0.0/8", "10.0.0.0/8,192.0.2.1,2001:db8::/32")
}

// besides draws a boolean where one of the others is.
func (c chance) besides(label string, labels map[string]string, others ...string) {
	there := slices.ContainsFunc(others, func(other string) bool { return labels["traefik."+other] != "" })
	if there && c.IntN(2) == 0 {
		labels["traefik."+label] = c.one("true", "false")
	}
}

// pages are error pages that a service makes.
func (c chance) pages(service string, maybe func(label string, values ...string), labels map[string]string) {
	for _, page := range []string{"a", "b"} {
		if c.IntN(4) == 0 {
			at := "frontend.errors." + page + "."
			labels["traefik."+at+"status"], labels["traefik."+at+"backend"] = c.one("404", "500-599", "404,500-503"), service
			maybe(at+"query", "/{status}.html")
		}
	}
}

// traffic is what else both dialects say alike.
func (c chance) traffic(at string, maybe func(label string, values ...string), labels map[string]string) {
	if c.IntN(3) == 0 {
		labels["traefik."+at+"redirect.regex"], labels["traefik."+at+"redirect.replacement"] = "^http://a.com/(.*)", c.one("http://b.com/$1", "http://b.com/${1}x")
		maybe(at+"redirect.permanent", "true", "false")
	}
	maybe(at+"headers.customRequestHeaders", "X-A:b", "X-A:b||X-C:")
	maybe(at+"headers.SSLRedirect", "false")
	if c.IntN(3) == 0 {
		rate := "traefik." + at + "rateLimit."
		labels[rate+"extractorFunc"] = c.one("client.ip", "request.host", "request.header.X-Key")
		labels[rate+"rateSet.r.period"], labels[rate+"rateSet.r.average"], labels[rate+"rateSet.r.burst"] = c.one("10s", "3m"), "5", c.one("9", "100")
	}
	maybe("backend.buffering.maxRequestBodyBytes", "0", "100")
	maybe("backend.buffering.memRequestBodyBytes", "50", "1048576")
	maybe("backend.buffering.memResponseBodyBytes", "60")
	maybe("backend.buffering.retryExpression", "IsNetworkError() && Attempts() <= 2")
	maybe("backend.circuitbreaker.expression", "NetworkErrorRatio() > 0.5", "LatencyAtQuantileMS(50.0) > 50 || ResponseCodeRatio(500, 600, 0, 600) > 0.3")
}

func TestWhatIsMigratedToTraefik3CompilesToTheSameTable(t *testing.T) {
	for seed := range uint64(300) {
		c := chance{rand.New(rand.NewPCG(seed, 1))}
		s := oneTask("web")
		s.Services[0].Labels = c.labels("web")
		other := oneTask("api").Services[0]
		other.Tasks[0].ID, other.Labels = "t2", c.labels("api")
		s.Services = append(s.Services, other)
		slices.SortFunc(s.Services, func(a, b snapshot.Service) int { return strings.Compare(a.ID, b.ID) })

		before, _ := compiled(s, exposed)
		after, all := migrated(s, exposed, Traefik3)
		if slices.ContainsFunc(all, func(m Migration) bool { return m.Left }) {
			t.Fatalf("seed %d: left as it is: %+v", seed, all)
		}
		if slices.ContainsFunc(all, func(m Migration) bool { return strings.Contains(strings.Join(m.Notes, ""), "passHostHeader") }) {
			continue
		}
		table, found := compiled(after, exposed)
		if !rules.Same(before, table) {
			t.Fatalf("seed %d:\n%s%s\nbecomes\n%s%s\n%s\nbefore\n%s\nafter\n%s", seed, listedLabels(s.Services[0].Labels), listedLabels(s.Services[1].Labels),
				listedLabels(after.Services[0].Labels), listedLabels(after.Services[1].Labels), told(found), before, table)
		}
		for _, m := range all {
			for name := range m.Labels {
				if strings.HasPrefix(name, "traefik.frontend") || strings.HasPrefix(name, "traefik.backend") {
					t.Fatalf("seed %d: %s is of 1.x", seed, name)
				}
			}
		}
	}
}

func TestWhatIsMigratedThereAndBackCompilesToTheSameTable(t *testing.T) {
	noted := 0
	for seed := range uint64(300) {
		c := chance{rand.New(rand.NewPCG(seed, 2))}
		s := oneTask("web")
		s.Services[0].Labels = c.labels("web")
		before, _ := compiled(s, exposed)
		there, first := migrated(s, exposed, Traefik3)
		back, all := migrated(there, exposed, Traefik1)
		after, found := compiled(back, exposed)
		if len(before.Routes) == 0 || first[0].Left || all[0].Left {
			t.Fatalf("seed %d: no route, or left as it is: %+v %+v", seed, first, all)
		}
		if len(all[0].Notes) > 0 {
			noted++
			continue
		}
		if !rules.Same(before, after) {
			t.Errorf("seed %d:\n%sbecomes\n%sand\n%s%v\n%s\nbefore\n%s\nafter\n%s", seed, listedLabels(s.Services[0].Labels), listedLabels(there.Services[0].Labels),
				listedLabels(back.Services[0].Labels), all[0].Notes, told(found), before, after)
			return
		}
	}
	if noted > 60 {
		t.Errorf("%d of 300 have notes", noted)
	}
}

func TestEachFilterIsWrittenInTheWordsOfTheOther(t *testing.T) {
	for _, c := range []struct {
		one  []string
		want []string // among the labels of Traefik 3
		note string
	}{
		{[]string{"frontend.rateLimit.extractorFunc=client.ip", "frontend.rateLimit.rateSet.a.period=3s", "frontend.rateLimit.rateSet.a.average=5", "frontend.rateLimit.rateSet.a.burst=10"},
			[]string{"middlewares.web-ratelimit.rateLimit.average=5", "middlewares.web-ratelimit.rateLimit.burst=10", "middlewares.web-ratelimit.rateLimit.period=3s",
				"middlewares.web-ratelimit.rateLimit.sourceCriterion.ipStrategy.depth=0", "routers.web.middlewares=web-ratelimit"}, ""},
		{[]string{"backend.buffering.maxRequestBodyBytes=100", "backend.buffering.retryExpression=IsNetworkError() && Attempts() < 2"},
			[]string{"middlewares.web-buffering.buffering.maxRequestBodyBytes=100", "middlewares.web-buffering.buffering.retryExpression=IsNetworkError() && Attempts() < 2"}, ""},
		{[]string{"backend.circuitbreaker.expression=NetworkErrorRatio() > 0.5"},
			[]string{"middlewares.web-circuitbreaker.circuitBreaker.expression=NetworkErrorRatio() > 0.5"}, ""},
		{[]string{"frontend.errors.x.status=500-599,404", "frontend.errors.x.backend=web", "frontend.errors.x.query=/{status}.html"},
			[]string{"middlewares.web-errors.errors.status=500-599,404", "middlewares.web-errors.errors.service=web", "middlewares.web-errors.errors.query=/{status}.html"}, ""},
		{[]string{"backend.maxconn.amount=7", "backend.maxconn.extractorfunc=request.header.X-Key"},
			[]string{"middlewares.web-inflightreq.inFlightReq.amount=7", "middlewares.web-inflightreq.inFlightReq.sourceCriterion.requestHeaderName=X-Key"}, "inFlightReq is written"},
		{[]string{"frontend.passTLSClientCert.pem=true", "frontend.passTLSClientCert.infos.sans=true"},
			[]string{"middlewares.web-passtlsclientcert.passTLSClientCert.pem=true", "middlewares.web-passtlsclientcert.passTLSClientCert.info.sans=true"}, "in another form"},
		{[]string{"backend.loadbalancer.method=drr"}, nil, "no drr"},
		{[]string{"backend.maxconn.amount=-1", "backend.maxconn.extractorfunc=client.ip"},
			[]string{"middlewares.web-ipallowlist.ipAllowList.sourceRange=255.255.255.255/32", "middlewares.web-ipallowlist.ipAllowList.rejectStatusCode=429"}, "refuses every request"},
		{[]string{"backend.buffering.memRequestBodyBytes=1048576"}, []string{"middlewares.web-buffering.buffering.memRequestBodyBytes=1048576", "middlewares.web-buffering.buffering.memResponseBodyBytes="}, ""},
	} {
		s := oneTask("web", append([]string{"port=80", "frontend.rule=Host:a.com"}, c.one...)...)
		for name, value := range s.Services[0].Labels {
			delete(s.Services[0].Labels, name)
			s.Services[0].Labels["traefik."+name] = value
		}
		after, all := migrated(s, exposed, Traefik3)
		for _, want := range c.want {
			name, value, _ := strings.Cut(want, "=")
			if got := all[0].Labels["traefik.http."+name]; got != value {
				t.Errorf("%s: %s is %q, want %q in\n%s", c.one[0], name, got, value, listedLabels(all[0].Labels))
			}
		}
		if notes := strings.Join(all[0].Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%s: notes are %q", c.one[0], notes)
		}
		if table, found := compiled(after, exposed); len(table.Routes) != 1 || told(found) != "" {
			t.Errorf("%s: %s\n%s", c.one[0], table, told(found))
		}
		// And back: what was asked for is asked for again.
		_, back := migrated(after, exposed, Traefik1)
		for _, label := range c.one {
			name, value, _ := strings.Cut("traefik."+strings.Replace(label, "rateSet.a", "rateSet.rate1", 1), "=")
			name = strings.Replace(name, "errors.x", "errors.page", 1)
			if got := back[0].Labels[name]; got != value && !strings.Contains(name, "maxconn") && !strings.Contains(name, "drr") && !strings.HasSuffix(name, ".method") {
				t.Errorf("and back: %s is %q, want %q", name, got, value)
			}
		}
	}
}

func TestWhatWouldBeOpenIn1xIsLeftAsItIs(t *testing.T) {
	const list, user = "10.0.0.0/8", "me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="
	for _, options := range [][]string{
		{"a.basicAuth.users=" + user, "b.forwardAuth.address=http://auth/"},
		{"a.ipAllowList.sourceRange=" + list, "b.ipAllowList.sourceRange=" + list},
		{"a.ipAllowList.sourceRange=" + list, "a.ipAllowList.ipStrategy.depth=1"},
	} {
		labels := []string{"traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.services.r.loadbalancer.server.port=80", "traefik.http.routers.r.middlewares=a"}
		for _, option := range options {
			labels = append(labels, "traefik.http.middlewares."+option)
			if strings.HasPrefix(option, "b.") {
				labels[2] = "traefik.http.routers.r.middlewares=a,b"
			}
		}
		all := Migrate(oneTask("web", labels...), exposed, Traefik1)
		if len(all) != 1 || !all[0].Left || len(all[0].Labels) > 0 || !strings.Contains(all[0].Notes[0], "left as it is") {
			t.Errorf("%v: got %+v", options, all)
		}
	}
}

func TestALockWithoutUsersIsClosedInBothDialects(t *testing.T) {
	const router, service, used = "traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.services.r.loadbalancer.server.port=80", "traefik.http.routers.r.middlewares=a"
	for one, three := range map[string][]string{
		"basic.removeHeader=false":  {"basicauth.removeheader=false", "basicAuth.realm=traefik", "basicAuth=true", "basicAuth.users=,"},
		"digest.removeHeader=false": {"digestauth.removeheader=false", "digestAuth.realm=traefik", "digestAuth=true", "digestAuth.users=,"},
		"basic.users=,":             {"basicauth.headerField=X-Who"},
		"digest.usersFile=":         {"digestauth.usersFile="},
		"basic.removeHeader=":       {"basicauth.removeheader=", "digestauth.removeheader="},
	} {
		old := oneTask("web", "traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.frontend.priority=11", "traefik.frontend.auth."+one)
		before := closedOnly(t, old)
		for _, option := range three {
			newer := oneTask("web", router, service, used, "traefik.http.routers.r.priority=11", "traefik.http.middlewares.a."+option)
			if after := closedOnly(t, newer); !rules.Same(before, after) {
				t.Errorf("%s: %s\n%s: %s", one, before, option, after)
			}
			keptClosed(t, newer, Traefik1)
		}
		keptClosed(t, old, Traefik3)
	}
}

// closedOnly is the table of a swarm whose one route lets in nobody, which its author is told.
func closedOnly(t *testing.T, s *snapshot.Swarm) *rules.Table {
	t.Helper()
	table, found := compiled(s, exposed)
	if len(table.Routes) != 1 || !table.Routes[0].Closed() || !slices.ContainsFunc(found, func(d rules.Diagnostic) bool { return d.Severity == rules.Error }) {
		t.Errorf("%v: %s\n%s", s.Services[0].Labels, table, told(found))
	}
	return table
}

// keptClosed migrates a swarm of one service with a mistake: it is left as it is, with what is to be mended first.
func keptClosed(t *testing.T, s *snapshot.Swarm, to Language) {
	t.Helper()
	after, all := migrated(s, exposed, to)
	if len(all) != 1 || !all[0].Left || len(all[0].Labels) > 0 || len(all[0].Found) == 0 || !rules.Same(closedOnly(t, s), closedOnly(t, after)) {
		t.Errorf("%v: migrated %+v", s.Services[0].Labels, all)
	}
}

func TestNoClosedRouteIsMigratedThoughNobodyIsToldOfIt(t *testing.T) {
	for to, labels := range map[Language][]string{
		Traefik3: {"traefik.port=80", "traefik.frontend.rule=Host:a.b", "traefik.frontend.auth.basic.removeHeader=true"},
		Traefik1: {"traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.services.r.loadbalancer.server.port=80",
			"traefik.http.routers.r.middlewares=a", "traefik.http.middlewares.a.basicauth.removeheader=true"},
	} {
		s := oneTask("web", labels...)
		s.Services[0].Gone = true // there is nobody left to tell it to
		if all := Migrate(s, exposed, to); len(all) != 1 || !all[0].Left || len(all[0].Labels) > 0 || len(all[0].Found) > 0 {
			t.Errorf("%v: got %+v", labels, all)
		}
	}
}

func TestPagesWithoutANameKeepTheirOrderIn1x(t *testing.T) {
	s := oneTask("web", "traefik.http.routers.r.rule=Host(`a.b`)", "traefik.http.services.r.loadbalancer.server.port=80", "traefik.http.routers.r.middlewares=a,b,c",
		"traefik.http.middlewares.a.errors.status=404", "traefik.http.middlewares.a.errors.service=r", "traefik.http.middlewares.a.errors.query=/a",
		"traefik.http.middlewares.b.errors.status=404", "traefik.http.middlewares.b.errors.service=r", "traefik.http.middlewares.b.errors.query=/b",
		"traefik.http.middlewares.c.errors.status=404", "traefik.http.middlewares.c.errors.service=r", "traefik.http.middlewares.c.errors.query=/c")
	after, _ := migrated(s, exposed, Traefik1)
	before, _ := compiled(s, exposed)
	if table, _ := compiled(after, exposed); !rules.Same(before, table) {
		t.Errorf("becomes\n%s%s\nwas\n%s", listedLabels(after.Services[0].Labels), table, before)
	}
}
