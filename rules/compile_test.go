package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestOperatorIsToldOfDefaultEntryPointsThatDoNotExist(t *testing.T) {
	specs := []Spec{{Owner: owner("o", 1), Routes: []RouteSpec{{Name: "r", Rule: mustParse(t, "Host:a.com"), Service: "s"}}, Services: []ServiceSpec{{Name: "s"}}}}
	table, found := Compile(specs, Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"htp"}})
	if got := codesOf(found); got != "error unknown-entry-point, error no-entry-point" || found[0].Service != "" || found[0].Suggestion != "http" {
		t.Errorf("found %v", found)
	}
	if len(table.Routes) != 0 {
		t.Errorf("a route without entry points is in the table:\n%s", table)
	}
}

func TestAnEntryPointIsSuggestedForATypingMistakeOnly(t *testing.T) {
	for name, want := range map[string]string{
		"htp": "http", "HTTP": "http", " http": "http", "hhtp": "http", "https": "", "http2": "", "web": "", "ftp": "", "apo2": "api2", "api3": "", "": "",
	} {
		if got := misspelled(name, []string{"http", "api2"}); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestWhatIsToldOfASegmentNamesIt(t *testing.T) {
	route := func(segment string, points ...string) RouteSpec {
		return RouteSpec{Segment: segment, Name: "frontend-" + segment, Rule: mustParse(t, "Host:"+segment+".com"), Service: "s",
			EntryPoints: points, EntryPointsLabel: "traefik." + segment + ".frontend.entryPoints"}
	}
	inherits := route("two", "https")
	inherits.EntryPointsLabel = "traefik.frontend.entryPoints"
	_, found := Compile([]Spec{{Owner: owner("portainer", 1), Routes: []RouteSpec{route("http", "http"), route("https", "https"), inherits},
		Services: []ServiceSpec{{Name: "s"}}}}, onlyHTTP)
	const want = "error no-entry-point: portainer: traefik.frontend.entryPoints=\"https\": none of the route's entry points exists, so it is not served (segment two)\n" +
		"warning unknown-entry-point: portainer: traefik.frontend.entryPoints=\"https\": entry point \"https\" does not exist; the router has http\n" +
		"error no-entry-point: portainer: traefik.https.frontend.entryPoints=\"https\": none of the route's entry points exists, so it is not served\n" +
		"warning unknown-entry-point: portainer: traefik.https.frontend.entryPoints=\"https\": entry point \"https\" does not exist; the router has http\n"
	if got := lines(found); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestRuleOfManyHostsAndPathsIsFoundAtEach(t *testing.T) {
	var hosts, paths []string
	for i := range 60 {
		hosts, paths = append(hosts, fmt.Sprintf("h%d.com", i)), append(paths, fmt.Sprintf("/p%d/", i))
	}
	for _, text := range []string{
		"Host:" + strings.Join(hosts, ",") + ";PathPrefix:" + strings.Join(paths, ","),
		"PathPrefix:" + strings.Join(paths, ",") + ";Host:" + strings.Join(hosts[:50], ","),
	} {
		table := tableOf(t, onlyHTTP, text)
		for query, want := range map[string]string{"h0.com/p59/": text, "h49.com/p0/x": text, "h1.com/p60/": "404", "h60.com/p1/": "404"} {
			if got := answer(table, ask(query)); got != want {
				t.Errorf("%s: %s", query, got)
			}
		}
	}
}

func TestZeroRuleMatchesEverything(t *testing.T) {
	specs := []Spec{{Owner: owner("o", 1), Routes: []RouteSpec{{Name: "r", Service: "s"}}, Services: []ServiceSpec{{Name: "s"}}}}
	table, found := Compile(specs, onlyHTTP)
	if table.Match("http", ask("any/thing")).Route == nil || len(found) > 0 {
		t.Errorf("found %v in\n%s", found, table)
	}
}

func TestShareOfASourceIsItsPartOfTheRequests(t *testing.T) {
	two := []Endpoint{{Task: "1"}, {Task: "2"}}
	for _, c := range []struct {
		source Source
		share  int
	}{
		{Source{Weight: 10, Endpoints: two}, 20},
		{Source{Weight: 10, PerService: true, Endpoints: two}, 10},
		{Source{Weight: 10, PerService: true}, 0},
		{Source{Weight: 0, Endpoints: two}, 0},
	} {
		if got := c.source.Share(); got != c.share {
			t.Errorf("%+v has share %d, want %d", c.source, got, c.share)
		}
	}
}

func TestCallersSpecsAreLeftAsTheyWere(t *testing.T) {
	specs := []Spec{
		{Owner: owner("young", 2), Services: []ServiceSpec{{Name: "b", Endpoints: []Endpoint{{Name: "2"}, {Name: "1"}}}, {Name: "a"}}},
		{Owner: owner("old", 1)},
	}
	Compile(specs, onlyHTTP)
	if specs[0].Owner.Name != "young" || specs[0].Services[0].Name != "b" || specs[0].Services[0].Endpoints[0].Name != "2" {
		t.Errorf("Compile sorted its caller's specs: %+v", specs)
	}
}

func TestEverySettingShowsInTheText(t *testing.T) {
	s := &Service{
		Name: "web", Balance: DRR, MaxConn: &MaxConn{10, Extractor{Kind: ByHeader, Header: "X-Key"}},
		Sticky: &Sticky{"_c", true, true, "lax"},
		Check:  &Check{Path: "/up", Port: 81, Scheme: "https", Host: "h", Headers: []Pair{{"A", "b\n"}}, Rise: 2, Fall: 3},
	}
	want := `service web drr sticky=_c;secure;httponly;samesite=lax check=/up;scheme=https;port=81;host=h;A:` + hide("b\n") +
		`;every=0s;timeout=0s;rise=2;fall=3 maxconn=10/request.header.X-Key`
	if s.String() != want {
		t.Errorf("service reads %s", s)
	}
	if got := (Extractor{}).String() + (Extractor{Kind: ByHost}).String(); got != "client.iprequest.host" {
		t.Errorf("extractors read %s", got)
	}
}

func TestFirstTableIsAllNew(t *testing.T) {
	table := tableOf(t, onlyHTTP, "Host:a.com")
	if got := lines(Diff(nil, table)); got != "+ route frontend-Host-a-com-0 10 http Host:a.com -> Host:a.com (of Host:a.com)\n+ service Host:a.com wrr, 0 endpoints\n" {
		t.Errorf("the difference is\n%s", got)
	}
	if got := Diff(table, table); len(got) > 0 {
		t.Errorf("a table differs from itself: %v", got)
	}
}

func TestDiagnosticIsReadableAsJSON(t *testing.T) {
	text, err := json.Marshal(Diagnostic{Service: "s", Code: EmptyRule, Severity: Warning, Message: "m"})
	if want := `{"service":"s","code":"empty-rule","severity":"warning","message":"m"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestARouteForTLSAloneIsOnNoEntryPointWithout(t *testing.T) {
	o := Options{EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http", "https"}, TLSEntryPoints: []string{"https"}}
	for _, row := range []struct {
		on   []string
		want string // "": it is not served, and its author is told
	}{{nil, "https"}, {[]string{"https"}, "https"}, {[]string{"http", "https"}, "https"}, {[]string{"http"}, ""}} {
		table, found := Compile([]Spec{{
			Owner:    owner("a", 1),
			Routes:   []RouteSpec{{Name: "a", Rule: mustParse(t, "Host:a.com"), Service: "a", EntryPoints: row.on, TLS: true}},
			Services: []ServiceSpec{{Name: "a"}},
		}}, o)
		got := ""
		if len(table.Routes) == 1 {
			got = strings.Join(table.Routes[0].EntryPoints, ",")
		}
		told := len(found) == 1 && found[0].Code == NoEntryPoint && found[0].Severity == Error
		if got != row.want || told != (row.want == "") {
			t.Errorf("on %v: served on %q, %v, want %q", row.on, got, found, row.want)
		}
	}
}
