package labels

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// oneTask is a swarm with one service of one task, both on the router's network.
func oneTask(name string, labels ...string) *snapshot.Swarm {
	return &snapshot.Swarm{
		Own:      []string{"n1"},
		Networks: []snapshot.Network{{ID: "n0", Name: "ingress", Ingress: true}, {ID: "n1", Name: "public"}},
		Services: []snapshot.Service{{
			ID: "s-" + name, Name: name, Labels: labelled(labels...),
			Tasks: []snapshot.Task{{ID: "t1", Slot: 1, Addresses: addresses("n1=10.0.1.5")}},
		}},
	}
}

// labelled turns "name=value" texts into labels.
func labelled(labels ...string) map[string]string {
	all := map[string]string{}
	for _, l := range labels {
		name, value, _ := strings.Cut(l, "=")
		all[name] = value
	}
	return all
}

// addresses turns "network=ip" texts into addresses.
func addresses(list ...string) []snapshot.Address {
	var all []snapshot.Address
	for _, a := range list {
		network, ip, _ := strings.Cut(a, "=")
		all = append(all, snapshot.Address{Network: network, IP: netip.MustParseAddr(ip)})
	}
	return all
}

var exposed = Options{ExposedByDefault: true, Domain: "litup.me"}

// readOne reads a service that has a port and a rule, plus some labels.
func readOne(labels ...string) (rules.Spec, []rules.Diagnostic) {
	labels = append([]string{"traefik.port=80", "traefik.frontend.rule=Host:a.b"}, labels...)
	specs, found := Read(oneTask("svc", labels...), exposed)
	if len(specs) == 0 {
		return rules.Spec{}, found
	}
	return specs[0], found
}

