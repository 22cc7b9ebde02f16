package admin

import (
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

func TestTableIsTextUnlessJSONIsAskedFor(t *testing.T) {
	r := blog(t)
	h := New(r.options()).Handler(all)
	for _, c := range []struct {
		page, accept string
		json         bool
	}{
		{"/api/table", "", false},
		{"/api/table", "text/html,*/*;q=0.8", false},
		{"/api/table", "application/json", true},
		{"/api/table?format=json", "", true},
		{"/api/table?format=text", "application/json", false},
	} {
		got := ask(t, h, "GET", c.page, "Accept: "+c.accept)
		if kind := got.Header.Get("Content-Type"); (kind == "application/json; charset=UTF-8") != c.json {
			t.Errorf("%s, Accept %q: %s", c.page, c.accept, kind)
		}
		if text := body(t, got); !c.json && text != r.table.String() {
			t.Errorf("%s: %s", c.page, text)
		}
	}
}

func TestTableAsJSONHasOurWords(t *testing.T) {
	golden(t, blog(t), "/api/table?format=json", `{
 "routes":[{"name":"frontend-Host-blog-litup-me-0","owner":"blog","label":"traefik.frontend.rule","rule":"Host:blog.litup.me",
   "priority":18,"entryPoints":["http"],"service":"backend-blog","passHost":true}],
 "services":[{"name":"backend-blog","settings":{"method":"wrr"},"sources":[
   {"owner":"blog","weight":1,"endpoints":[{"name":"server-blog-1","task":"task-blog-1","url":"http://10.0.1.5:2368"}]}]}]}`)
}

func TestDiagnosticsAreAListAlways(t *testing.T) {
	r := newRouter(t)
	golden(t, r, "/api/diagnostics", `[]`)
	r.status.Diagnostics = []rules.Diagnostic{{
		Service: "shop", Label: "traefik.frontend.rule", Value: "Hots:x", Code: "unknown-matcher", Severity: rules.Error,
		Message: "no matcher Hots", Suggestion: "Host:x",
	}}
	golden(t, r, "/api/diagnostics", `[{"service":"shop","label":"traefik.frontend.rule","value":"Hots:x",
		"code":"unknown-matcher","severity":"error","message":"no matcher Hots","suggestion":"Host:x"}]`)
}

func TestRoutesOfConnectionsAreInTheTable(t *testing.T) {
	r := blog(t)
	rule, _, _ := rules.ParseTCP("HostSNI(`*`)", false)
	r.table, _ = rules.Compile([]rules.Spec{{
		Owner:    rules.Owner{ID: "db", Name: "db"},
		Routes:   []rules.RouteSpec{{Label: "traefik.tcp.routers.db.rule", Name: "db", Rule: rule, Service: "tcp.db", PassHost: true, TCP: &rules.TCP{}}},
		Services: []rules.ServiceSpec{{Name: "tcp.db", Weight: 1, Transport: rules.Transport{ProxyProtocol: 2}}},
	}}, rules.Options{EntryPoints: []string{"pg"}, DefaultEntryPoints: []string{"pg"}})
	golden(t, r, "/api/table?format=json", `{"routes":[],
 "tcpRoutes":[{"name":"db-0","owner":"db","label":"traefik.tcp.routers.db.rule","rule":"HostSNI(`+"`*`"+`)","priority":-1,"entryPoints":["pg"],
   "service":"tcp.db","passHost":true,"tcp":"tcp"}],
 "services":[{"name":"tcp.db","settings":{"method":"wrr","proxyProtocol":2},"sources":[{"owner":"db","weight":1,"endpoints":[]}]}]}`)
	if text := body(t, ask(t, New(r.options()).Handler(all), "GET", "/api/overview")); !strings.Contains(text, `"tcp":"tcp"`) || !strings.Contains(text, `"routes":1`) {
		t.Errorf("the overview is %s", text)
	}
}
