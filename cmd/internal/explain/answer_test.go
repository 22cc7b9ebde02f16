package explain

import (
	"bytes"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

var entryPoints = []EntryPoint{{Name: "http", Address: ":80", TrustAll: true}, {Name: "https", Address: ":443", TrustAll: true}}

// world has a rule of 1.x, and one of Traefik 3 that leads to two services by weights.
func world(t *testing.T) World {
	t.Helper()
	endpoint := func(n string) []rules.Endpoint {
		return []rules.Endpoint{{Task: n, Name: n, Scheme: "http", Addr: "10.0.0." + n + ":80"}}
	}
	slash, _, ok := rules.ParseTraefik1("Host:a.com;Path:/x/")
	canary, _, ok3 := rules.ParseTraefik3("Host(`b.com`) && PathPrefix(`/api`)", rules.V3)
	if !ok || !ok3 {
		t.Fatal("a rule is refused")
	}
	table, found := rules.Compile([]rules.Spec{{
		Owner: rules.Owner{ID: "a", Name: "a"},
		Routes: []rules.RouteSpec{
			{Name: "slash", Rule: slash, Service: "blue", PassHost: true},
			{Name: "canary", Rule: canary, Service: "both", Filters: []rules.Filter{rules.StripPrefix("/api"), rules.BasicAuth{Users: []string{"me:s3cret"}, Realm: "traefik"}}},
		},
		Services: []rules.ServiceSpec{
			{Name: "blue", Weight: 1, Endpoints: endpoint("1"), Check: &rules.Check{Path: "/"}}, {Name: "green", Weight: 1, Endpoints: endpoint("2")},
			{Name: "both", Weighted: []rules.Part{{Service: "blue", Weight: 9}, {Service: "green", Weight: 1}}},
		},
	}}, rules.Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"}})
	if len(table.Routes) != 2 {
		t.Fatal(found)
	}
	return World{Table: table, Groups: Resting(table), EntryPoints: entryPoints}
}

func TestAServiceThatLeadsToOthersIsFollowedToEndpoints(t *testing.T) {
	a, err := Ask(world(t), Request{Method: "GET", URL: "b.com/api/1"})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Services) != 2 || a.Services[0].Name != "both" || a.Services[0].Next != "blue" || a.Services[1].Next != "http://10.0.0.1:80" {
		t.Errorf("got %+v", a.Services)
	}
	if a.Forwarded.Path != "/1" || a.Forwarded.Host != "" || len(a.Filters) != 2 {
		t.Errorf("got %+v, %v", a.Forwarded, a.Filters)
	}
	var out bytes.Buffer
	if err := a.Print(&out); err != nil || strings.Contains(out.String(), "s3cret") ||
		!strings.Contains(out.String(), "leads to blue next") || !strings.Contains(out.String(), "host      the endpoint's address") {
		t.Errorf("printed is %s, %v", out.String(), err)
	}
}

func TestTheAnswersOfTheRouterItselfAreTold(t *testing.T) {
	for url, want := range map[string]Answer{
		"http://a.com/x":        {Status: http.StatusMovedPermanently, Location: "/x/"},
		"http://nowhere.com/":   {Status: http.StatusNotFound},
		"https://a.com/x/":      {Status: http.StatusNotFound},
		"http://a.com:8080/x/?": {},
	} {
		a, err := Ask(world(t), Request{Method: "GET", URL: url, Client: netip.MustParseAddr("10.0.0.1")})
		if err != nil || a.Status != want.Status || a.Location != want.Location {
			t.Errorf("%s: got %d %s, %v", url, a.Status, a.Location, err)
		}
	}
}

func TestAHostFieldCountsBeforeTheURLs(t *testing.T) {
	a, err := Ask(world(t), Request{Method: "GET", URL: "http://127.0.0.1/x/", Header: http.Header{"Host": {"a.com"}}})
	if err != nil || a.Status != 0 || a.Route == "" {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestATCPRouteThatGetsTheConnectionIsTold(t *testing.T) {
	rule, _, _ := rules.ParseTCP("HostSNI(`a.com`)", true)
	w := world(t)
	w.Table, _ = rules.Compile([]rules.Spec{{
		Owner:    rules.Owner{ID: "mail", Name: "mail"},
		Routes:   []rules.RouteSpec{{Name: "mail", Rule: rule, Service: "tcp.mail", TCP: &rules.TCP{TLS: true, Passthrough: true}}},
		Services: []rules.ServiceSpec{{Name: "tcp.mail", Weight: 1}},
	}}, rules.Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"https"}})
	for url, tcp := range map[string]string{"https://a.com/": "mail-0", "https://b.com/": "", "http://a.com/": ""} {
		a, err := Ask(w, Request{Method: "GET", URL: url})
		if err != nil || a.TCP != tcp || (tcp != "") != strings.Contains(strings.Join(a.Notes, " "), "the tcp,passthrough route mail-0 of mail, HostSNI(`a.com`)") ||
			(tcp != "") != strings.HasPrefix(a.Gets, "what tcp.mail says") {
			t.Errorf("%s: %q, %q, %v, %v", url, a.TCP, a.Gets, a.Notes, err)
		}
	}
}