func codes(found []rules.Diagnostic) string {
	var all []string
	for _, d := range found {
		all = append(all, d.Code)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// openRoutes are those that are served: a closed one answers 503.
func openRoutes(specs ...rules.Spec) (open []rules.RouteSpec) {
	for _, s := range specs {
		for _, r := range s.Routes {
			if !slices.Contains(r.Filters, rules.Filter(rules.Closed{})) {
				open = append(open, r)
			}
		}
	}
	return open
}

func TestABadValueCostsWhatItsRowSays(t *testing.T) {
	share := func(s rules.Spec) rules.ServiceSpec { return s.Services[0] }
	route := func(s rules.Spec) rules.RouteSpec { return s.Routes[0] }
	none := func(s rules.Spec) bool {
		return len(openRoutes(s)) == 0 && !slices.ContainsFunc(s.Services, func(v rules.ServiceSpec) bool { return len(v.Endpoints) > 0 })
	}
	plain := func(s rules.Spec) bool {
		r, v := route(s), share(s)
		return r.PassHost && r.Priority == 0 && len(r.EntryPoints) == 0 && v.Weight == 1 && v.Balance == rules.WRR &&
			v.Sticky == nil && v.Check == nil && v.MaxConn == nil && v.Endpoints[0].URL() == "http://10.0.1.5:80"
	}
	checked := func(change func(*rules.Check)) func(rules.Spec) bool {
		return func(s rules.Spec) bool {
			want := rules.Check{Path: "/up", Interval: 30 * time.Second, Timeout: 5 * time.Second, Rise: 1, Fall: 1}
			change(&want)
			got := share(s).Check
			return got != nil && slices.Equal(got.Headers, want.Headers) && got.Path == want.Path && got.Port == want.Port &&
				got.Scheme == want.Scheme && got.Host == want.Host && got.Interval == want.Interval &&
				got.Timeout == want.Timeout && got.Rise == want.Rise && got.Fall == want.Fall
		}
	}
	same := func(*rules.Check) {}
	const path = "traefik.backend.healthcheck.path=/up"
	const stick = "traefik.backend.loadbalancer.stickiness"
	cases := []struct {
		labels, code, suggestion string
		holds                    func(rules.Spec) bool
	}{
		{"traefik.enable=no", BadBoolean, "false", plain},
		{"traefik.enable=on", BadBoolean, "true", plain},
		{"traefik.enable=", BadBoolean, "", plain},
		{"traefik.enable=False", "", "", none},
		{"traefik.enable=0", "", "", none},
		{"traefik.port=abc", BadPort, "", none},
		{"traefik.port=", BadPort, "", none},
		{"traefik.port= 80", BadPort, "80", none},
		{"traefik.port=0", BadPort, "", none},
		{"traefik.port=99999", BadPort, "", none},
		{"traefik.port=70000 ", BadPort, "", none},
		{"traefik.port=80/tcp", BadPort, "80", none},
		{"traefik.port=+81", "", "", func(s rules.Spec) bool { return share(s).Endpoints[0].Addr == "10.0.1.5:81" }},
		{"traefik.protocol=htps", BadProtocol, "https", none},
		{"traefik.protocol=HTTPS", "", "", func(s rules.Spec) bool { return share(s).Endpoints[0].URL() == "https://10.0.1.5:80" }},
		{"traefik.protocol=h2c", "", "", func(s rules.Spec) bool { return share(s).Endpoints[0].Scheme == "h2c" }},
		{"traefik.protocol=", "", "", plain},
		{"traefik.weight=heavy", BadNumber, "", plain},
		{"traefik.weight=1.5", BadNumber, "", plain},
		{"traefik.weight=", BadNumber, "", plain},
		{"traefik.weight=-1", BadWeight, "", none},
		{"traefik.weight=9999999999", BadNumber, "1000000", func(s rules.Spec) bool { return share(s).Weight == 1_000_000 }},
		{"traefik.weight=99999999999999999999", BadNumber, "1000000", func(s rules.Spec) bool { return share(s).Weight == 1_000_000 }},
		{"traefik.weight=-99999999999999999999", BadWeight, "", none},
		{"traefik.weight=0", BadNumber, "", plain},
		{"traefik.weight=100", "", "", func(s rules.Spec) bool { return share(s).Weight == 100 }},
		{"traefik.backend=", "", "", func(s rules.Spec) bool { return share(s).Name == "backend-svc" && plain(s) }},
		{"traefik.backend=my_shop", "", "", func(s rules.Spec) bool { return share(s).Name == "backend-my-shop" }},
		{"traefik.tags=a,b", "", "", plain},
		{"traefik.docker.network=publik", NetworkNotAttached, "public", plain},
		{"traefik.docker.network=ingress", NetworkNotAttached, "", plain},
		{"traefik.backend.loadbalancer.swarm=yes", BadBoolean, "true", plain},
		{"traefik.backend.loadbalancer.method=rr", BadChoice, "wrr", plain},
		{"traefik.backend.loadbalancer.method=DRR", "", "", func(s rules.Spec) bool { return share(s).Balance == rules.DRR }},
		{stick + "=yes", BadBoolean, "true", plain},
		{stick + "=TRUE", "", "", func(s rules.Spec) bool { return *share(s).Sticky == rules.Sticky{Cookie: cookieName("backend-svc")} }},
		{stick + ".cookieName=x", WithoutEffect, "", plain},
		{stick + "=true " + stick + ".cookieName=/my/BACKEND-v1.0~rc1", "", "",
			func(s rules.Spec) bool { return share(s).Sticky.Cookie == "_my_BACKEND-v1.0~rc1" }},
		{stick + "=true " + stick + ".secure=yes", BadBoolean, "true", func(s rules.Spec) bool { return !share(s).Sticky.Secure }},
		{stick + "=true " + stick + ".secure=1 " + stick + ".httpOnly=t", "", "",
			func(s rules.Spec) bool { return share(s).Sticky.Secure && share(s).Sticky.HTTPOnly }},
		{stick + "=true " + stick + ".httpOnly=on", BadBoolean, "true", func(s rules.Spec) bool { return !share(s).Sticky.HTTPOnly }},
		{stick + "=true " + stick + ".sameSite=Lax", BadChoice, "lax", func(s rules.Spec) bool { return share(s).Sticky.SameSite == "" }},
		{stick + "=true " + stick + ".sameSite=strict", "", "", func(s rules.Spec) bool { return share(s).Sticky.SameSite == "strict" }},
		{"traefik.backend.loadbalancer.sticky=si", BadBoolean, "", plain},
		{"traefik.backend.loadbalancer.sticky=true", "", "",
			func(s rules.Spec) bool { return *share(s).Sticky == rules.Sticky{Cookie: "_TRAEFIK_BACKEND"} }},
		{"traefik.backend.loadbalancer.sticky=true " + stick + "=true", "", "",
			func(s rules.Spec) bool { return share(s).Sticky.Cookie == cookieName("backend-svc") }},
		{"traefik.backend.maxconn.amount=many", BadNumber, "", plain},
		{"traefik.backend.maxconn.amount=0", "", "", plain},
		{"traefik.backend.maxconn.amount=-1", RefusesAll, "", func(s rules.Spec) bool { return share(s).MaxConn.Amount == -1 }},
		{"traefik.backend.maxconn.amount=10", "", "",
			func(s rules.Spec) bool {
				return reflect.DeepEqual(*share(s).MaxConn, rules.MaxConn{Amount: 10, Extractor: rules.Extractor{Kind: rules.ByHost}})
			}},
		{"traefik.backend.maxconn.extractorfunc=client.ip", WithoutEffect, "", plain},
		{"traefik.backend.maxconn.amount=10 traefik.backend.maxconn.extractorfunc=client.pi", BadExtractor, "client.ip", none},
		{"traefik.backend.maxconn.amount=10 traefik.backend.maxconn.extractorfunc=request.header.", BadExtractor, "request.header.NAME", none},
		{"traefik.backend.maxconn.amount=0 traefik.backend.maxconn.extractorfunc=wrong", BadExtractor, "", plain},
		{"traefik.backend.maxconn.amount=ten traefik.backend.maxconn.extractorfunc=client.pi", BadExtractor + " " + BadNumber, "", plain},
		{"traefik.backend.maxconn.amount=1 traefik.backend.maxconn.extractorfunc=client.ip", "", "",
			func(s rules.Spec) bool { return share(s).MaxConn.Extractor.Kind == rules.ByClientIP }},
		{"traefik.backend.maxconn.amount=1 traefik.backend.maxconn.extractorfunc=request.header.x-user", "", "",
			func(s rules.Spec) bool {
				return reflect.DeepEqual(share(s).MaxConn.Extractor, rules.Extractor{Kind: rules.ByHeader, Header: "X-User"})
			}},
		{path, "", "", checked(same)},
		{"traefik.backend.healthcheck.path=up?a=b&c", "", "", checked(func(c *rules.Check) { c.Path = "/up?a=b&c" })},
		{"traefik.backend.healthcheck.path=:", BadPath, "", plain},
		{"traefik.backend.healthcheck.path=//other/up", BadPath, "", plain},
		{"traefik.backend.healthcheck.port=8080", WithoutEffect, "", plain},
		{path + " traefik.backend.healthcheck.port=http", BadNumber, "", checked(same)},
		{path + " traefik.backend.healthcheck.port=70000", BadNumber, "", checked(same)},
		{path + " traefik.backend.healthcheck.port=8080", "", "", checked(func(c *rules.Check) { c.Port = 8080 })},
		{path + " traefik.backend.healthcheck.scheme=tcp", BadChoice, "http", checked(same)},
		{path + " traefik.backend.healthcheck.scheme=https", "", "", checked(func(c *rules.Check) { c.Scheme = "https" })},
		{path + " traefik.backend.healthcheck.hostname=x.y", "", "", checked(func(c *rules.Check) { c.Host = "x.y" })},
		{path + " traefik.backend.healthcheck.headers=x-a:1||bad||x-b:", BadPair, "", checked(func(c *rules.Check) {
			c.Headers = []rules.Pair{{Name: "X-A", Value: "1"}, {Name: "X-B", Value: ""}}
		})},
		{path + " traefik.backend.healthcheck.interval=6", BadDuration, "6s", checked(same)},
		{path + " traefik.backend.healthcheck.interval=-6s", BadDuration, "", checked(same)},
		{path + " traefik.backend.healthcheck.interval=1ns", BadDuration, "10ms", checked(func(c *rules.Check) { c.Interval = 10 * time.Millisecond })},
		{path + " traefik.backend.healthcheck.interval=1m30s", "", "", checked(func(c *rules.Check) { c.Interval = 90 * time.Second })},
		{path + " appia.healthcheck.rise=2 appia.healthcheck.fall=3 appia.healthcheck.timeout=1s", "", "",
			checked(func(c *rules.Check) { c.Rise, c.Fall, c.Timeout = 2, 3, time.Second })},
		{path + " appia.healthcheck.rise=0", BadNumber, "", checked(same)},
		{path + " appia.healthcheck.fall=two", BadNumber, "", checked(same)},
		{path + " appia.healthcheck.timeout=1", BadDuration, "1s", checked(same)},
		{"traefik.frontend.entryPoints=http,,https,", "", "",
			func(s rules.Spec) bool { return slices.Equal(route(s).EntryPoints, []string{"http", "https"}) }},
		{"traefik.frontend.priority=high", BadNumber, "", plain},
		{"traefik.frontend.priority=-3", WithoutEffect, "", plain},
		{"traefik.frontend.priority=0", WithoutEffect, "", plain},
		{"traefik.frontend.priority=99999999999999999999", BadNumber, "", plain},
		{"traefik.frontend.priority=10", "", "", func(s rules.Spec) bool { return route(s).Priority == 10 }},
		{"traefik.frontend.passHostHeader=yes", BadBoolean, "true", plain},
		{"traefik.frontend.passHostHeader=false", "", "", func(s rules.Spec) bool { return !route(s).PassHost }},
		{"traefik.frontend.passhostheader=false", UnknownLabel, "traefik.frontend.passHostHeader", plain},
		{"traefik.frontend.rule=host:a.b", rules.UnknownMatcher, "", func(s rules.Spec) bool { return len(s.Routes) == 0 && len(share(s).Endpoints) == 1 }},
		{"traefik.foo=bar", UnknownLabel, "", plain},
		{"traefik.backend.loadbalancer.stickyness=true", UnknownLabel, stick, plain},
		{"traefik.frontend.whitelist.sourceRange=10.0.0.0/8", ProtectionNotServed, "traefik.frontend.whiteList.sourceRange", none},
		{"traefik.frontend.whitelist.sourcerange=10.0.0.0/8", ProtectionNotServed, "traefik.frontend.whiteList.sourceRange", none},
		{"traefik.frontend.auht.basic=a:b", ProtectionNotServed, "traefik.frontend.auth.basic", none},
		{"traefik.frontend.Auth.basic=a:b", ProtectionNotServed, "traefik.frontend.auth.basic", none},
		{"traefik.auth.basic=a:b", ProtectionNotServed, "traefik.frontend.auth.basic", none},
		{"traefik.frontend.basic.users=a:b", ProtectionNotServed, "", none},
		{"traefk.frontend.auth.basic=a:b", ProtectionNotServed, "traefik.frontend.auth.basic", none},
		{"traefik.frontend.auht.basic=", ProtectionNotServed, "traefik.frontend.auth.basic", none},
		{"traefik.frontend.headers.allowedHosts=a.b", "", "", func(s rules.Spec) bool { return len(route(s).Filters) == 1 }},
		{"traefik.auth=x", ProtectionNotServed, "", none},
		{"traefik.frontend.port=81", UnknownLabel, "traefik.port", plain},
		{"traefik.backend.port=81", UnknownLabel, "traefik.port", plain},
		{"traefik.frontend.backend=x", UnknownLabel, "traefik.backend", plain},
		{"traefik.frontend.prot=81", UnknownLabel, "traefik.port", plain},
		{"traefik.rule=Host:c.d", UnknownLabel, "traefik.frontend.rule", plain},
		{"traefik.healthcheck.path=/", UnknownLabel, "traefik.backend.healthcheck.path", plain},
		{"traefik.frontend.loadbalancer.swarm=true", UnknownLabel, "traefik.backend.loadbalancer.swarm", plain},
		{"traefik.weight.per=service", UnknownLabel, "appia.weight.per", plain},
		{"traefik.frontend.errors.five.statuss=500", UnknownLabel, "traefik.frontend.errors.five.status", plain},
		{"traefik.frontend.rateLimit.rateset.x.period=1", UnknownLabel, "traefik.frontend.rateLimit.rateSet.x.period", plain},
		{"traefik.sticky=true", UnknownLabel, "traefik.backend.loadbalancer.sticky", plain},
		{"traefik.frontend.stickiness=true", UnknownLabel, "traefik.backend.loadbalancer.stickiness", plain},
		{"traefik.basic.users=a:b", ProtectionNotServed, "traefik.frontend.auth.basic.users", none},
		{"traefik.network=public", UnknownLabel, "traefik.docker.network", plain},
		{"traefik.docker.netwrok=public", UnknownLabel, "traefik.docker.network", plain},
		{"traefik.frontend.backend=x", UnknownLabel, "", plain},
		{"appia.weight.per=service", "", "", func(s rules.Spec) bool { return share(s).PerService }},
		{"appia.weight.per=servce", BadChoice, "service", plain},
		{"appia.weigth.per=service", UnknownLabel, "appia.weight.per", plain},
	}
	for _, c := range cases {
		t.Run(c.labels, func(t *testing.T) {
			spec, found := readOne(splitLabels(c.labels)...)
			if codes(found) != c.code {
				t.Fatalf("diagnostics %v, want %q", found, c.code)
			}
			for _, d := range found {
				if d.Suggestion != "" && (d.Suggestion == d.Value || d.Suggestion == d.Label) {
					t.Errorf("%s repeats the mistake", d)
				}
			}
			if c.suggestion != "" && found[0].Suggestion != c.suggestion {
				t.Errorf("suggestion %q, want %q", found[0].Suggestion, c.suggestion)
			}
			if !c.holds(spec) {
				t.Errorf("read as %+v", spec)
			}
		})
	}
}

// splitLabels cuts a case's text before each label's name, so that values may have spaces.
func splitLabels(text string) []string {
	text = strings.NewReplacer(" traefik.", "\x00traefik.", " appia.", "\x00appia.").Replace(text)
	return strings.Split(text, "\x00")
}
